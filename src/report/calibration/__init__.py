"""Whether the report's statements hold: its own statistics on sweeps whose truth is known."""

"""What goes on inside a network, measured (probes), written down (records), judged (verdicts)."""

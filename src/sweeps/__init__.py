"""Sweeps and single runs as they lie on the disk: how each stands, what of it can go."""

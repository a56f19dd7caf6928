"""Probes: pure functions of a snapshot, one number per member, or per member and layer."""

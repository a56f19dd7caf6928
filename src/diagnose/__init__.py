"""The doctor: what will become of a start, and why, told from its first few steps."""

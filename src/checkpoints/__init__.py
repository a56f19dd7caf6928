"""Checkpoints of stacks: how they are written, read, found again, and gone on from."""

"""Benchmarks as commands: ratios against peers in the same run, medians with their spread."""

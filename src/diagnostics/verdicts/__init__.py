"""Verdicts: pure rules over records, each with its name, its evidence and what to try."""

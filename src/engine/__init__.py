"""Engines: what makes optimisation steps of a stack. One is chosen by device and precision.

The reference engine is short and runs anywhere; the others are fast, and held to it by tests.
"""

"""Hydra's view of the project: the stacked launcher."""

"""Hydra's view of the project: the stacked launcher and the grid sweeper."""

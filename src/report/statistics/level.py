"""The level that all intervals and claims are held to, and the seeds that they need."""

LEVEL = 0.95
FEWEST = 3  # seeds; with fewer no interval is given and no claim made

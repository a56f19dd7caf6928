"""The level that all intervals and claims are held to, and the seeds that they need."""

LEVEL = 0.95
FEWEST = 3  # seeds; with fewer no interval is given and no claim made
# With fewer no interval of what goes by ranks. Even from the least to the largest of four values,
# one covers the median seven times of eight only.
FEWEST_OF_RANKS = 5

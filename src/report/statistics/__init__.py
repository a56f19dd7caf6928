"""Numbers in, statements out: means, intervals, tests. NumPy and SciPy alone; nothing is read."""

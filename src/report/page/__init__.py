"""report/index.html: one file that needs nothing else."""

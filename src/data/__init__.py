"""Image classification data as tensors in memory: sources, checks, splits, batches."""

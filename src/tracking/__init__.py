"""What is kept of a member: TensorBoard events, log, result.json, weights."""

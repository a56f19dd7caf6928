"""Weight initialisers: pure values that map a shape and a generator to a tensor."""

from src.initializers.biases import BIASES, BiasLaw
from src.initializers.laws import (
    LAWS,
    Constant,
    Law,
    Normal,
    TruncatedNormal,
    Uniform,
    VarianceScaling,
)

__all__ = [
    "BIASES",
    "LAWS",
    "BiasLaw",
    "Constant",
    "Law",
    "Normal",
    "TruncatedNormal",
    "Uniform",
    "VarianceScaling",
]

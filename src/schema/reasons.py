"""What OmegaConf and Hydra say of a value, in words that need no knowledge of either."""

import re

from src.errors import message

_SAID = (
    (r"Interpolation key '(.*)' not found", r"refers to \1, which is not there"),
    (r"InterpolationKeyError.*key '(.*)' not found", r"refers to \1, which is not there"),
    (r"Unsupported interpolation type (.*)", r"refers to \1, which nothing here resolves"),
    (r"Environment variable '(.*)' not found", r"refers to the variable \1, which is not set"),
    (r"(?:Recursive|Circular) interpolation.*|.*maximum recursion.*", "refers to itself"),
    (r".*Missing mandatory value: (.*)", r"refers to \1, which has no value"),
    (r".*Interpolation.*", "refers to what cannot be resolved"),
    (r"\w+ raised while resolving interpolation: .*", "refers to what cannot be resolved"),
    (r".*\bgrammar\b.*|token recognition error.*", "refers to what cannot be read"),
    (r"(?:extraneous|mismatched|missing|no viable) .*", "refers to what cannot be read"),
    (r"Invalid type assigned: \w+ is not a subclass of .*", "must be set by its keys"),
    (r"(?:Non optional field|field '.*'|child '.*') .*(?:is not Optional|None).*", "must be given"),
    (r"Cannot (?:assign|merge|set|convert|update).*", "must be of another type"),
    (r"'?\w+'? is not Optional.*", "must be given"),
    (
        r".*\b(?:DictConfig|ListConfig|AnyNode|NoneType|struct|object_type)\b.*",
        "is of another type",
    ),
)


def reason(error: BaseException) -> str:
    """The first line of the message, without its full stop."""
    lines = [line.strip() for line in message(error).splitlines() if line.strip()]
    said = lines[0].rstrip(".") if lines else type(error).__name__
    for pattern, words in _SAID:
        if re.fullmatch(pattern, said):
            return re.sub(pattern, words, said)
    return said

"""seeds=20 on the command line of a sweep: twenty replicates of each arm, with seeds 0 to 19."""

from collections.abc import Sequence

from src.errors import InputError, require

KEY = "seeds"
MOST = 10_000  # more are asked for with seed=range(...) itself


def replicated(overrides: Sequence[str], several: bool) -> list[str]:
    """seeds=N as seed=range(N), which Hydra knows; the other overrides as they are.

    several: whether the command sweeps. InputError for what is no number of replicates.
    """
    keys = [item.partition("=")[0].strip() for item in overrides]
    places = [k for k, key in enumerate(keys) if key.lstrip("+~") == KEY and "=" in overrides[k]]
    places += [k for k, key in enumerate(keys) if key == f"~{KEY}" and "=" not in overrides[k]]
    found = list(overrides)
    for place in places:
        found[place] = _spelled_out(overrides[place], several)
    if len(places) > 1:
        raise InputError(f"{' '.join(overrides[k] for k in places)}: must be given once.")
    seed = [item for item, key in zip(overrides, keys, strict=True) if key.lstrip("+~") == "seed"]
    if places and seed:
        both, short = f"{overrides[places[0]]} and {seed[0]}", found[places[0]]
        raise InputError(f"{both}: give one of them; {overrides[places[0]]} is short for {short}.")
    return found


def _spelled_out(override: str, several: bool) -> str:
    key, _, value = override.partition("=")
    key, value = key.strip(), value.strip()
    if key.startswith("~"):
        raise InputError(f"{override}: cannot be removed; leave it out.")
    if key.startswith("+"):
        raise InputError(f"{override}: is there already; write it without the +.")
    digits = value.isascii() and value.isdigit() and len(value) <= len(str(MOST))
    allowed = f"an integer from 1 to {MOST}: {KEY}=20 is short for seed='range(20)'"
    require(digits and 1 <= int(value) <= MOST, KEY, value, allowed)
    if not several:
        raise InputError(f"{override}: several seeds make a sweep: add -m.")
    return f"seed=range({int(value)})"

"""What varies in a sweep, sorted: the question, what is tuned for each arm, and the seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

from src.errors import InputError

SEEDS = ("seed", "data.order_seed", "data.split_seed", "model.dropout_seed")
# What is tuned for each arm unless the question names it.
TUNED = ("optimizer", "schedule")


@dataclass(frozen=True)
class Roles:
    """Dotted settings that vary: scientific ones make the arms, of which each is given its best
    nuisance ones; members of an arm differ in seeds."""

    scientific: tuple[str, ...]
    nuisance: tuple[str, ...]
    seeds: tuple[str, ...]


def roles(varied: Sequence[str], asked: Sequence[str] | None = None) -> Roles:
    """asked: scientific settings, each with all keys below it; None: all but TUNED, or all.

    InputError where none of what is asked for varies.
    """
    seeds = tuple(key for key in varied if key in SEEDS)
    others = [key for key in varied if key not in SEEDS]
    if asked:
        for name in asked:
            if not any(_within(key, name) for key in others):
                allowed = ", ".join(others) or "nothing but seeds"
                raise InputError(
                    f"report.scientific={name}: does not vary here; what does: {allowed}."
                )
        scientific = tuple(key for key in others if any(_within(key, name) for name in asked))
    else:
        scientific = tuple(
            key for key in others if not any(_within(key, name) for name in TUNED)
        ) or tuple(others)
    return Roles(scientific, tuple(key for key in others if key not in scientific), seeds)


def _within(key: str, name: str) -> bool:
    return key == name or key.startswith(f"{name}.")

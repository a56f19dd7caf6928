"""What varies in a sweep, sorted: the question, what is tuned for each arm, and the seeds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from src.errors import InputError
from src.report.settings import (
    ABSENT,
    ASIDE,
    Record,
    decided,
    differing,
    is_group,
    shown,
    swept,
    token,
    varied,
    within,
)

# Replicates. Another split is one as well: a start that is better should be so on any
# (Bouthillier et al., 2021, arXiv:2103.03098).
SEEDS = ("seed", "data.order_seed", "data.split_seed", "model.dropout_seed")
# What the question is of, whatever else varies.
FIRST = ("init",)
# What is tuned for each arm unless the question names it.
TUNED = ("optimizer", "schedule")
# What is taken to change no number, unless one sweep set out to compare it; so is a trainer's name
# where these do not differ.
APART = ("diagnostics", "trainer.accelerator")
TRAINING = ("trainer.epochs", "trainer.steps_per_epoch", "trainer.precision")
# What does not vary and is worth telling; null, false and 0 are not.
TOLD = (
    *("data", "init", "activation", "model.hidden", "model.residual", "model.dropout"),
    *("model.label_smoothing", "optimizer", "optimizer.lr", "schedule"),
    *("data.train_size", "data.batch_size", *TRAINING),
)


@dataclass(frozen=True)
class Roles:
    """Dotted settings that vary: scientific ones make the arms, of which each is given its best
    nuisance ones; members of an arm differ in seeds, and are paired by all of them.

    following: decided by the scientific ones, so that nothing is left to choose. apart: taken to
    change no number. fixed: what does not vary, as far as it is worth telling. single: what was
    asked for and does not vary. (The terms are the tuning playbook's,
    https://github.com/google-research/tuning_playbook.)
    """

    scientific: tuple[str, ...]
    nuisance: tuple[str, ...]
    seeds: tuple[str, ...]
    following: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)
    single: tuple[str, ...] = ()


def roles(records: Sequence[Record], asked: Sequence[str] | None = None) -> Roles:
    """asked: scientific settings, each with all keys below it; None: all but TUNED, or all.

    A key that the groups among these decide, as model.hidden where each init has its own, follows
    them; so does a nuisance one of which each arm has one value. What is asked for and does not
    vary makes no arms, as in a sweep of which one arm is finished. InputError where no member has
    it, or arms are paired by it.
    """
    keys = varied(records)
    asked = tuple(asked or ())
    seeds = tuple(key for key in keys if key in SEEDS)
    apart = tuple(key for key in keys if key not in asked and _is_apart(records, key))
    others = [key for key in keys if key not in (*seeds, *apart)]
    single = tuple(name for name in asked if not any(within(key, name) for key in others))
    for name in single:
        if name in SEEDS:
            raise InputError(f"report.scientific={name}: is what arms are paired by.")
        if not any(_has(record, name) for record in records):
            raise _varies_not(name, others)
    wanted = [key for key in others if _is_wanted(key, asked)]
    if not asked:
        wanted = wanted or list(others)
    wanted.sort(key=lambda key: _place(key, asked or FIRST))
    groups = [key for key in wanted if is_group(records, key)]
    scientific = tuple(
        key
        for key in wanted
        if key in asked or key in groups or not groups or not decided(records, key, groups)
    )
    rest = [key for key in others if key not in scientific]
    following = tuple(key for key in rest if key in wanted or decided(records, key, scientific))
    nuisance = tuple(key for key in rest if key not in following)
    return Roles(scientific, nuisance, seeds, following, apart, _fixed(records), single)


def check_asked(found: Roles) -> None:
    """InputError where something that is asked for does not vary: of a sweep yet to begin."""
    for name in found.single:
        raise _varies_not(name, [*found.scientific, *found.nuisance, *found.following])


def notes_of_roles(roles: Roles, records: Sequence[Record]) -> Iterator[str]:
    """What a reader must know of the settings to judge what is said of the arms."""
    for key in roles.following:
        if not any(within(key, name) for name in roles.scientific):
            alone = [by for by in roles.scientific if decided(records, key, [by])]
            by = alone[0] if alone else " and ".join(roles.scientific)
            yield f"{key} goes with {by}: what is said of arms may be due to either."
    for name in roles.single:
        one = "" if roles.scientific else ", and all members are one arm"
        yield f"{name} is asked for and has one value here: it tells no arms apart{one}."
    if "data.split_seed" in roles.seeds:
        yield "data.split_seed varies: a seed stands for its split as well, in every arm the same."
    if roles.apart:
        yield f"{', '.join(roles.apart)}: differs, and is taken to change no number."


def _has(record: Record, name: str) -> bool:
    return name.partition(".")[0] not in ASIDE and token(record, name) != ABSENT


def _varies_not(name: str, keys: Sequence[str]) -> InputError:
    allowed = ", ".join(keys) or "nothing but seeds"
    return InputError(f"report.scientific={name}: does not vary here; what does: {allowed}.")


def _place(key: str, first: Sequence[str]) -> int:
    """Of a key below one of the first, that one's place; all others come after, as they are."""
    return next((k for k, name in enumerate(first) if within(key, name)), len(first))


def _is_wanted(key: str, asked: Sequence[str]) -> bool:
    if asked:
        return any(within(key, name) for name in asked)
    return not any(within(key, name) for name in TUNED)


def _is_apart(records: Sequence[Record], key: str) -> bool:
    if swept(records, key):
        return False
    if len({token(record, key) for record in records} - {ABSENT}) == 1:
        return True  # older results do not have it yet
    if key == "trainer":
        return not set(TRAINING) & set(differing(records))
    return any(within(key, name) for name in APART)


def _fixed(records: Sequence[Record]) -> dict[str, str]:
    first = records[0] if records else {"config": {}}
    return {
        key: shown(first, key)
        for key in TOLD
        if token(first, key)[1] not in (None, False, 0, "absent")
        and len({token(record, key) for record in records}) == 1
    }

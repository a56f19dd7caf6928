"""Which members may train together: src.stacks.stack_key and group."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.config import Config, as_plain
from src.data.examples import Splits
from src.identity import resume_key
from src.schema.stacks import StackLimits
from src.stacks import group, sizes, splits_of, stack_key
from tests.training import options, tiny, vary


def leaves(node: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def other(value: Any) -> Any:
    """A value of the same kind that is not this one."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "x"
        case list():
            return [*value, 1]
        case None:
            return 1
    raise AssertionError(value)


def with_leaf(config: Config, path: str, value: Any) -> Config:
    """A copy with this dotted key set, whatever the schema thinks of the value."""
    head, *rest = path.split(".")
    if not rest:
        return replace(config, **{head: value})
    node = getattr(config, head)
    fields = dict(vars(node))
    if len(rest) == 1:
        fields[rest[0]] = value
    else:  # init.bias.law and init.bias.value
        inner = object.__new__(type(fields[rest[0]]))
        inner.__dict__.update({**vars(fields[rest[0]]), rest[1]: value})
        fields[rest[0]] = inner
    changed = object.__new__(type(node))
    changed.__dict__.update(fields)
    return replace(config, **{head: changed})


# Written out: what members of a stack may differ in is a promise, and anything else is a mistake.
STACKABLE = {
    *("init", "activation", "optimizer", "schedule", "seed", "quiet", "trust", "data.order_seed"),
    *("report", "on_failure", "reuse"),
    *("model.dropout", "model.dropout_seed", "model.label_smoothing", "model.weights"),
}
BASE = tiny()
LEAVES = list(leaves(as_plain(BASE)))


def stackable(path: str) -> bool:
    return any(path == key or path.startswith(key + ".") for key in STACKABLE)


def test_the_table_of_keys_is_the_configuration() -> None:
    assert len(LEAVES) > 40
    assert {path.split(".")[0] for path, _ in LEAVES} == {
        *("init", "activation", "optimizer", "schedule", "data", "model", "trainer", "logger"),
        *("diagnostics", "seed", "quiet", "trust", "report", "on_failure", "reuse"),
    }
    assert sum(stackable(path) for path, _ in LEAVES) >= 15


@pytest.mark.parametrize(("path", "value"), LEAVES, ids=[path for path, _ in LEAVES])
def test_members_that_differ_in_one_key(path: str, value: Any) -> None:
    """They share a stack if the key is one of STACKABLE, and never otherwise."""
    changed = with_leaf(BASE, path, other(value))
    assert dict(leaves(as_plain(changed)))[path] == other(value)
    assert (stack_key(changed) == stack_key(BASE)) == stackable(path)


def test_members_of_all_options_of_four_groups_share_a_stack() -> None:
    members = [
        vary(BASE, **{group: name})
        for group in ("init", "activation", "optimizer", "schedule")
        for name in options(group)
    ]
    assert len(members) == len(options("init")) + 12 + 9 + 5
    # More than a CPU's largest stack: what could be one if it were not for that limit.
    limits = StackLimits(max_stack=len(members))
    assert group(members, limits) == [list(range(len(members)))]


def test_stack_key_is_pure() -> None:
    assert stack_key(tiny()) == stack_key(tiny(seed=8))
    before = as_plain(BASE)
    stack_key(BASE)
    assert as_plain(BASE) == before


def test_no_members_no_stacks() -> None:
    assert group([]) == []


@settings(max_examples=40, derandomize=True, deadline=None, database=None)
@given(widths=st.lists(st.sampled_from([4, 5, 6]), max_size=12), most=st.integers(1, 5))
def test_groups_are_a_partition_in_order(widths: list[int], most: int) -> None:
    members = [vary(BASE, model__hidden=[width], seed=k) for k, width in enumerate(widths)]
    stacks = group(members, StackLimits(max_stack=most))
    assert sorted(k for stack in stacks for k in stack) == list(range(len(members)))
    for stack in stacks:
        assert stack == sorted(stack)
        assert 0 < len(stack) <= most
        assert len({widths[k] for k in stack}) == 1
    for width in set(widths):
        parts = [len(stack) for stack in stacks if widths[stack[0]] == width]
        assert max(parts) - min(parts) <= 1
    # No more stacks than needed.
    needed = sum(-(-widths.count(width) // most) for width in set(widths))
    assert len(stacks) == needed


@pytest.mark.parametrize("schedule", ["constant", "warmup", "step", "linear", "cosine"])
def test_identity_is_all_but_the_length_of_the_run(schedule: str) -> None:
    """What a checkpoint compares: everything that decides a number, and no length but of these."""
    free = {
        *("trainer.epochs", "trainer.ckpt_path", "trainer.checkpoint", "trainer.name"),
        *("trainer.checkpoint_seconds", "trainer.accelerator"),
        *("quiet", "trust", "on_failure", "reuse"),
        *(path for path, _ in LEAVES if path.startswith(("logger.", "diagnostics.", "report."))),
    } - ({"trainer.epochs"} if schedule in ("linear", "cosine") else set())
    base = vary(BASE, schedule=schedule)
    for path, value in leaves(as_plain(base)):
        changed = with_leaf(base, path, other(value))
        assert (resume_key(changed) == resume_key(base)) == (path in free), path


def test_sizes_run_from_pixels_to_classes() -> None:
    assert sizes(BASE, splits_of(BASE)) == [20, 8, 6, 10]
    assert sizes(vary(BASE, model__hidden=[]), splits_of(BASE)) == [20, 10]


def test_data_are_read_once_for_all_orders() -> None:
    first: Splits = splits_of(BASE)
    assert splits_of(vary(BASE, data__order_seed=5)) is first
    assert splits_of(vary(BASE, data__split_seed=5)) is not first

"""What varies, sorted into the question, what is tuned, seeds, and what follows."""

from typing import Any

import pytest

from src.errors import InputError
from src.report.roles import Roles, check_asked, notes_of_roles, roles
from tests.records import made


def grid(**values: list[Any]) -> list[dict[str, Any]]:
    """The product of some settings' values."""
    changes: list[dict[str, Any]] = [{}]
    for key, options in values.items():
        changes = [{**change, key: option} for change in changes for option in options]
    return [made(**change) for change in changes]


def three(found: Roles) -> tuple[tuple[str, ...], ...]:
    return found.scientific, found.nuisance, found.seeds


INITS = ["he", "zeros"]


@pytest.mark.parametrize(
    ("records", "asked", "expected"),
    [
        (grid(init__name=INITS, seed=[0, 1]), None, (("init",), (), ("seed",))),
        (grid(seed=[0, 1]), None, ((), (), ("seed",))),
        ([made()], None, ((), (), ())),
        # A learning rate is tuned, unless it is the question or nothing else varies.
        (
            grid(init__name=INITS, optimizer__lr=[0.1, 0.2], seed=[0, 1]),
            None,
            (("init",), ("optimizer.lr",), ("seed",)),
        ),
        (grid(optimizer__lr=[0.1, 0.2]), None, (("optimizer.lr",), (), ())),
        (
            grid(init__name=INITS, optimizer__lr=[0.1, 0.2]),
            ("init", "optimizer"),
            (("init", "optimizer.lr"), (), ()),
        ),
        (
            grid(init__name=INITS, activation__name=["relu", "tanh"], model__dropout=[0.0, 0.2]),
            ("init",),
            (("init",), ("activation", "model.dropout"), ()),
        ),
        (
            grid(init__name=INITS, activation__name=["relu", "tanh"]),
            None,
            (("init", "activation"), (), ()),
        ),
        (
            grid(init__name=INITS, activation__name=["relu", "tanh"]),
            ("activation", "init"),
            (("activation", "init"), (), ()),
        ),
        # A group means all keys below it.
        (
            grid(init__name=INITS, init__scale=[1.0, 2.0], optimizer__lr=[0.1, 0.2]),
            ("init",),
            (("init", "init.scale"), ("optimizer.lr",), ()),
        ),
        (
            grid(init__name=INITS, init__scale=[1.0, 2.0]),
            ("init.scale",),
            (("init.scale",), ("init",), ()),
        ),
        # Seeds of their own pair by their tuple; another split is a replicate as well.
        (
            grid(init__name=INITS, seed=[0, 1], model__dropout_seed=[3, 4]),
            None,
            (("init",), (), ("model.dropout_seed", "seed")),
        ),
        (
            grid(init__name=INITS, data__split_seed=[0, 1]),
            None,
            (("init",), (), ("data.split_seed",)),
        ),
    ],
)
def test_roles(
    records: list[dict[str, Any]], asked: tuple[str, ...] | None, expected: tuple[Any, ...]
) -> None:
    found = roles(records, asked)
    assert three(found) == expected
    assert found.following == found.apart == ()


def test_what_is_asked_for_must_vary_in_a_sweep_yet_to_begin() -> None:
    records = grid(init__name=INITS, optimizer__lr=[0.1, 0.2], seed=[0, 1])
    with pytest.raises(InputError) as caught:
        check_asked(roles(records, ("init", "activation")))
    told = "report.scientific=activation: does not vary here; what does: init, optimizer.lr."
    assert str(caught.value) == told
    with pytest.raises(InputError, match="what does: nothing but seeds"):
        check_asked(roles(grid(seed=[0, 1]), ("init",)))
    check_asked(roles(records, ("init",)))


def test_what_is_asked_for_and_has_one_value_so_far_makes_no_arms() -> None:
    """Of a sweep over inits and rates only the first init is finished."""
    records = grid(init__name=["he"], optimizer__lr=[0.1, 0.2], seed=[0, 1])
    found = roles(records, ("init",))
    assert (three(found), found.single) == (((), ("optimizer.lr",), ("seed",)), ("init",))
    (note,) = notes_of_roles(found, records)
    assert note.startswith("init is asked for and has one value here: it tells no arms apart, and")
    both = roles(grid(init__name=INITS, optimizer__lr=[0.1, 0.2]), ("init", "activation"))
    assert (three(both), both.single) == ((("init",), ("optimizer.lr",), ()), ("activation",))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("foo", "does not vary here; what does: init"),
        ("init.foo", "does not vary here; what does: init"),
        ("report", "does not vary here"),
        ("seed", "is what arms are paired by"),
    ],
)
def test_what_cannot_be_asked_for(asked: str, told: str) -> None:
    with pytest.raises(InputError, match=f"report.scientific={asked}: {told}"):
        roles(grid(init__name=INITS, seed=[0, 1]), ("init", asked))


def test_a_setting_of_one_option_makes_no_nuisance() -> None:
    """init.scale swept for he alone: three arms, nothing to tune."""
    records = [made(init__name="zeros", init__scale=0.0)]
    records += [made(init__scale=scale) for scale in (1.0, 2.0)]
    assert three(roles(records, ("init",))) == (("init", "init.scale"), (), ())


@pytest.mark.parametrize("asked", [None, ("init",)])
def test_what_the_question_decides_follows_it(asked: tuple[str, ...] | None) -> None:
    records = [
        made(init__name=name, model__hidden=hidden, seed=seed)
        for name, hidden in (("fixup", [8, 8, 8]), ("rezero", [8, 8, 8]), ("he", [8, 6]))
        for seed in (0, 1)
    ]
    found = roles(records, asked)
    assert three(found) == (("init",), (), ("seed",))
    assert found.following == ("model.hidden",)
    assert list(notes_of_roles(found, records)) == [
        "model.hidden goes with init: what is said of arms may be due to either."
    ]
    # Asked for by name, it makes arms of its own.
    assert roles(records, ("init", "model.hidden")).scientific == ("init", "model.hidden")


def test_an_optimizer_of_each_init_leaves_nothing_to_tune() -> None:
    pairs = (("he", "adam"), ("zeros", "sgd"))
    found = roles([made(init__name=init, optimizer__name=name) for init, name in pairs])
    assert three(found) == (("init",), (), ())
    assert found.following == ("optimizer",)
    tuned = [made(init__name="he", optimizer__name=name) for name in ("adam", "sgd")]
    assert roles([*tuned, made(init__name="zeros")]).nuisance == ("optimizer",)


def test_values_that_were_all_drawn_are_arms_of_their_own() -> None:
    """A random search: every member has its own scale and dropout; neither is the other's."""
    records = [made(init__scale=k + 0.5, model__dropout=k / 10) for k in range(5)]
    assert roles(records).scientific == ("init.scale", "model.dropout")


@pytest.mark.parametrize("key", ["diagnostics", "trainer"])
def test_how_it_was_watched_is_set_apart_between_sweeps_alone(key: str) -> None:
    records = grid(init__name=INITS)
    for record, name in zip(records, ("light", "full"), strict=True):
        record["config"][key] = {"name": name}
    for record in records:
        record["sweep"] = "one"
    assert key in roles(records).scientific
    records[1]["sweep"] = "another"
    found = roles(records)
    assert (found.scientific, found.apart) == (("init",), (key,))
    assert list(notes_of_roles(found, records)) == [
        f"{key}: differs, and is taken to change no number."
    ]


def test_trainers_that_train_for_other_times_are_not_set_apart() -> None:
    records = grid(init__name=INITS)
    for k, record in enumerate(records):
        record["config"]["trainer"] = {"name": f"t{k}", "epochs": k + 1}
        record["sweep"] = str(k)
    assert roles(records).apart == ()


def test_a_key_that_older_results_do_not_have_makes_no_arms() -> None:
    old, new = grid(init__name=INITS)
    new["config"]["model"]["skip"] = 1
    assert roles([old | {"sweep": "a"}, new | {"sweep": "b"}]).apart == ("model.skip",)


def test_what_is_fixed_is_told() -> None:
    found = roles(grid(init__name=INITS, seed=[0, 1]))
    assert found.fixed == {
        "data": "synthetic",
        "activation": "relu",
        "model.hidden": "[8, 6]",
        "model.dropout": "0.2",
        "optimizer": "adam",
        "optimizer.lr": "0.001",
        "data.batch_size": "100",
    }


def test_another_split_is_said() -> None:
    records = grid(init__name=INITS, data__split_seed=[0, 1])
    found = roles(records)
    (note,) = notes_of_roles(found, records)
    assert note.startswith("data.split_seed varies: ")

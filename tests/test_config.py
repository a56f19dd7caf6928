"""The typed configuration: seeds, plain values, and the folder of a member."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.config import as_plain, member_folder
from src.errors import InputError
from tests.conftest import Configure


@pytest.mark.parametrize(("data", "seed"), [("fashion_mnist", 7), ("synthetic", 2**63 - 1)])
def test_seeds_follow_seed(configure: Configure, data: str, seed: int) -> None:
    config = configure(f"seed={seed}", f"data={data}", small=False)
    assert (config.seed, config.data.order_seed, config.model.dropout_seed) == (seed, seed, seed)
    assert config.data.split_seed == 0


def test_seeds_that_are_set_stay(configure: Configure) -> None:
    config = configure("seed=7", "data.order_seed=0", "model.dropout_seed=1", "data.split_seed=2")
    seeds = config.seed, config.data.order_seed, config.model.dropout_seed, config.data.split_seed
    assert seeds == (7, 0, 1, 2)


@pytest.mark.parametrize(
    ("key", "value"), [("seed", 2**63), ("data.order_seed", -1), ("model.dropout_seed", -1)]
)
def test_seed_out_of_range_names_its_own_key(configure: Configure, key: str, value: int) -> None:
    with pytest.raises(InputError) as caught:
        configure(f"{key}={value}")
    assert f"{key}={value}: must be an integer from 0 to" in str(caught.value)


def test_as_plain_leaves_the_configuration_alone(configure: Configure) -> None:
    config = configure()
    as_plain(config)["model"]["hidden"].append(3)
    assert config.model.hidden == [8, 6]


@pytest.mark.parametrize(
    ("overrides", "number", "expected"),
    [
        ("", None, "member=0"),
        ("", 3, "member=3"),
        ("init=he,seed=1", 3, "init=he,seed=1"),
        ("model.weights=/a/b.safetensors", 0, "model.weights=_a_b.safetensors"),
        ("data=modèle", 0, "data=modèle"),
    ],
)
def test_member_folder(overrides: str, number: int | None, expected: str) -> None:
    assert member_folder(overrides, number) == expected


@pytest.mark.parametrize("letter", ["x", "é", "字"])
def test_member_folder_of_many_overrides(letter: str) -> None:
    first, second = (member_folder("init=he," + letter * 300 + end, 0) for end in "ab")
    assert first != second
    for folder in (first, second):
        assert len(folder.encode()) <= 180
        assert folder.startswith(f"init=he,{letter}")
    assert member_folder("init=he," + letter * 300 + "a", 5) == first


@settings(derandomize=True, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=400))
def test_member_folder_is_one_path_component(overrides: str) -> None:
    folder = member_folder(overrides, 1)
    assert folder
    assert "/" not in folder
    # 255 bytes is what ext4 allows; events and partial files below it have names of their own.
    assert len(folder.encode()) <= 200

"""Tuned starts in a stack: each member alone, on its own batches, and told where it cannot be."""

import json
from pathlib import Path

import pytest
import torch

from src.assembly import build_model
from src.config import Config
from src.data.examples import Examples
from src.initializers.draw import draw_layers
from src.model import Layers, StackedMLP
from src.schema.init import LayersConfig
from src.stacks import sizes, splits_of
from src.starts import setting, start_of
from src.tracking.weights import save_weights
from src.tuned import UntunableMembers, batches
from tests.command import Command
from tests.conftest import SMALL
from tests.training import option, same_numbers, tiny, train, vary

TUNED = ["lsuv", "data_dependent", "meta_init", "grad_init"]
every_scheme = pytest.mark.parametrize("name", TUNED)


@pytest.fixture
def base() -> Config:
    return tiny(trainer__epochs=1)


def start(config: Config) -> Layers:
    return build_model([config], splits_of(config)).member(0)


def drawn(config: Config) -> Layers:
    found = sizes(config, splits_of(config))
    return draw_layers(found, start_of(config.init), config.seed, setting(config))


def same(one: Layers, other: Layers) -> list[bool]:
    return [
        torch.equal(weight, other_weight) and torch.equal(bias, other_bias)
        for (weight, bias), (other_weight, other_bias) in zip(one, other, strict=True)
    ]


@pytest.mark.slow
def test_a_member_of_a_stack_is_that_member_alone(base: Config) -> None:
    """To the bit, every scheme beside every other, whatever their activations and optimizers."""
    configs = [
        vary(base, init=name, activation=activation, optimizer=optimizer, seed=seed)
        for seed, (name, activation, optimizer) in enumerate(
            [
                ("lsuv", "relu", "adam"),
                ("he", "relu", "adam"),
                ("grad_init", "relu", "adam"),
                ("grad_init", "gelu", "sgd"),
                ("data_dependent", "leaky_relu", "sgd"),
                ("meta_init", "tanh", "adam"),
                ("data_dependent", "tanh", "adam"),
                ("lsuv", "selu", "nadam"),
            ]
        )
    ]
    stack = build_model(configs, splits_of(base))
    for k, config in enumerate(configs):
        assert all(same(stack.member(k), start(config)))
    assert all(same(stack.member(1), drawn(configs[1])))
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        one_thread = build_model(configs, splits_of(base))
    finally:
        torch.set_num_threads(before)
    for k in range(len(configs)):
        assert all(same(stack.member(k), one_thread.member(k)))


@every_scheme
def test_a_start_is_the_same_every_time_and_looks_at_its_own_batches(
    base: Config, name: str
) -> None:
    config = vary(base, init=name)
    before = torch.get_rng_state()
    first = start(config)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(same(first, start(config)))
    assert not any(same(first, drawn(config)))
    # One draw for the weights, another order of the data; a dropout that tuning does not see.
    assert not any(same(first, start(vary(config, data__order_seed=5))))
    assert all(same(first, start(vary(config, model__dropout=0.5, model__dropout_seed=5))))


def test_batches_follow_the_order_seed_and_never_end() -> None:
    rows = torch.arange(7, dtype=torch.uint8)
    examples = Examples(rows[:, None], rows.long())
    source = batches(examples, 3, seed=1)
    taken = [next(source) for _ in range(7)]
    labels = torch.cat([y for _, y in taken])
    # Three times the whole split, in three orders.
    orders = labels.view(3, 7)
    assert torch.equal(orders.sort(dim=1).values, torch.arange(7).expand(3, 7))
    assert len({tuple(order) for order in orders.tolist()}) == 3
    for x, y in taken:
        assert torch.allclose(x[:, 0], y / 255)
    again = batches(examples, 3, seed=1)
    assert torch.equal(next(again)[1], taken[0][1])
    x, y = next(batches(examples, 20, seed=2))
    assert (x.shape, y.shape) == ((20, 1), (20,))


@pytest.mark.parametrize(
    ("first", "last", "kept"),
    [(None, "zeros", [2]), ("he", None, [0]), ("normal_rule", "zeros", [0, 2])],
)
@every_scheme
def test_a_layer_of_another_scheme_stays_as_drawn(
    base: Config, name: str, first: str | None, last: str | None, kept: list[int]
) -> None:
    layers = LayersConfig(*(part and option("init", part) for part in (first, last)))
    config = vary(base, init=name, init__layers=layers)
    unmoved = same(start(config), drawn(config))
    assert [k for k, equal in enumerate(unmoved) if equal] == kept


def test_another_scheme_tunes_the_last_layer_after_the_others(base: Config) -> None:
    config = vary(base, init="he", init__layers=LayersConfig(last=option("init", "lsuv")))
    layers = start(config)
    assert same(layers, drawn(config)) == [True, True, False]
    x, _ = next(batches(splits_of(base).train, base.data.batch_size, base.data.order_seed))
    z = StackedMLP([layers], [torch.relu]).preactivations(x[None])[-1]
    assert abs(float(z.detach().double().var(correction=0)) - 1) < 0.01


def test_weights_from_a_file_are_not_tuned(base: Config, tmp_path: Path) -> None:
    layers = drawn(vary(base, init="he"))
    save_weights(tmp_path / "weights.safetensors", layers, {})
    path = str(tmp_path / "weights.safetensors")
    config = vary(base, init="lsuv", model__weights=path)
    assert all(same(start(config), layers))


@pytest.mark.slow
def test_a_member_that_cannot_be_tuned_fails_and_the_others_train(
    base: Config, tmp_path: Path
) -> None:
    bias = option("init", "lsuv").bias
    dead = type(bias)(bias.law, -100.0)
    configs = [
        vary(base, init="lsuv"),
        vary(base, init="lsuv", init__bias=dead),
        vary(base, init="he", seed=1),
        vary(base, init="data_dependent", init__bias=dead),
    ]
    with pytest.raises(UntunableMembers, match="dead"):
        build_model(configs, splits_of(base))
    trained = train(configs, tmp_path)
    assert [member.status for member in trained] == ["done", "failed", "done", "failed"]
    for member, law in ((trained[1], "lsuv"), (trained[3], "data_dependent")):
        error = member.record["error"]
        assert error.startswith(f"init={law}: ")
        assert "layer 2 of 3 (6 units)" in error
        assert member.rows == []
    (alone,) = train([configs[0]], tmp_path / "alone")
    assert same_numbers(alone, trained[0])
    # Two trained as one stack: the failed did not take it apart.
    assert trained[0].record["members_in_stack"] == 2


@pytest.mark.slow
def test_the_command_tells_it_in_one_sentence(command: Command) -> None:
    quick = (*SMALL, "quiet=true", "logger=none", "init.bias.value=-100")
    outcome = command("-m", *quick, "init=lsuv,he")
    outcome.assert_refused(code=1)
    told, counts, again = outcome.sentences
    assert told.startswith("init=lsuv: init=lsuv: layer 2 of 3 (6 units) is dead: ")
    assert counts.startswith("1 of 2 member(s) failed")
    assert again.startswith("python -m src.train resume=")
    statuses = [json.loads(path.read_text())["status"] for path in command.results()]
    assert sorted(statuses) == ["done", "failed"]


@pytest.mark.parametrize("gain", ["0", "-1", "nan"])
def test_a_gain_that_is_divided_by_is_refused_before_training(command: Command, gain: str) -> None:
    outcome = command(*SMALL, "init=lsuv", f"init.gain={gain}")
    outcome.assert_refused()
    assert outcome.sentences == [f"init.gain={float(gain)}: must be a finite number above 0."]
    assert command.results() == []


@every_scheme
@pytest.mark.slow
def test_it_trains(base: Config, tmp_path: Path, name: str) -> None:
    (member,) = train([vary(base, init=name, trainer__epochs=8)], tmp_path)
    assert member.status == "done"
    losses = [row["validation_loss"] for row in member.rows]
    assert losses[-1] < losses[0]


@pytest.mark.slow
def test_all_train_on_the_real_data(command: Command) -> None:
    """A few hundred steps of the default network: far from chance, and the loss falls."""
    outcome = command(
        "-m", "init=" + ",".join(TUNED), "trainer=cpu", "trainer.epochs=1", "logger=none"
    )
    assert outcome.code == 0, outcome.err
    records = [json.loads(path.read_text()) for path in command.results()]
    assert len(records) == len(TUNED)
    for record in records:
        assert record["metrics"]["last"]["validation_accuracy"] > 0.8
        first, last = record["epochs"][0], record["epochs"][-1]
        assert last["validation_loss"] < 0.5 * first["validation_loss"]

"""The doctor sees what the run itself would write down: the same rows, to the bit."""

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from src.config import Config
from src.data.chunks import Chunks
from src.diagnose.examine import Examined, examine
from src.diagnostics.records import RECORDS, Record, read
from src.engine.choice import engine_for
from src.initializers.draw import draw_layers
from src.starts import start_of
from src.sweep import Plan
from src.tracking.weights import save_weights
from tests.training import Trained, option, tiny, train, vary

STEPS = 20
# 60 examples in batches of 10: epochs of 6 steps, so that 20 of the 30 end in the fourth.
BASE = tiny(diagnostics="full", trainer__epochs=5)


def examined(configs: Sequence[Config], steps: int = STEPS) -> list[Examined]:
    plan = Plan(list(configs), [], [f"member {k}" for k in range(len(configs))])
    plan.check()
    return examine(plan, steps, shapes=True)


def rows(records: Sequence[Record], steps: int = STEPS) -> dict[tuple[int, int | None, str], bytes]:
    """By step, layer and probe, the bits of the value."""
    seen = [row for row in records if row.step <= steps]
    found = {(row.step, row.layer, row.probe): struct.pack("<d", row.value) for row in seen}
    assert len(found) == len(seen), "a row is there twice"
    return found


def trained_rows(member: Trained, steps: int = STEPS) -> dict[tuple[int, int | None, str], bytes]:
    path = member.folder / RECORDS
    return rows(read(path), steps) if path.exists() else {}


STACKS: dict[str, list[Config]] = {
    "starts, optimizers, orders": [
        vary(BASE, init="zeros"),
        vary(BASE, init="he", optimizer="sgd", optimizer__lr=0.1, seed=3, data__order_seed=4),
        vary(BASE, init="lsuv", activation="tanh", optimizer="adamw", model__dropout=0.0),
        vary(BASE, init="xavier", activation="sigmoid", optimizer__clip_norm=0.5),
    ],
    "schedules of the whole run": [
        vary(BASE, schedule="cosine", schedule__warmup_steps=7),
        vary(BASE, schedule="step"),
        vary(BASE, schedule="linear"),
    ],
    "a last batch that is not full": [
        vary(BASE, data__batch_size=16, init="he", data__order_seed=2),
        vary(BASE, data__batch_size=16, init="ones"),
    ],
    "one diverges at step 1, one at the start": [
        vary(BASE, init="uniform", optimizer="sgd", optimizer__lr=1e30),
        vary(BASE, init="ones", init__gain=1e20, model__dropout=0.0),
        vary(BASE, init="he"),
    ],
    "one ends its first epoch of one step out of bounds": [
        vary(BASE, trainer__steps_per_epoch=1, **each)
        for each in (
            {"init": "uniform", "optimizer": "sgd", "optimizer__lr": 1e30},
            {"init": "he"},
        )
    ],
    "residual": [vary(BASE, model__hidden=[8] * 3, model__residual=True, init="fixup")],
    "bf16": [vary(BASE, trainer__precision="bf16-mixed"), vary(BASE, init="he", seed=1)],
}
STACKS["bf16"][1] = vary(STACKS["bf16"][1], trainer__precision="bf16-mixed")


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.slow
def test_rows_against_those_of_the_run(name: str, tmp_path: Path) -> None:
    configs = STACKS[name]
    runs = train(configs, tmp_path)
    for run, member in zip(runs, examined(configs), strict=True):
        assert member.error is None
        expected = trained_rows(run)
        assert rows(member.records) == expected
        if run.status == "done":
            assert member.diverged_at is None
            some = {0, 1, 2, 5, 10, 12, 20}
            assert {step for step, _, _ in expected} >= {s for s in some if s <= run.record["step"]}
            # The update that begins at the last look is made and measured, too.
            more = run.record["step"] > STEPS
            assert ((STEPS, 1, "update_norm") in expected) == more
        else:
            assert member.diverged_at == run.record["step"]
            assert (member.diverged_at, 1, "weight_norm") in expected
            assert member.verdicts[0].name == run.record["verdict"]["primary"]


@pytest.mark.slow
def test_two_of_these_diverge(tmp_path: Path) -> None:
    found = examined(STACKS["one diverges at step 1, one at the start"])
    assert [member.diverged_at for member in found] == [1, 0, None]


@pytest.mark.slow
def test_light_takes_fewer_probes_and_the_same_numbers(tmp_path: Path) -> None:
    (run,) = train([vary(BASE, diagnostics="light", init="he")], tmp_path)
    (full,) = examined([vary(BASE, init="he")])
    light, all_of_them = trained_rows(run), rows(full.records)
    assert light.items() <= all_of_them.items()


@pytest.mark.parametrize("steps", [0, 1, 3, 5, 6, 7, 30])
@pytest.mark.slow
def test_it_looks_at_the_last_step_asked_for(steps: int, tmp_path: Path) -> None:
    config = vary(BASE, init="he", diagnostics__every_n_steps=1)
    (run,) = train([config], tmp_path)
    (member,) = examined([vary(BASE, init="he")], steps)
    seen = rows(member.records, steps)
    assert max(step for step, _, _ in seen) == steps
    assert {row.step for row in member.records} <= set(range(steps + 1))
    assert seen.items() <= trained_rows(run, steps).items()
    assert set(member.histograms) == {0, steps}


def test_no_more_steps_are_made_than_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    chunks = Chunks.__iter__

    def counted(self: Chunks):  # type: ignore[no-untyped-def]
        for chunk in chunks(self):
            made.append(len(chunk))
            yield chunk

    monkeypatch.setattr(Chunks, "__iter__", counted)
    examined([vary(BASE, init="he")], 3)
    # What the loop has taken: 0, 1, 2, 3 and the chunk at which it stopped.
    assert made[:4] == [1, 1, 1, 1]
    assert sum(made) <= 6


def test_a_member_does_not_depend_on_its_neighbours() -> None:
    configs = STACKS["starts, optimizers, orders"]
    for alone, together in zip(configs, examined(configs), strict=True):
        assert rows(examined([alone])[0].records) == rows(together.records)


@pytest.mark.slow
def test_weights_of_a_file(tmp_path: Path) -> None:
    config = vary(BASE, init="he")
    layers = draw_layers([20, 8, 6, 10], start_of(config.init), config.seed)
    save_weights(tmp_path / "w.safetensors", layers, {"activation": "relu"})
    config = vary(BASE, model__weights=str(tmp_path / "w.safetensors"))
    (run,) = train([config], tmp_path / "run")
    (member,) = examined([config])
    assert rows(member.records) == trained_rows(run)


@pytest.mark.slow
def test_a_fault_is_its_members_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """One member whose engine raises; the others are examined as if it were not there."""
    real = engine_for

    def faulty(model, recipes, precision):  # type: ignore[no-untyped-def]
        if any(recipe.activation == "tanh" for recipe in recipes):
            raise RuntimeError("no tanh today")
        return real(model, recipes, precision)

    monkeypatch.setattr("src.diagnose.examine.engine_for", faulty)
    configs = [BASE, vary(BASE, activation="tanh"), vary(BASE, seed=1)]
    first, second, third = examined(configs)
    assert second.error == "RuntimeError: no tanh today"
    assert second.verdicts == []
    for member, config in ((first, configs[0]), (third, configs[2])):
        assert member.error is None
        assert rows(member.records) == rows(examined([config])[0].records)


@pytest.mark.slow
def test_what_cannot_be_tuned_is_told(tmp_path: Path) -> None:
    bias = option("init", "lsuv").bias
    dead = type(bias)(bias.law, -100.0)
    configs = [vary(BASE, init="lsuv", init__bias=dead), vary(BASE, init="he")]
    failed, other = examined(configs)
    runs = train(configs, tmp_path)
    assert failed.error == runs[0].record["error"]
    assert failed.records == []
    assert rows(other.records) == trained_rows(runs[1])

"""What is refused of a user's own pieces: one sentence each, before anything is trained."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from src import precheck
from src.schema.own import OwnOptimizer
from src.stacks import checked
from tests.command import Command
from tests.own import EXAMPLE, MY_CONF, OPTIMIZER, TYPED, option_file, own
from tests.own_broken import ACTIVATIONS, INITS, OPTIMIZERS, THEIRS
from tests.training import vary


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the packages lie, and conf with an option for each target."""
    made = tmp_path_factory.mktemp("theirs")
    (made / "theirs.py").write_text(THEIRS)
    (made / "failing.py").write_text("1 / 0\n")
    (made / "leaving.py").write_text("raise SystemExit(3)\n")
    (made / "needing.py").write_text("import not_there\n")
    tables = {"init": INITS, "activation": ACTIVATIONS, "optimizer": OPTIMIZERS}
    for group, targets in tables.items():
        for target in targets:
            lines = ["lr: 0.1"] if group == "optimizer" else []
            option_file(made / "conf", group, target.replace(".", "_"), target, *lines)
    return made


@pytest.mark.parametrize(
    ("group", "table"), [("init", INITS), ("activation", ACTIVATIONS), ("optimizer", OPTIMIZERS)]
)
@pytest.mark.slow
def test_every_fault_of_a_sweep(
    command: Command,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    group: str,
    table: dict[str, str],
) -> None:
    monkeypatch.syspath_prepend(str(folder))
    before = torch.get_rng_state()
    names = ",".join(target.replace(".", "_") for target in table)
    outcome = command("-m", "--config-dir", str(folder / "conf"), f"{group}={names}", *TYPED)
    outcome.assert_refused()
    expected = [f"{group}._target_={target}: {said}" for target, said in table.items()]
    assert outcome.sentences == expected
    assert command.results() == command.job_folders() == []
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            "init._target_=nodots",
            "init._target_=nodots: must be a dotted path such as my_package.module.name.",
        ),
        (
            "+init.arguments.generator=3",
            "init.arguments.generator=3: must be left out.",
        ),
        (
            "+optimizer.arguments.lr=3",
            "optimizer.arguments.lr=3: must be left out; it is optimizer.lr.",
        ),
        ("optimizer.lr=0", "optimizer.lr=0.0: must be a finite number above 0."),
        (
            "optimizer.weight_decay=0.1",
            "optimizer._target_=my_package.optimizers.LayerwiseSGD: has no keyword weight_decay, "
            "but optimizer.weight_decay=0.1.",
        ),
        (
            "optimizer.algorithm=adam",
            "optimizer.algorithm=adam: must be own; choose with optimizer=<option>.",
        ),
        (
            "+init.arguments.size=2",
            "init._target_=my_package.starts.checkerboard: cannot be called as ((32, 32), "
            "generator=..., scale=0.1, size=2) (TypeError: checkerboard() got an unexpected "
            "keyword argument 'size').",
        ),
        (
            "init.arguments.size=2",
            "init.arguments.size: is not there yet; +init.arguments.size=<value> adds it.",
        ),
        ("init.arguments=2", "init.arguments=2: must be a mapping, {key: value, ...}."),
    ],
)
def test_keys(command: Command, monkeypatch: pytest.MonkeyPatch, typed: str, said: str) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    chosen = ("init=checkerboard", "optimizer=layerwise")
    outcome = command("--config-dir", str(MY_CONF), *chosen, *TYPED, typed)
    outcome.assert_refused()
    (sentence,) = outcome.sentences
    assert sentence == said


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("optimizer=rateless", ["optimizer.lr"]),
        ("init=nameless", ["init._target_", "init.name"]),
        ("trainer.epochs=???", ["trainer.epochs"]),
        ("model.hidden=???", ["model.hidden"]),
    ],
)
def test_keys_without_a_value(command: Command, typed: str, keys: list[str]) -> None:
    option_file(command.folder / "mine", "optimizer", "rateless", "torch.optim.Adamax")
    nameless = command.folder / "mine" / "init" / "nameless.yaml"
    nameless.parent.mkdir()
    nameless.write_text("defaults: [/schema@_here_: init_own, _self_]\n")
    outcome = command(
        "--config-dir", "mine", typed, *(each for each in TYPED if each[:5] != typed[:5])
    )
    outcome.assert_refused()
    assert outcome.sentences == [f"{key}: has no value; write {key}=<value>." for key in keys]


@pytest.mark.slow
def test_a_target_of_a_layer_is_told_by_its_key(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(folder))
    where = ("--config-dir", str(folder / "conf"))
    outcome = command(*where, "init.layers.last=theirs_late", *TYPED)
    outcome.assert_refused()
    assert outcome.sentences == [
        "init.layers.last._target_=theirs.late: must return float32, but returned float64."
    ]


def test_options_of_ones_own_are_among_the_allowed(command: Command) -> None:
    outcome = command("--config-dir", str(MY_CONF), "init=checkerbord", *TYPED)
    outcome.assert_refused()
    assert " allowed: checkerboard, constant, " in outcome.err
    assert outcome.err.endswith("Did you mean checkerboard?\n")


def test_a_folder_of_configurations_that_is_not_there(command: Command) -> None:
    outcome = command("--config-dir", "nowhere", *TYPED)
    outcome.assert_refused()
    (sentence,) = outcome.sentences
    assert sentence.endswith("/nowhere' not found.")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("Forgetful", "does not go on from a checkpoint as it would have gone on; keep all in"),
        ("Opaque", "its state cannot be kept in a checkpoint (UnpicklingError)."),
    ],
)
def test_state_that_a_checkpoint_would_lose(
    folder: Path, monkeypatch: pytest.MonkeyPatch, target: str, said: str
) -> None:
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.syspath_prepend(str(EXAMPLE))
    theirs = OwnOptimizer(name="made", _target_=f"theirs.{target}", lr=0.1)
    checked([vary(own(), optimizer=theirs)])  # sound, as long as nothing is to be kept
    with pytest.raises(ValueError, match="checkpoint") as caught:
        checked([vary(own(trainer__checkpoint=True), optimizer=theirs)])
    assert str(caught.value).startswith(f"optimizer._target_=theirs.{target}: {said}")


def test_each_target_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    counts: dict[str, int] = {}

    def counted(name: str) -> None:
        real: Callable[..., None] = getattr(precheck, name)

        def attempt(*arguments: object) -> None:
            counts[name] = counts.get(name, 0) + 1
            real(*arguments)

        monkeypatch.setattr(precheck, name, attempt)

    for name in ("try_init", "try_activation", "try_optimizer", "try_steps"):
        counted(name)
    rates = (0.1, 0.2, 0.1)
    checked([vary(own(), optimizer=OPTIMIZER, optimizer__lr=rate) for rate in rates])
    expected = {"try_init": 1, "try_activation": 1, "try_optimizer": 2, "try_steps": 1}
    assert counts == expected

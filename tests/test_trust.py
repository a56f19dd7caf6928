"""Files of earlier runs are data: code that they name is not imported unless it is trusted."""

import pickle
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from src.config import CONF, validated
from src.errors import InputError
from src.trust import check_folders, given
from tests.command import Command
from tests.own import EXAMPLE, MY_CONF, TYPED, option_file

TRAP = """
from pathlib import Path
Path(__file__).with_suffix(".imported").touch()
def start(shape, *, generator):
    import torch
    return torch.zeros(shape)
"""
SAID = "trust=true lets it be imported."


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that leaves a file behind when it is imported, and options in a run's folder."""
    monkeypatch.syspath_prepend(str(tmp_path))
    name = f"trap_{tmp_path.name.rpartition('_')[0]}_{abs(hash(tmp_path))}"
    (tmp_path / f"{name}.py").write_text(TRAP)
    folder = tmp_path / "runs" / "a" / ".hydra"
    option_file(folder, "init", "theirs", f"{name}.start")
    return folder


def sprung(trap: Path) -> bool:
    return bool(list(trap.parents[2].glob("*.imported")))


@pytest.mark.parametrize("form", ["dir", "searchpath", "name"])
def test_options_of_an_earlier_run(command: Command, trap: Path, form: str) -> None:
    where = {
        "dir": ("--config-dir", str(trap)),
        "searchpath": (f"hydra.searchpath=[file://{trap}]",),
        "name": ("--config-dir", str(trap.parent), "--config-name", ".hydra/init/theirs"),
    }[form]
    outcome = command(*where, "init=theirs", *TYPED)
    outcome.assert_refused()
    (sentence,) = outcome.sentences
    file = trap / "init" / "theirs.yaml"
    assert sentence.startswith("_target_=trap_")
    assert sentence.endswith(f".start: comes from a file of an earlier run ({file}); {SAID}")
    assert not sprung(trap)


@pytest.mark.slow
def test_trust_is_the_command_lines_to_give(command: Command, trap: Path) -> None:
    outcome = command("--config-dir", str(trap), "init=theirs", *TYPED, "trust=true")
    assert (outcome.code, outcome.err) == (0, "")
    assert sprung(trap)
    assert given(["seed=1", "trust=true"])
    assert not given(["trust=false", "quiet=true"])


@pytest.mark.slow
def test_a_rerun_of_what_a_run_has_recorded(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    own = ("--config-dir", str(MY_CONF), "init=checkerboard", "activation=squareplus")
    assert command(*own, *TYPED, "trust=true", "hydra.run.dir=first").code == 0
    recorded = command.folder / "first" / ".hydra"
    assert "trust: true" in (recorded / "config.yaml").read_text()
    for where in (("--config-path", str(recorded)), ("--config-dir", str(recorded))):
        outcome = command(*where, "--config-name", "config", *TYPED)
        outcome.assert_refused()
        assert outcome.sentences == [
            f"{key}._target_={target}: comes from a file of an earlier run "
            f"({recorded}/config.yaml); {SAID}"
            for key, target in (
                ("init", "my_package.starts.checkerboard"),
                ("activation", "my_package.activations.squareplus"),
            )
        ]


@pytest.mark.slow
def test_a_run_of_builtin_pieces_asks_for_nothing(command: Command) -> None:
    assert command(*TYPED, "hydra.run.dir=first").code == 0
    check_folders([command.folder / "first" / ".hydra"], [])
    sweep = command("-m", *TYPED, "init=he,zeros", "hydra.sweep.dir=second")
    assert sweep.code == 0
    folders = sorted((command.folder / "second").rglob(".hydra"))
    assert len(folders) == 2
    check_folders(folders, [])


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("hydra: {callbacks: {x: {_target_: os.system}}}", "hydra.callbacks.x._target_=os.system"),
        ("hydra: {job_logging: {handlers: {x: {(): os.system}}}}", "hydra.job_logging.handlers.x"),
        (
            "hydra: {job_logging: {handlers: {x: {class: a.B}}}}",
            "hydra.job_logging.handlers.x.class",
        ),
        ("a: ext://os.system", "a=ext://os.system"),
        ("""a: "${oc.decode:'{_target_: os.system}'}" """, "a=${oc.decode:"),
        ("a: [{_target_: '${b}'}]", "a._target_=${b}"),
        ("a: 'e${b}'", "a=e${b}"),
        ("a: '${now:e%%xt}://os.system'", "a=${now:e%%xt}://os.system"),
        ("_target_: hydra.utils.get_object", "_target_=hydra.utils.get_object"),
        ("_target_: src.targets.located", "_target_=src.targets.located"),
        ("_target_: torch.nn.ReLU.__init__.x", "_target_=torch.nn.ReLU.__init__.x"),
        ("hydra: {searchpath: ['pkg://a']}", "hydra.searchpath=pkg://a"),
        ("hydra: {searchpath: '${a}'}", "hydra.searchpath=${a}"),
        ("a: {b: {searchpath: [/tmp]}}", "a.b.searchpath=/tmp"),
        ("hydra: {job: {env_set: {PYTHONPATH: a}}}", "hydra.job.env_set.PYTHONPATH=a"),
        ("hydra: {sweeper: {params: {a: '{_target_: b.c}'}}}", "hydra.sweeper.params.a={_target_"),
        ("a: [", "config.yaml: cannot be read as YAML."),
    ],
)
def test_code_by_other_names(tmp_path: Path, written: str, said: str) -> None:
    folder = tmp_path / ".hydra"
    folder.mkdir()
    (folder / "config.yaml").write_text(written)
    with pytest.raises(InputError) as caught:
        check_folders([folder], [])
    (line,) = str(caught.value).splitlines()
    assert said in line
    # The same elsewhere is the user's own.
    folder.rename(tmp_path / "mine")
    check_folders([tmp_path / "mine"], [])


@pytest.mark.parametrize(
    ("written", "key"),
    [
        (
            "callbacks: {{bad: {{_target_: hydra.utils.get_object, path: {trap}.start}}}}",
            "hydra.callbacks.bad._target_=hydra.utils.get_object",
        ),
        ("searchpath: ['pkg://{trap}']", "hydra.searchpath=pkg://{trap}"),
        ("searchpath: ['file://{other}']", "hydra.searchpath=file://{other}"),
        ("searchpath: ['{other}']", "hydra.searchpath={other}"),
    ],
)
def test_hydras_own_node(command: Command, trap: Path, written: str, key: str) -> None:
    """The trap does spring where the same is trusted: that the files are right."""
    (module,) = trap.parents[2].glob("trap_*.py")
    other = trap.parents[2] / "b" / "conf"
    if "other" in written:
        callback = f"_target_: hydra.utils.get_object\npath: {module.stem}.start\n"
        (other / "hydra" / "callbacks").mkdir(parents=True)
        (other / "hydra" / "callbacks" / "bad.yaml").write_text(
            f"bad:\n  {callback}".replace("\np", "\n  p")
        )
    words = {"trap": module.stem, "other": str(other)}
    defaults = (
        "[/config, _self_]"
        if "other" not in written
        else "[/config, {override /hydra/callbacks: bad}, _self_]"
    )
    (trap / "x.yaml").write_text(f"defaults: {defaults}\nhydra: {{{written.format(**words)}}}\n")
    where = ("--config-dir", str(trap), "--config-name", "x")
    outcome = command(*where, *TYPED)
    outcome.assert_refused()
    said = f"{key.format(**words)}: comes from a file of an earlier run ({trap / 'x.yaml'}); {SAID}"
    assert said in outcome.sentences
    assert not sprung(trap)
    command(*where, *TYPED, "trust=true")
    assert sprung(trap)


def test_a_link_out_of_the_folder(trap: Path) -> None:
    (trap / "init").rename(trap.parents[2] / "init")
    (trap / "init").symlink_to(trap.parents[2] / "init")
    (trap / "init" / "again").symlink_to(trap)
    with pytest.raises(InputError, match="_target_=trap_"):
        check_folders([trap], [])


def test_a_link_that_leads_round_to_itself(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    check_folders([tmp_path / "loop"], [])


def test_composed_in_python(trap: Path, tmp_path: Path) -> None:
    """A primary configuration that looks into the folder; no command line is there to trust."""
    (tmp_path / "conf").mkdir()
    primary = OmegaConf.load(CONF / "config.yaml")
    OmegaConf.update(primary, "hydra.searchpath", [f"file://{CONF}", f"file://{trap}"])
    OmegaConf.save(primary, tmp_path / "conf" / "config.yaml")
    with initialize_config_dir(str(tmp_path / "conf"), version_base="1.3"):
        made = compose("config", ["init=theirs"], return_hydra_config=True)
        with pytest.raises(InputError) as caught:
            validated(made)
        assert not sprung(trap)
        trusted = compose("config", ["init=theirs", "trust=true"], return_hydra_config=True)
        assert validated(trusted).trust
    assert str(caught.value).startswith("init._target_=trap_")
    assert str(caught.value).endswith(f"earlier run ({trap}); {SAID}")


def test_composed_in_python_without_hydras_node(trap: Path) -> None:
    option_file(trap, "init", "config", "theirs.start")
    primary = (CONF / "config.yaml").read_text().replace("init: default", "init: config")
    (trap / "config.yaml").write_text(primary)
    groups = "activation optimizer schedule data trainer logger diagnostics hydra"
    for group in groups.split():
        (trap / group).symlink_to(CONF / group)
    with initialize_config_dir(str(trap), version_base="1.3"), pytest.raises(InputError) as caught:
        validated(compose("config", ["trust=true"]))
    assert str(caught.value).startswith("init._target_=theirs.start: comes from a file of an earl")


class Planted:
    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (Path("unpickled"),)


@pytest.mark.parametrize("flag", ["--experimental-rerun", "--experimental-re"])
def test_a_pickle_of_a_run_is_refused(command: Command, flag: str) -> None:
    file = command.folder / "config.pickle"
    file.write_bytes(pickle.dumps(Planted()))
    outcome = command(flag, str(file), "trust=true")
    outcome.assert_refused()
    assert outcome.sentences == [
        f"--experimental-rerun={file}: is a pickle, and reading one runs whatever code it holds; "
        "the overrides in its overrides.yaml run it again."
    ]
    assert not (command.folder / "unpickled").exists()

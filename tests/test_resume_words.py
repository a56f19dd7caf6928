"""resume=FOLDER: which words it stands for, and the folders that it does not take."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from src.errors import InputError
from src.ledger.resumption import Resumption, command, resumed
from src.ledger.rows import Row
from src.ledger.store import Ledger

WORDS = ["-m", "init=he,zeros", "seeds=3", "hydra.sweep.dir=/elsewhere", "--config-dir", "a=b"]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a sweep, a run, a file, and the sweep of before there were ledgers."""
    monkeypatch.chdir(tmp_path)
    # Whether they may come from a file, others test.
    monkeypatch.setattr("src.ledger.resumption.check_known", lambda *_: None)
    for name, words, several in (("sweep", WORDS, True), ("run", ["init=he"], False)):
        (tmp_path / name / ".hydra").mkdir(parents=True)
        with Ledger.at(tmp_path / name, words, several) as ledger:
            ledger.enter([Row("init=he/0" if several else ".", 0, "", [], "")])
    (tmp_path / "sweep" / "init=he" / "0" / ".hydra").mkdir(parents=True)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "multirun.yaml").touch()
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    yield tmp_path
    Resumption.end()


def test_the_words_of_the_ledger(place: Path) -> None:
    expected = [*(word for word in WORDS if "sweep.dir" not in word), 'hydra.sweep.dir="sweep"']
    assert resumed(["resume=sweep"]) == expected
    assert Resumption.covers(place / "sweep")
    assert not Resumption.covers(place / "run")
    assert not Resumption.own
    assert resumed(["+resume=sweep", "-m"]) == [*expected[:-1], "-m", expected[-1]]
    assert resumed(["resume='sweep'"]) == expected
    absolute = resumed([f"resume={place}/sweep"])
    assert absolute == [*expected[:-1], f'hydra.sweep.dir="{place}/sweep"']
    assert resumed(["resume=run"]) == [
        *("init=he", 'hydra.run.dir="run"', "hydra.output_subdir=null"),
    ]


def test_nothing_is_resumed() -> None:
    words = ["init=he", "--config-name", "resume"]
    assert resumed(words) == words
    assert Resumption.folder is None
    assert not Resumption.covers(Path("sweep"))


@pytest.mark.parametrize("flag", ["--help", "--hydra-help", "--version", "-sc"])
def test_help_is_of_no_sweep(flag: str) -> None:
    assert resumed(["resume=sweep", flag]) == [flag]
    assert Resumption.folder is None


def test_words_that_name_no_member_are_added() -> None:
    words = resumed(["resume=sweep", "quiet=true", "hydra.launcher.threads=1", "data.root=/there"])
    assert words[: len(WORDS) - 1] == [word for word in WORDS if "sweep.dir" not in word]
    assert {"quiet=true", "hydra.launcher.threads=1", "data.root=/there"} <= set(words)
    with Ledger.at(Path("sweep")) as ledger:
        ledger.tell("words", ["-m", "quiet=false", "init=he,zeros"])
    assert resumed(["resume=sweep", "+quiet=true"])[:3] == ["-m", "init=he,zeros", "+quiet=true"]


def test_words_of_ones_own() -> None:
    assert resumed(["resume=sweep", "seeds=5"]) == ["seeds=5", 'hydra.sweep.dir="sweep"', "-m"]
    assert Resumption.own
    # A sweep of before there were ledgers, or of which the ledger is damaged.
    assert resumed(["seeds=5", "-m", "resume=old"]) == [
        *("seeds=5", "-m", 'hydra.sweep.dir="old"'),
    ]
    Path("sweep/ledger.sqlite").write_bytes(b"x" * 5_000)
    Path("sweep/multirun.yaml").touch()
    assert resumed(["resume=sweep", "seeds=5"])[-1] == "-m"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("resume=", "resume=: names no folder"),
        ("resume", "resume: names no folder"),
        ("resume=absent", "resume=absent: no such folder; a sweep's below multirun/"),
        ("resume=file", "resume=file: is a file;"),
        ("resume=sweep resume=sweep", "given 2 times"),
        ("resume=sweep resume=run", "given 2 times"),
        ("resume=sweep hydra.sweep.dir=x", "hydra.sweep.dir=x: not together with resume=sweep"),
        ("resume=run ++hydra.run.dir=x", "not together with resume=run"),
        ("resume=run -m", "resume=run: is of a single run; -m is for a sweep"),
        ("resume=sweep/init=he/0", "/sweep."),
        ("resume=sweep/init=he/0 seeds=3", "is a member's; its sweep is resumed by resume=/"),
        ("resume=empty", "empty: nothing was begun there"),
        ("resume=empty seeds=3", "empty: nothing was begun there"),
        ("resume=. -m seeds=3", ".: is no sweep's folder; sweep or another of the 2 there"),
        ("resume=old", "resume=old goes on without it where the overrides that began it"),
        ("resume=old quiet=true", "are typed as well"),
    ],
)
def test_refusals(words: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        resumed(words.split())
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value).endswith(".")
    assert Resumption.folder is None


def test_a_damaged_ledger_says_how() -> None:
    Path("sweep/ledger.sqlite").write_bytes(b"x" * 5_000)
    with pytest.raises(InputError, match=r"not a readable ledger .*typed as well"):
        resumed(["resume=sweep"])


NAMES = ["a b", "a,b", "a=b", "ä ß", "it's", 'a"b', "${a}", "a\\${b}", "a\\", "#1", "{x}[y]", "$a"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_folder(name: str) -> None:
    shutil.move("sweep", name)
    words = resumed([f"resume={name}"])
    (override,) = [word for word in words if word.startswith("hydra.sweep.dir=")]
    value = OverridesParser.create().parse_override(override).value()
    assert OmegaConf.create({"dir": value}).dir == name
    assert get_args_parser().parse_intermixed_args(words).config_dir == "a=b"


def test_the_command_to_type() -> None:
    assert command(Path("multirun/x")) == "python -m src.train resume=multirun/x"
    assert command(Path("a b")) == "python -m src.train 'resume=a b'"


@pytest.mark.parametrize("told", [["--cfg", "job"], ["--cfg=job"], ["-c", "job"], ["--info"]])
def test_what_is_told_of_a_single_run(told: list[str]) -> None:
    with pytest.raises(InputError, match=f"resume=sweep: is of a sweep; {told[0]} tells of a"):
        resumed(["resume=sweep", *told])
    assert resumed(["resume=run", *told])[1:-2] == told
    assert resumed(["resume=sweep", "--help", "trust=true"])

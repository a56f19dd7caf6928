"""What mean-field theory says of a start: signals, gradients, order or chaos; nothing is trained.

The network is chosen as for src.train: init=he activation=tanh model.hidden='[100]*30'. dropout=.1
is short for model.dropout=.1. Needs the data, of which it measures how large and how alike the
inputs are.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from src.interruption import in_one_line, process

with in_one_line():  # a command guards itself from then on
    from hydra import compose, initialize_config_dir
    from hydra.core.override_parser.overrides_parser import OverridesParser

    from src.arranged import spelled_out
    from src.cli import Parser, guarded, of_config_dir
    from src.config import CONF, Config, register, validated
    from src.errors import InputError, require
    from src.typed import refuse_foreign_code

PICTURES = ("png", "pdf", "svg")
EPILOG = """examples:
  python -m src.theory init=he activation=tanh model.hidden='[100]*30' dropout=0.1
  python -m src.theory init=critical activation=tanh --picture phases.png
  python -m src.theory laws    what one name means in torch, Keras, JAX and others

Mean-field theory is of wide layers with independent weights of mean 0. It says nothing of training
itself, but networks were found to train only as deep as it lets signals through (arXiv:1611.01232).
"""


def main(arguments: Sequence[str] | None = None) -> None:
    words = list(sys.argv[1:] if arguments is None else arguments)

    def command() -> None:
        asked = _parsed(words)
        first, *others = asked.overrides or [""]
        if first in ("laws", "page"):
            _written(first, others, asked)
        else:
            _predict(asked)

    guarded(command)


def _written(name: str, others: Sequence[str], asked: argparse.Namespace) -> None:
    """What is the same for every network."""
    if others or asked.picture is not None or (name == "page" and asked.json):
        allowed = "laws, laws --json or page, alone"
        raise InputError(f"{name} {' '.join(others) or 'with options'}: must be {allowed}.")
    if name == "laws":
        from src.theory import laws

        laws.show(asked.json)
    else:
        from src.theory import page

        page.write()


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        prog="python -m src.theory",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as for src.train")
    parser.add_argument("--json", action="store_true", help="all layers and figures, as JSON")
    parser.add_argument(
        "--picture", type=Path, metavar="FILE", help=f"a phase diagram; {', '.join(PICTURES)}"
    )
    parser.add_argument(
        "--config-dir", type=Path, metavar="DIR", help="a folder with options of your own"
    )
    asked = parser.parse_intermixed_args(words)
    asked.overrides += of_config_dir(asked.config_dir)
    if asked.picture is not None:
        ending = asked.picture.suffix.removeprefix(".").lower()
        allowed = f"a file that ends in {' or '.join(f'.{name}' for name in PICTURES)}"
        require(ending in PICTURES, "--picture", asked.picture, allowed)
        folder = asked.picture.parent
        require(folder.is_dir(), "--picture", asked.picture, "in a folder that exists")
    return asked


def composed(overrides: Sequence[str]) -> Config:
    """The checked configuration that the overrides ask for."""
    full = spelled_out(overrides, several=True)  # to be refused below
    refuse_foreign_code(full)
    # A refusal is worded by what was typed.
    sys.argv[1:] = full
    for parsed in OverridesParser.create().parse_overrides(full):
        one = "one value: the theory is told of one network at a time"
        key, _, value = (parsed.input_line or "").partition("=")
        require(not parsed.is_sweep_override(), key, value, one)
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        made = compose("config", full, return_hydra_config=True)
        return validated(made, made.hydra.runtime.choices)


def _predict(asked: argparse.Namespace) -> None:
    config = composed(asked.overrides)
    from src.theory.report import report_of
    from src.theory.table import as_json, show

    report = report_of(config)
    if asked.json:
        print(as_json(report))
    else:
        show(report)
    if asked.picture is not None:
        from src.theory.picture import draw

        draw(report, asked.picture)
        # On standard error: standard output may be JSON.
        print(f"phase diagram: {asked.picture}", file=sys.stderr)


if __name__ == "__main__":
    with process():
        main()

"""What will become of a run, and why: judged from its start and its first steps.

The run is chosen as for src.train: init=zeros activation=relu. dropout=.1 is short for
model.dropout=.1. The members are those that src.train would train, at the same steps of the same
batches and schedules; nothing is written.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from pathlib import Path

from src.interruption import in_one_line, process

with in_one_line():  # a command guards itself from then on
    from src.cli import Parser, guarded, of_config_dir
    from src.config import Config
    from src.diagnose.plan import planned
    from src.errors import InputError, MembersFailed, require
    from src.sweep import Plan

STEPS = 20
EPILOG = """examples:
  python -m src.diagnose init=zeros activation=relu
  python -m src.diagnose init=he activation=tanh model.hidden='[100]*30' dropout=0 --steps 50
  python -m src.diagnose -m init=zeros,ones,he seed='range(3)'    many, as a table

A prediction from so few steps is no result: what is slow at first may still arrive. All probes are
taken (diagnostics=full); diagnostics=light takes those that src.train takes unasked.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    words = list(sys.argv[1:] if arguments is None else arguments)
    guarded(lambda: _diagnose(_parsed(words)))


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        prog="python -m src.diagnose",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as for src.train")
    parser.add_argument(
        "-m", "--multirun", action="store_true", help="all combinations of the values given"
    )
    parser.add_argument(
        "--steps", metavar="N", help=f"how far to look, in optimisation steps ({STEPS})"
    )
    parser.add_argument("--pages", action="store_true", help="with -m: each member's page as well")
    parser.add_argument("--json", action="store_true", help="all records and verdicts, as JSON")
    parser.add_argument(
        "--picture", type=Path, metavar="FILE", help="what is shown, as a picture too; svg"
    )
    parser.add_argument(
        "--config-dir", type=Path, metavar="DIR", help="a folder with options of your own"
    )
    asked = parser.parse_intermixed_args(words)
    asked.hydra = of_config_dir(asked.config_dir)
    if asked.steps is not None:
        whole = asked.steps.isascii() and asked.steps.isdigit()
        require(whole, "--steps", asked.steps, "an integer of at least 0")
        asked.steps = int(asked.steps)
    if asked.picture is not None:
        ends = asked.picture.suffix.lower() == ".svg"
        require(ends, "--picture", asked.picture, "a file that ends in .svg")
        there = asked.picture.parent.is_dir()
        require(there, "--picture", asked.picture, "in a folder that exists")
    return asked


def _diagnose(asked: argparse.Namespace) -> None:
    # Whoever reads JSON finds nothing else on standard output.
    with redirect_stdout(sys.stderr) if asked.json else nullcontext():
        plan = _plan(asked)
        pages = asked.pages or len(plan.configs) == 1
        # Torch is needed from here on.
        from src.diagnose.examine import examine
        from src.diagnose.report import as_json, draw, show

        members = examine(plan, _steps(asked.steps, plan.configs), pages)
    if asked.json:
        print(as_json(members))
    else:
        show(members, pages)
    if asked.picture is not None:
        draw(members, pages, asked.picture, " ".join(["python -m src.diagnose", *_typed(asked)]))
        print(f"picture: {asked.picture}", file=sys.stderr)
    failed = [f"{each.label}: {each.error.rstrip('.')}." for each in members if each.error]
    if failed:
        counts = f"{len(failed)} of {len(members)} member(s) could not be examined."
        raise MembersFailed("\n".join([*failed, counts]))


def _plan(asked: argparse.Namespace) -> Plan:
    plan = planned(asked.overrides, asked.hydra, asked.multirun)
    for config in plan.configs:
        off = config.diagnostics.tier.value == "off"
        require(not off, "diagnostics", "off", "light or full: what is judged must be measured")
        path = config.trainer.ckpt_path
        require(path is None, "trainer.ckpt_path", path, "null: a run is judged from its start")
    if len(plan.configs) == 1:
        plan.labels = [" ".join(asked.overrides) or "the default configuration"]
    return plan


def _typed(asked: argparse.Namespace) -> list[str]:
    """What a reader of a picture would have to type."""
    steps = [] if asked.steps is None else ["--steps", str(asked.steps)]
    return [*(["-m"] if asked.multirun else []), *asked.overrides, *steps]


def _steps(asked: int | None, configs: Sequence[Config]) -> int:
    """How far to look: no member's run may be shorter than what was asked for."""
    from src.assembly import run_steps

    shortest = min(map(run_steps, configs))
    if asked is not None and asked > shortest:
        raise InputError(
            f"--steps={asked}: must be at most {shortest}, the optimisation steps of the run."
        )
    return min(STEPS, shortest) if asked is None else asked


if __name__ == "__main__":
    with process():
        main()

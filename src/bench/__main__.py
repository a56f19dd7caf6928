"""`make bench`: the harness against the loops its users would write, and what it is held to."""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from src.interruption import in_one_line, process

with in_one_line():
    from hydra import compose, initialize_config_dir

    from src.bench import commands, gpu, looks, memory, picture, safeguards, stacks, starts
    from src.bench.machine import machine, revision, versions
    from src.bench.markdown import page
    from src.bench.names import STARTS
    from src.bench.work import Palette
    from src.config import CONF, PROJECT, Config, register, validated

INITS = ("he", "xavier", "lecun", "default", "he_uniform", "xavier_normal")
ACTIVATIONS = ("relu", "tanh", "leaky_relu", "silu")
TITLE = "Training a member for one epoch: 784-256-128-10, Fashion-MNIST, CPU"

Section = Callable[[argparse.Namespace], dict[str, Any]]


def member(*overrides: str) -> Config:
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return validated(compose("config", ["trainer=cpu", "quiet=true", *overrides]))


def palette(*overrides: str) -> Palette:
    return Palette(
        member(*overrides, "init=he"),
        [member(*overrides, f"init={name}").init for name in INITS],
        [member(*overrides, f"activation={name}").activation for name in ACTIVATIONS],
    )


def _sweep(asked: argparse.Namespace) -> dict[str, Any]:
    chosen = palette(f"trainer.epochs={commands.EPOCHS}")
    return commands.sweep(chosen, asked.command_rounds)


def _memory(asked: argparse.Namespace) -> dict[str, Any]:
    made = ("data=synthetic", "data.train_size=48000", "logger=tensorboard")
    return memory.memory(palette(*made), asked.memory_rounds, asked.sizes)


def _looks(asked: argparse.Namespace) -> dict[str, Any]:
    palettes = {
        (members, tier): palette(f"diagnostics={tier}", f"trainer.epochs={epochs}")
        for members, epochs in looks.EPOCHS.items()
        for tier in ("off", "light", "full")
    }
    return looks.looks(palettes, asked.look_rounds)


def _starts(asked: argparse.Namespace) -> dict[str, Any]:
    base, found = ("data=synthetic", "data.train_size=1000"), {}
    for name in STARTS:
        if (CONF / "init" / f"{name}.yaml").exists():
            found[name] = member(*base, f"init={name}")
    return starts.starts(found, asked.rounds)


def _gpu(asked: argparse.Namespace) -> dict[str, Any]:
    if machine()["gpu"] is None:
        print(gpu.NONE)
        return {}
    return gpu.gpu(palette(), asked.rounds)


SECTIONS: dict[str, Section] = {
    "stacks": lambda asked: stacks.stacks(palette(), asked.rounds, asked.sizes),
    "memory": _memory,
    "sweep": _sweep,
    "jobs": lambda asked: commands.jobs(asked.rounds),
    "commands": lambda asked: commands.commands(asked.rounds),
    "diagnostics": _looks,
    "starts": _starts,
    "reliability": lambda asked: safeguards.safeguards(asked.reliability_rounds),
    "gpu": _gpu,
}


def main(arguments: Sequence[str] | None = None) -> None:
    asked = _parsed(arguments)
    asked.output.mkdir(parents=True, exist_ok=True)
    path = asked.output / f"{date.today().isoformat()}.json"
    sections = _kept(path)
    for name in asked.only:
        started = time.perf_counter()
        print(f"{name} ...", flush=True)
        figures = SECTIONS[name](asked)
        sections[name] = {
            "date": date.today().isoformat(),
            "command": asked.command,
            "machine": machine(),
            "versions": versions(),
            "revision": revision(),
            "seconds": time.perf_counter() - started,
            "figures": figures,
        }
        # After each section: a later one that fails loses nothing.
        path.write_text(json.dumps({"sections": sections}, indent=1) + "\n")
    write(sections, path)


def write(sections: dict[str, Any], path: Path) -> None:
    """The page and the picture beside the figures."""
    text = page(sections)
    path.with_suffix(".md").write_text(text)
    print(text)
    if "stacks" in sections and picture.available():
        picture.draw(sections["stacks"]["figures"], TITLE, path.with_suffix(".png"))
    elif "stacks" in sections:
        print("matplotlib is not installed: no picture (pip install -e '.[bench]').")
    print(f"written: {path.with_suffix('')}.*")


def _kept(path: Path) -> dict[str, Any]:
    """The sections measured before on this day, so that one can be measured again."""
    if not path.exists():
        return {}
    sections: dict[str, Any] = json.loads(path.read_text()).get("sections", {})
    return sections


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m src.bench", description=__doc__)
    parser.add_argument("--rounds", type=_positive, default=5)
    parser.add_argument("--command-rounds", type=_positive, default=1, help="of the whole sweep")
    parser.add_argument("--memory-rounds", type=_positive, default=3)
    parser.add_argument("--look-rounds", type=_positive, default=3, help="of whole fits")
    parser.add_argument("--reliability-rounds", type=_positive, default=3, help="of whole sweeps")
    parser.add_argument("--sizes", type=_sizes, default=stacks.SIZES, help="of the stacks: 1,8,64")
    parser.add_argument(
        "--only", type=_sections, default=list(SECTIONS), help=f"of {','.join(SECTIONS)}"
    )
    parser.add_argument(
        "--output", type=Path, default=PROJECT / "docs" / "benchmarks", help="a folder"
    )
    asked = parser.parse_args(arguments)
    words = [f"--rounds {asked.rounds}", f"--command-rounds {asked.command_rounds}"]
    words.append(f"--memory-rounds {asked.memory_rounds} --look-rounds {asked.look_rounds}")
    words.append(f"--reliability-rounds {asked.reliability_rounds}")
    if len(asked.only) < len(SECTIONS):
        words.append(f"--only {','.join(asked.only)}")
    if tuple(asked.sizes) != stacks.SIZES:
        words.append(f"--sizes {','.join(map(str, asked.sizes))}")
    asked.command = " ".join(["python -m src.bench", *words])
    return asked


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: must be an integer of at least 1.")
    return int(text)


def _sizes(text: str) -> list[int]:
    return [_positive(word) for word in text.split(",")]


def _sections(text: str) -> list[str]:
    names = [name for name in text.split(",") if name]
    for name in names:
        if name not in SECTIONS:
            allowed = ", ".join(SECTIONS)
            raise argparse.ArgumentTypeError(f"{name}: no such section; allowed: {allowed}.")
    return names


if __name__ == "__main__":
    with process():
        main()

"""Many tiny members in one process: python -m tests.thousand [MEMBERS] [MEMBERS_IN_A_STACK].

Prints resident memory and open files when so many have ended, a line of JSON each.
"""

import gc
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

from src.config import register
from src.isolation import Stack
from src.ledger.rows import Row
from src.ledger.store import Ledger
from src.members import train_members
from tests.training import tiny, vary

SHOWN = (100, 400, 700, 1000)


def resident_kb() -> int:
    found = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


def tell_while_training() -> None:
    """Print a line when as many members have ended as are to be shown."""
    run, ended = Stack.run, [0]

    def told(stack: Stack) -> Any:
        results = run(stack)
        before, ended[0] = ended[0], ended[0] + len(results)
        if any(before < count <= ended[0] for count in SHOWN):
            gc.collect()  # what is left is held
            files = len(os.listdir("/proc/self/fd"))
            shown = {"members": ended[0], "resident_kb": resident_kb(), "files": files}
            print(json.dumps(shown), flush=True)
        return results

    Stack.run = told  # type: ignore[method-assign,assignment]


def main(members: int = 1000, at_once: int = 10) -> None:
    torch.set_num_threads(1)
    register()
    tell_while_training()
    base = tiny(logger="tensorboard")
    configs = [vary(base, seed=seed) for seed in range(members)]
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        folders = [home / f"seed={seed}" for seed in range(members)]
        for folder in folders:
            folder.mkdir()
        labels = [folder.name for folder in folders]
        stacks = [range(k, min(k + at_once, members)) for k in range(0, members, at_once)]
        with Ledger.at(home) as ledger:
            ledger.enter([Row(label, k, label, [], "") for k, label in enumerate(labels)])
            results = train_members(configs, folders, labels, stacks, ledger=ledger)
    assert {result.status for result in results} == {"done"}


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

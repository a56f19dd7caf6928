"""`make data`: have the files of a dataset ready and checked under its folder."""

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from src.interruption import in_one_line, process

with in_one_line():
    from src.config import PROJECT
    from src.errors import InputError


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m src.data", description=__doc__)
    parser.add_argument("dataset", nargs="?", default="fashion_mnist")
    parser.add_argument("--root", type=Path, help="default: data/<dataset>")
    parser.add_argument("--mirror", action="append", default=[], help="a URL to try first")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    from src.data.datasets import DATASETS
    from src.data.sources import (
        PackageFolder,
        PackageInstall,
        TorchvisionDownload,
        install,
        provide,
    )

    root = arguments.root or PROJECT / "data" / arguments.dataset
    try:
        if arguments.dataset not in DATASETS:
            raise InputError(
                f"dataset={arguments.dataset}: must be one of {', '.join(sorted(DATASETS))}."
            )
        sources = (PackageFolder(), TorchvisionDownload(arguments.mirror), PackageInstall())
        files = provide(DATASETS[arguments.dataset], root, sources)
        if not all((root / name).is_file() for name in files):
            # They were there packed, or as torchvision lays them out: unpacked once, read faster.
            with tempfile.TemporaryDirectory(prefix=".partial-", dir=root) as workspace:
                install(files, root, Path(workspace))
    except InputError as error:
        sys.exit(f"error: {error}")
    print(f"{arguments.dataset}: four files, checked, in {root}")


if __name__ == "__main__":
    with process():
        main()

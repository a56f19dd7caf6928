"""`python -m src.report FOLDER...`: the report of finished or interrupted sweeps."""

import sys
from collections.abc import Sequence
from pathlib import Path

from src.errors import InputError


def main(arguments: Sequence[str] | None = None) -> None:
    from src.report.analysis import analyse
    from src.report.results import read
    from src.report.write import write

    folders = [Path(item) for item in (sys.argv[1:] if arguments is None else arguments)]
    try:
        print(write(analyse(read(*folders)), folders[0] / "report"))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()

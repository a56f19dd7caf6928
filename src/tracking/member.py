"""One member's story: its curves, its log, and the result that is written last."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from src.config import Config, as_plain
from src.diagnostics.records import RECORDS, Record, Story
from src.diagnostics.records import write as write_records
from src.diagnostics.verdicts.judge import judge
from src.diagnostics.verdicts.verdict import as_plain as as_plain_verdicts
from src.diagnostics.verdicts.verdict import facts_of
from src.errors import on_one_line
from src.ledger.store import Ledger
from src.schema.diagnostics import Tier
from src.tracking import earlier
from src.tracking.board import Board
from src.tracking.events import Buckets
from src.tracking.files import FILES, LOG, RESULT, append, write_result
from src.tracking.kept import KeptFiles, Place, cut

Row = dict[str, float | int]


@dataclass
class MemberTracker:
    """Curves and log of one member; `rows` has one entry for step 0 and one for each epoch."""

    config: Config
    folder: Path
    label: str
    rows: list[Row] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    test: dict[str, float] | None = None
    diverged_at: int | None = None
    steps_to_80: int | None = None  # None: never, or not yet (see src.tracking.pace)
    of: int = 1  # members of the command
    held_out: bool = False  # the test set is not looked at
    ledger: Ledger | None = None
    place: Place | None = None  # in the checkpoint that it goes on from
    again: bool = False  # whether an earlier attempt may have left files
    begun_by: list[dict[str, str]] = field(default_factory=list)  # other code, earlier
    files: dict[str, str] = field(default_factory=dict)  # SHA-256 of what was written, by name
    _lines: list[str] = field(default_factory=list)
    _board: Board | None = None

    def afresh(self) -> "MemberTracker":
        """The same member for another attempt, which goes on from its last checkpoint, if any."""
        return MemberTracker(
            self.config,
            self.folder,
            self.label,
            of=self.of,
            held_out=self.held_out,
            ledger=self.ledger,
            place=self.place,
            again=True,
        )

    @property
    def in_full(self) -> bool:
        """Whether TensorBoard is told more than the member's metrics."""
        logger = self.config.logger
        return logger.tensorboard and logger.in_full(self.of)

    def start(self, kept: KeptFiles | None = None, step: int = 0) -> None:
        """kept: where the member's own files ended at the step that it goes on from."""
        how = f"goes on from step {step}" if step else "started"
        if kept is not None:
            cut(self.folder / LOG, kept.log)
        elif self.again and self._remove_earlier():
            how += " again"
        if self.config.logger.tensorboard:
            self._board = Board(self.config, self.folder, self.in_full, kept)
        self.say(f"{self.label}: {how}")
        self.flush()

    def reset(self) -> None:
        """Forget what this attempt has seen: it begins at its start after all."""
        self.rows, self.records, self.begun_by, self._lines = [], [], [], []
        self.test = self.diverged_at = self.steps_to_80 = self._board = self.place = None
        self.again = True

    def _remove_earlier(self) -> bool:
        """Whether there was an earlier attempt; its curves would be shown beside the new ones."""
        earlier.clear(self.folder)
        return (self.folder / LOG).exists()

    def kept_files(self) -> KeptFiles:
        """Where its files end now, all that is known being written."""
        self.flush()
        log = (self.folder / LOG).stat().st_size
        return KeptFiles(log) if self._board is None else self._board.kept(log)

    def point(self, tag: str, step: int, value: float) -> None:
        if self._board is not None:
            self._board.point(tag, step, value)

    def measured(self, rows: Sequence[Record]) -> None:
        """Take in what probes have measured."""
        self.records.extend(rows)
        if self._board is not None:
            self._board.measured(rows)

    def histograms(self, step: int, found: Mapping[str, Buckets]) -> None:
        if self._board is not None:
            self._board.histograms(step, found)

    def picture(self, tag: str, step: int, png: bytes, size: tuple[int, int]) -> None:
        """size: width and height."""
        if self._board is not None:
            self._board.image(tag, step, png, size)

    def say(self, line: str) -> None:
        self._lines.append(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")

    def epoch(self, row: Row, rate: float) -> None:
        """Take in the means of an epoch, the evaluation at its end, and the last step's rate."""
        self.rows.append(row)
        step = int(row["step"])
        for name in ("loss", "accuracy"):
            for part in ("train", "validation"):
                if f"{part}_{name}" in row:
                    self.point(f"{name}/{part}", step, row[f"{part}_{name}"])
        self.point("learning_rate", step, rate)
        self.say(", ".join(f"{key} {value:.6g}" for key, value in row.items()))
        self.flush()

    def diverged(self, step: int) -> None:
        self.diverged_at = step
        self.say(f"diverged: the loss is not finite at step {step}")

    @property
    def best(self) -> Row | None:
        finite = [row for row in self.rows if math.isfinite(row["validation_loss"])]
        return max(finite, key=lambda row: row["validation_accuracy"], default=None)

    @property
    def verdict(self) -> dict[str, Any] | None:
        """What the records say of this member; None where nothing was to be measured.

        None as well where nothing could be; but that a member diverged is known without records.
        """
        off = self.config.diagnostics.tier is Tier.off
        if not self.records and (off or self.diverged_at is None):
            return None
        try:
            facts = facts_of(self.config, self.diverged_at)
            return as_plain_verdicts(judge(Story(self.records), facts))
        except Exception as error:  # noqa: BLE001 - a rule's fault is no reason to lose a member
            self.say(f"no verdict: {type(error).__name__}: {on_one_line(error)}")
            return None

    def finish(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Write the result; nothing of this member is written after it."""
        status = "done" if self.diverged_at is None else "diverged"
        step = int(self.diverged_at if self.diverged_at is not None else self.rows[-1]["step"])
        verdict = self.verdict
        result = {
            "status": status,
            "step": step,
            "metrics": {
                "initial": self.rows[0] if self.rows else None,
                "best": self.best,
                "last": self.rows[-1] if self.rows and self.diverged_at is None else None,
                "test": self.test,
            },
            "steps_to_80": self.steps_to_80,
            "verdict": verdict,
            "label": self.label,
            **facts,
            "seeds": {
                "seed": self.config.seed,
                "data.order_seed": self.config.data.order_seed,
                "data.split_seed": self.config.data.split_seed,
                "model.dropout_seed": self.config.model.dropout_seed,
            },
            "config": as_plain(self.config),
            "epochs": self.rows,
            FILES: self.files,
        }
        self._end_board(step, verdict, status)
        self._keep_records()
        self.say(f"{status}")
        self.flush()
        write_result(self.folder / RESULT, result)
        earlier.drop(self.folder)
        return result

    def _ends(self, step: int) -> Iterator[tuple[str, int, float]]:
        """Tag, step and value of what is known at the end; all that result.json has, no more."""
        if self.diverged_at is None:
            for name in ("accuracy", "loss"):
                yield f"{name}/final", step, self.rows[-1][f"validation_{name}"]
        if self.best is not None:
            yield "accuracy/best", int(self.best["step"]), self.best["validation_accuracy"]
        if self.steps_to_80 is not None:
            yield "accuracy/steps_to_80", step, self.steps_to_80

    def _end_board(self, step: int, verdict: dict[str, Any] | None, status: str) -> None:
        if self._board is None:
            return
        try:
            for point in self._ends(step) if status != "failed" else ():
                self._board.point(*point)
            self._board.end(step, verdict, success=status == "done")
        except Exception as error:  # noqa: BLE001 - the result does without a dashboard
            told = f"{type(error).__name__}: {on_one_line(error)}"
            self.say(f"TensorBoard is not told the end: {told}")

    def _keep_records(self) -> None:
        if not self.records:
            return
        try:
            self.files[RECORDS] = write_records(self.folder / RECORDS, self.label, self.records)
        except OSError:
            raise  # there would be none of the result either, or only half of it
        except Exception as error:  # noqa: BLE001 - the result does without them
            self.say(f"no {RECORDS}: {type(error).__name__}: {on_one_line(error)}")

    def fail(self, sentence: str, trace: str, facts: dict[str, Any]) -> None:
        """Write what is known of a member that could not be trained to its end."""
        self.say(f"failed: {sentence}\n{trace}")
        self._end_board(0, None, "failed")
        self.flush()
        if earlier.is_finished(self.folder):  # of which a file beside the result was damaged
            earlier.put_back(self.folder)
            return
        result = {
            "status": "failed",
            "error": sentence,
            "label": self.label,
            **facts,
            "config": as_plain(self.config),
            "epochs": self.rows,
            FILES: self.files,
        }
        write_result(self.folder / RESULT, result)

    def flush(self) -> None:
        if self._board is not None:
            self._board.events.flush()
        append(self.folder / LOG, "".join(self._lines).encode())
        self._lines.clear()

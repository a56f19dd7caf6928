"""train_members: from configurations and folders to results. A single run is a stack of one.

Importing this imports Lightning, which takes seconds: only what trains does.
"""

import logging
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src.assembly import build_model, recipes, run_steps
from src.checkpoints.file import UnfitError
from src.checkpoints.places import home_of, places_of, remove_ended
from src.checkpoints.saver import Saver
from src.checkpoints.start import Start, start_of
from src.config import Config
from src.errors import told
from src.fit import fit_stack
from src.ledger.rows import ENDED
from src.ledger.store import Ledger
from src.model import StackedMLP
from src.progress import Progress, watch
from src.report.results import Record
from src.stacks import group, splits_of
from src.standing import name_of, objective, summary
from src.tracking.member import WEIGHTS, MemberTracker
from src.tracking.opening import initial_weights
from src.tracking.provenance import device_name, git_revision, source_sha256, versions
from src.tracking.stack import StackTracker
from src.tracking.weights import save_weights
from src.tuned import UntunableMembers

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What became of one member; `record` is what result.json says."""

    status: str
    record: dict[str, Any]

    @property
    def objective(self) -> float:
        """Last validation accuracy, NaN for a member that diverged or failed."""
        return objective(self.record)


def train_members(
    configs: Sequence[Config],
    folders: Sequence[Path],
    labels: Sequence[str],
    stacks: Sequence[Sequence[int]] | None = None,
    held_out: bool = False,
    ledger: Ledger | None = None,
    finished: Mapping[int, Record] | None = None,
) -> list[Result]:
    """Train every member and write its results into its folder; results in the order given.

    held_out: the test set is not looked at; src.held_out does so for those that are chosen. The
    configurations have been checked, which gave the stacks (src.stacks.checked). A member that
    diverges is a result. A member that cannot be trained is recorded as failed, and the others go
    on. finished: results of earlier commands, by position; those members are in no stack.
    """
    members = list(zip(configs, folders, labels, strict=True))
    asked = group(configs) if stacks is None else stacks
    going_on = places_of(configs, folders, asked, ledger)
    stacks = going_on.divided(asked)
    total = sum(len(stack) * run_steps(configs[stack[0]]) for stack in stacks)
    results = {k: Result(record["status"], record) for k, record in (finished or {}).items()}
    with watch(total, all(config.quiet for config in configs)) as progress:
        for stack in stacks:
            trackers = [
                MemberTracker(
                    *members[k],
                    of=len(configs),
                    held_out=held_out,
                    ledger=ledger,
                    place=going_on.places.get(k),
                    again=going_on.again,
                )
                for k in stack
            ]
            results.update(zip(stack, _run(trackers, progress), strict=True))
            progress.stack_done(len(stack) * run_steps(configs[stack[0]]))
    ended = [folders[k] for k, result in results.items() if result.status in ENDED]
    if not any(config.trainer.checkpoint for config in configs):
        remove_ended(ledger, ended)
    return [results[k] for k in range(len(configs))]


def _run(members: list[MemberTracker], progress: Progress) -> list[Result]:
    """Train a stack; one that raises is tried again in halves, so that one member's fault is its
    own, and a stack too large for the memory finds its size."""
    started = time.perf_counter()
    begin(members)
    try:
        return _train_stack(members, progress)
    except UntunableMembers as error:
        return _without(members, error.faults, progress, started)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other members go on
        if len(members) == 1 or members[0].config.trainer.ckpt_path is not None:
            # A checkpoint is that of the whole stack: halves could not go on from it.
            return [_failed(member, error, started) for member in members]
        log.warning("a stack of %d failed (%s); trying its halves", len(members), told(error))
    middle = len(members) // 2
    fresh = [member.afresh() for member in members]
    return _run(fresh[:middle], progress) + _run(fresh[middle:], progress)


def begin(members: Sequence[MemberTracker]) -> None:
    """Tell the ledger that they train from now on."""
    ledger = members[0].ledger
    if ledger is not None:
        ledger.begin([name_of(member.folder, ledger.folder) for member in members])


def _without(
    members: list[MemberTracker],
    faults: Mapping[int, Exception],
    progress: Progress,
    started: float,
) -> list[Result]:
    """The members of these positions have failed before the first step; the others train."""
    results = {k: _failed(members[k], fault, started) for k, fault in faults.items()}
    others = [k for k in range(len(members)) if k not in faults]
    if others:
        results.update(zip(others, _run([members[k] for k in others], progress), strict=True))
    return [results[k] for k in range(len(members))]


def _failed(member: MemberTracker, error: Exception, started: float) -> Result:
    sentence = told(error)
    log.error("failed: %s: %s", member.label, sentence)
    facts, trace = _facts(1, started), traceback.format_exc()
    result = Result("failed", member.fail(sentence, trace, facts))
    if member.ledger is not None:
        member.ledger.fail(name_of(member.folder, member.ledger.folder), sentence, trace)
    return result


def _facts(members: int, started: float) -> dict[str, Any]:
    seconds = time.perf_counter() - started
    return {
        "members_in_stack": members,
        "stack_seconds": seconds,
        "seconds": seconds / members,
        "versions": versions(),
        "git_revision": git_revision(),
        "source_sha256": source_sha256(),
    }


def _train_stack(members: list[MemberTracker], progress: Progress) -> list[Result]:
    try:
        return _trained(members, progress, start_of([member.place for member in members]))
    except UnfitError as error:
        log.warning("%s; %d member(s) begin at their start", error, len(members))
    for member in members:
        member.reset()
    return _trained(members, progress, None)


def _trained(members: list[MemberTracker], progress: Progress, start: Start | None) -> list[Result]:
    configs = [member.config for member in members]
    splits = splits_of(configs[0])
    started = time.perf_counter()
    model = build_model(configs, splits)
    initial = [initial_weights(model, k) for k in range(len(members))]
    tracker = StackTracker(members, progress)
    if start is not None:
        start.restore(model, tracker)
    for k, member in enumerate(members):
        files = (None, 0) if start is None else (start.files[k], start.point.steps_done)
        member.start(*files)
    with Saver(home_of(members), members) as saver:
        device = fit_stack(model, recipes(configs, splits), tracker, splits, start, saver)
        facts = _facts(len(members), started) | {
            "device": device_name(device),
            "data_sha256": splits.checksums,
            "classes": splits.classes,
        }
        results = [
            _finish(member, model, k, facts | _opening(tracker, k, initial[k]))
            for k, member in enumerate(members)
        ]
        saver.keep = saver.keep or any(result.status == "failed" for result in results)
    return results


def _opening(tracker: StackTracker, k: int, initial: list[dict[str, Any]]) -> dict[str, Any]:
    first_steps = tracker.opening.of(k, tracker.members[k].diverged_at)
    return {"first_steps": first_steps, "initial_weights": initial}


def _finish(member: MemberTracker, model: StackedMLP, k: int, facts: dict[str, Any]) -> Result:
    """Write weights and result; a fault in that is this member's alone."""
    config = member.config
    notes = {
        "activation": config.activation.name,
        "hidden": str(config.model.hidden),
        "scaling": config.data.scaling.value,
        "label": member.label,
    }
    try:
        scales = model.member_scales(k)
        member.files[WEIGHTS] = save_weights(
            member.folder / WEIGHTS, model.member(k), notes, scales
        )
        record = member.finish(facts)
        if member.ledger is not None:
            name = name_of(member.folder, member.ledger.folder)
            member.ledger.end(name, record["status"], summary(record))
    except OSError as error:
        return _failed(member, error, time.perf_counter())
    return Result(record["status"], record)

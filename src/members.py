"""train_members: from configurations and folders to results. A single run is a stack of one.

Importing this imports Lightning, which takes seconds: only what trains does.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from src.assembly import build_model, recipes, run_steps
from src.checkpoints.file import UnfitError
from src.checkpoints.places import home_of, places_of, remove_ended
from src.checkpoints.saver import Saver
from src.checkpoints.start import Start, start_of
from src.config import Config
from src.fit import fit_stack
from src.identity import BEGAN_WITH, sha256_of_weights
from src.interruption import check
from src.isolation import Fault, Result, Stack, facts_of_attempt
from src.ledger.rows import ENDED, FAILED
from src.ledger.store import Ledger
from src.model import StackedMLP
from src.progress import Progress, watch
from src.report.results import Record
from src.stacks import group, splits_of
from src.standing import name_of, summary
from src.storage import concerns_all
from src.tracking.files import WEIGHTS
from src.tracking.member import MemberTracker
from src.tracking.opening import initial_weights
from src.tracking.provenance import device_name, is_other
from src.tracking.stack import StackTracker
from src.tracking.weights import save_weights

log = logging.getLogger(__name__)


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
    on; SweepStopped where it asks for that. OSError where files cannot be written, whosever they
    are. finished: results of earlier commands, by position; those members are in no stack.
    """
    members = list(zip(configs, folders, labels, strict=True))
    asked = group(configs) if stacks is None else stacks
    going_on = places_of(configs, folders, asked, ledger)
    stacks = going_on.divided(asked)
    total = sum(len(stack) * run_steps(configs[stack[0]]) for stack in stacks)
    results = {k: Result.of(record) for k, record in (finished or {}).items()}
    with watch(total, all(config.quiet for config in configs)) as progress:
        train = partial(_train_stack, progress=progress)
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
            results.update(zip(stack, Stack(trackers, train).run(), strict=True))
            progress.stack_done(len(stack) * run_steps(configs[stack[0]]))
    ended = [folders[k] for k, result in results.items() if result.status in ENDED]
    if not any(config.trainer.checkpoint for config in configs):
        remove_ended(ledger, ended)
    return [results[k] for k in range(len(configs))]


def _train_stack(members: list[MemberTracker], progress: Progress) -> list[Result | Fault]:
    try:
        return _trained(members, progress, start_of([member.place for member in members]))
    except UnfitError as error:
        log.warning("%s; %d member(s) begin at their start", error, len(members))
    for member in members:
        member.reset()
    return _trained(members, progress, None)


def _trained(
    members: list[MemberTracker], progress: Progress, start: Start | None
) -> list[Result | Fault]:
    configs = [member.config for member in members]
    splits = splits_of(configs[0])
    started = time.perf_counter()
    began_with = [_file_of_weights(config) for config in configs]  # now: it may be replaced
    model = build_model(configs, splits)
    initial = [
        {"initial_weights": initial_weights(model, k), **began_with[k]} for k in range(len(members))
    ]
    tracker = StackTracker(members, progress)
    if start is not None:
        start.restore(model, tracker)
        for member, code in zip(members, start.code, strict=True):
            member.begun_by = [each for each in code if is_other(each)]
    for k, member in enumerate(members):
        files = (None, 0) if start is None else (start.files[k], start.point.steps_done)
        member.start(*files)
    with Saver(home_of(members), members) as saver:
        device = fit_stack(model, recipes(configs, splits), tracker, splits, start, saver)
        facts = facts_of_attempt(len(members), started) | {
            "device": device_name(device),
            "data_sha256": splits.checksums,
            "classes": splits.classes,
        }
        results = [
            _finish(member, model, k, facts | _since(tracker, k) | initial[k])
            for k, member in enumerate(members)
        ]
        saver.keep = saver.keep or any(result.status == FAILED for result in results)
    return results


def _file_of_weights(config: Config) -> dict[str, str]:
    weights = config.model.weights
    return {} if weights is None else {BEGAN_WITH: sha256_of_weights(Path(weights))}


def _since(tracker: StackTracker, k: int) -> dict[str, Any]:
    """What a result says of how its member began, beside the weights that it began with."""
    member = tracker.members[k]
    begun_by = {"begun_by": member.begun_by} if member.begun_by else {}
    return {"first_steps": tracker.opening.of(k, member.diverged_at), **begun_by}


def _finish(
    member: MemberTracker, model: StackedMLP, k: int, facts: dict[str, Any]
) -> Result | Fault:
    """Write weights and result; a fault in that is this member's alone."""
    check()
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
    except Exception as error:
        if concerns_all(error, home_of([member])):
            raise
        return Fault.of(error)
    return Result.of(record)

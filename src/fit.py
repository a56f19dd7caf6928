"""One stack through Lightning: evaluated at step 0, trained, evaluated, tested once at the end."""

import logging
import signal
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from src.capacity import on_gpu
from src.checkpoints.saver import Saver
from src.checkpoints.start import Point, Start
from src.data.chunks import steps_per_epoch
from src.data.examples import Splits
from src.data.module import StackData
from src.diagnostics.gallery import Gallery
from src.diagnostics.histograms import schedule_of_histograms
from src.diagnostics.recorder import Recorder
from src.diagnostics.schedule import never, schedule_of
from src.engine.protocol import Recipe
from src.interruption import check
from src.lightning import Callback, LightningEnvironment, Trainer
from src.model import StackedMLP
from src.module import StackModule
from src.progress import Progress
from src.saving import SaveStack
from src.schema.run import TrainerConfig
from src.stopping import Stopping
from src.tracking.member import MemberTracker
from src.tracking.stack import StackTracker


def fit_stack(
    model: StackedMLP,
    recipes: Sequence[Recipe],
    tracker: StackTracker,
    splits: Splits,
    start: Start | None = None,
    saver: Saver | None = None,
) -> torch.device:
    """Train the model in place, and return the device that it was trained on.

    start: what it goes on from; UnfitError where its optimizers do not. saver: of its checkpoints.
    """
    configs = [member.config for member in tracker.members]
    config, point = configs[0].trainer, Point() if start is None else start.point
    module = StackModule(model, recipes, config.precision, tracker, start)
    orders = [member.data.order_seed for member in configs]
    steps = steps_per_epoch(len(splits.train), configs[0].data, config)
    watched = schedule_of(configs[0].diagnostics, steps)
    begin = point.epoch, point.step
    data = StackData(splits, configs[0].data, config, orders, watched, begin)
    in_full = tracker.members[0].in_full
    pictured = schedule_of_histograms(configs[0].diagnostics, steps) if in_full else never
    recorder = Recorder(watched, tracker, pictured, point.last_look)
    stopping = Stopping(tracker)
    callbacks: list[Callback] = [stopping, recorder]
    gallery = Gallery(tracker) if in_full and configs[0].diagnostics.images else None
    if gallery is not None:
        callbacks.append(gallery)
    if saver is not None:
        callbacks.append(SaveStack(saver, recorder, stopping.urgent))
    with _without_noise(), _interrupts_passed_on():
        trainer = _trainer(config, tracker.members[0].folder, callbacks)
        device = trainer.strategy.root_device
        if start is None:
            trainer.validate(module, data, verbose=False)
        if config.epochs > point.epoch and any(tracker.alive):
            _begin_at(trainer, point.epoch)
            try:
                trainer.fit(module, data)
            finally:
                module.close()
        elif gallery is not None and start is not None and tracker.members[0].held_out:
            # Interrupted after its last step: neither a training nor a test will end.
            gallery.draw(model.to(device), splits.to(device), config.precision, point.steps_done)
            model.to("cpu")
        if any(tracker.alive) and not tracker.members[0].held_out:
            trainer.test(module, data, verbose=False)
    return device  # Lightning has brought the module itself back to the CPU


def _begin_at(trainer: Trainer, epoch: int) -> None:
    """Let Lightning count so many epochs as done; what was done in them is ours to restore."""
    done = dict.fromkeys(("ready", "started", "processed", "completed"), epoch)
    trainer.fit_loop.epoch_progress.current.load_state_dict(done)


def test_stack(model: StackedMLP, members: Sequence[MemberTracker], splits: Splits) -> None:
    """Give members that are trained already the test metrics that a run ends with."""
    config = members[0].config
    tracker = StackTracker(members, Progress(0))
    module = StackModule(model, [], config.trainer.precision, tracker)
    data = StackData(splits, config.data, config.trainer, [config.data.order_seed])
    with _without_noise(), _interrupts_passed_on():
        trainer = _trainer(config.trainer, members[0].folder, [])
        trainer.test(module, data, verbose=False)


@contextmanager
def _interrupts_passed_on() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM reach the command: Lightning makes SystemExit of them."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as error:
        check()
        if isinstance(error.__context__, KeyboardInterrupt):
            raise error.__context__ from None
        raise
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _without_noise() -> Iterator[None]:
    """No banners, no advice to use a GPU, no complaint about Lightning's own use of torch."""
    for name in ("pytorch_lightning", "lightning_fabric"):
        # Lightning sets its level while it is imported, after Hydra has configured logging.
        logging.getLogger(name).setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*LeafSpec.*")
        warnings.filterwarnings("ignore", message="GPU available but not used")
        yield


def _trainer(config: TrainerConfig, folder: Path, callbacks: list[Callback]) -> Trainer:
    return Trainer(
        accelerator="gpu" if on_gpu(config) else "cpu",
        devices=1,
        # tf32 is float32 to Lightning: how products read it is the engine's.
        precision="32-true" if config.precision == "tf32" else config.precision,  # type: ignore[arg-type]
        max_epochs=config.epochs,
        callbacks=callbacks,
        num_sanity_val_steps=0,
        reload_dataloaders_every_n_epochs=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        # Lightning's own detection of Slurm would fight the launchers that run us there.
        plugins=[LightningEnvironment()],
    )

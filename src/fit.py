"""One stack through Lightning: evaluated at step 0, trained, evaluated, tested once at the end."""

import logging
import os
import signal
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from src.capacity import on_gpu
from src.checkpoints import stack_digest
from src.data.chunks import steps_per_epoch
from src.data.examples import Splits
from src.data.module import StackData
from src.diagnostics.gallery import Gallery
from src.diagnostics.histograms import schedule_of_histograms
from src.diagnostics.recorder import Recorder
from src.diagnostics.schedule import never, schedule_of
from src.engine.protocol import Recipe
from src.lightning import Callback, LightningEnvironment, LightningModule, Trainer
from src.model import StackedMLP
from src.module import StackModule
from src.progress import Progress
from src.schema.run import TrainerConfig
from src.stopping import Stopping
from src.tracking.member import MemberTracker
from src.tracking.stack import StackTracker


class SaveStack(Callback):
    """Writes the whole stack at each epoch's end, whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        partial = self.path.with_suffix(".partial")
        trainer.save_checkpoint(partial)
        partial.replace(self.path)


def fit_stack(
    model: StackedMLP,
    recipes: Sequence[Recipe],
    tracker: StackTracker,
    splits: Splits,
) -> torch.device:
    """Train the model in place, and return the device that it was trained on."""
    configs = [member.config for member in tracker.members]
    config = configs[0].trainer
    module = StackModule(model, recipes, config.precision, tracker)
    orders = [member.data.order_seed for member in configs]
    steps = steps_per_epoch(len(splits.train), configs[0].data, config)
    watched = schedule_of(configs[0].diagnostics, steps)
    data = StackData(splits, configs[0].data, config, orders, watched)
    folders = [str(member.folder) for member in tracker.members]
    in_full = tracker.members[0].in_full
    pictured = schedule_of_histograms(configs[0].diagnostics, steps) if in_full else never
    recorder = Recorder(watched, tracker, pictured)
    callbacks: list[Callback] = [Stopping(tracker), recorder]
    if in_full and configs[0].diagnostics.images:
        callbacks.append(Gallery(tracker))
    if config.checkpoint:
        name = f"stack-{stack_digest(configs)}.ckpt"
        callbacks.append(SaveStack(Path(os.path.commonpath(folders)) / name))
    with _without_noise(), _interrupts_passed_on():
        trainer = _trainer(config, Path(folders[0]), callbacks)
        device = trainer.strategy.root_device
        if config.ckpt_path is None:
            trainer.validate(module, data, verbose=False)
        if config.epochs > 0 and any(tracker.alive):
            try:
                # weights_only: a checkpoint is data, never code.
                trainer.fit(module, data, ckpt_path=config.ckpt_path, weights_only=True)
            finally:
                module.close()
        if any(tracker.alive) and not tracker.members[0].held_out:
            trainer.test(module, data, verbose=False)
    return device  # Lightning has brought the module itself back to the CPU


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

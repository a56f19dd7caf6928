"""A configured schedule as torch.optim.lr_scheduler makes it."""

from torch.optim import Optimizer, lr_scheduler
from torch.optim.lr_scheduler import LRScheduler

from src.config import Config
from src.data.chunks import steps_per_epoch
from src.schema.schedule import CosineConfig, LinearConfig, StepConfig


def scheduler(config: Config, optimizer: Optimizer) -> LRScheduler:
    """A warm-up and then what is scheduled; its .step() follows each step of the optimizer."""
    epoch_steps = steps_per_epoch(config.data.train_size, config.data, config.trainer)
    schedule, warmup = config.schedule, config.schedule.warmup_steps
    left = config.trainer.epochs * epoch_steps - warmup
    first = lr_scheduler.LinearLR(optimizer, 1 / (warmup + 1), total_iters=warmup)
    then: LRScheduler = lr_scheduler.ConstantLR(optimizer, 1.0)
    if isinstance(schedule, CosineConfig):
        lowest = config.optimizer.lr * schedule.final
        then = lr_scheduler.CosineAnnealingLR(optimizer, left, lowest)
    elif isinstance(schedule, LinearConfig):
        then = lr_scheduler.LinearLR(optimizer, 1.0, schedule.final, left)
    elif isinstance(schedule, StepConfig):
        stairs = lr_scheduler.StepLR(optimizer, schedule.every_epochs * epoch_steps, schedule.gamma)
        return lr_scheduler.ChainedScheduler([first, stairs], optimizer)
    return lr_scheduler.SequentialLR(optimizer, [first, then], [warmup])

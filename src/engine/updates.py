"""One update of one member by its torch.optim optimizer, at the least cost of a call.

torch.optim spends more time finding its state than a fused kernel does computing. For the classes
that people sweep most, the kernel is called with the optimizer's own state, as its step() would;
the state stays the optimizer's, and with it checkpoints.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.optim import Adam, AdamW, Optimizer

Update = Callable[[], object]


def update_of(optimizer: Optimizer, parameter: Tensor) -> Update:
    """What makes one step of an optimizer of one parameter, whose .grad stays the same tensor.

    To be asked for anew after the optimizer's state has been loaded.
    """
    options = optimizer.param_groups[0]
    state = optimizer.state.get(parameter)
    fused = type(optimizer) in (Adam, AdamW) and options["fused"]
    if not fused or not state or parameter.grad is None:
        return optimizer.step  # the first step makes the state
    largest = [state["max_exp_avg_sq"]] if options["amsgrad"] else []
    kernel = torch._fused_adamw_ if options["decoupled_weight_decay"] else torch._fused_adam_
    beta1, beta2 = options["betas"]
    step = state["step"]
    one = torch.ones_like(step)  # a Python number would be made a tensor at each call
    tensors = ([parameter], [parameter.grad], [state["exp_avg"]], [state["exp_avg_sq"]])
    keywords = {
        "beta1": beta1,
        "beta2": beta2,
        "weight_decay": options["weight_decay"],
        "eps": options["eps"],
        "amsgrad": options["amsgrad"],
        "maximize": options["maximize"],
    }

    def update() -> None:
        step.add_(one)
        # A schedule changes lr from step to step.
        kernel(*tensors, largest, [step], lr=options["lr"], **keywords)

    return update

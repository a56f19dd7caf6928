"""Update rules over a stack: torch.optim's arithmetic, each member with its own numbers.

A rule has two parts. `coefficients` turns hyperparameters [m] and numbers of updates [t, m] into
the scalars of each step, in float64 on the host, as torch.optim's single-tensor code does with
Python numbers. `update` is elementwise over [m, p] and takes one step's scalars as [m, 1]: no host
in it, so a CUDA graph can hold it. Names of state tensors are torch.optim's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Numbers = Mapping[str, Tensor]
State = dict[str, Tensor]
# (parameters, gradients, state, coefficients [m, 1], flags) -> new parameters and new state
Update = Callable[[Tensor, Tensor, State, Numbers, frozenset[str]], tuple[Tensor, State]]
# (hyperparameters [m], learning rates [t, m], numbers of updates, from 1, [t, m]) -> each [t, m]
Coefficients = Callable[[Numbers, Tensor, Tensor], dict[str, Tensor]]

# What makes members take different paths through a rule; members of one pass share these.
FLAGS = ("weight_decay", "momentum", "nesterov", "centered", "amsgrad", "decoupled_weight_decay")


@dataclass(frozen=True)
class Rule:
    moments: Callable[[frozenset[str]], tuple[str, ...]]  # state tensors as large as the parameters
    coefficients: Coefficients
    update: Update


def flags_of(options: Mapping[str, Any]) -> frozenset[str]:
    """options: those of torch.optim's parameter group."""
    return frozenset(name for name in FLAGS if options.get(name))


def hyperparameters(options: list[dict[str, Any]]) -> dict[str, Tensor]:
    """What several members' parameter groups hold, as float64 [m] by name."""
    plain = [_plain(group) for group in options]
    return {
        name: torch.tensor([group[name] for group in plain], dtype=torch.float64)
        for name in plain[0]
    }


def _plain(options: Mapping[str, Any]) -> dict[str, float]:
    found = {
        name: float(value) for name, value in options.items() if isinstance(value, int | float)
    }
    if "betas" in options:
        found["beta1"], found["beta2"] = options["betas"]
    return found


def _decayed(p: Tensor, g: Tensor, c: Numbers, flags: frozenset[str]) -> tuple[Tensor, Tensor]:
    """Weight decay: on the parameter where it is decoupled, else in the gradient."""
    if "weight_decay" not in flags:
        return p, g
    if "decoupled_weight_decay" in flags:
        return p * c["shrink"], g
    return p, g + c["weight_decay"] * p


def _decay(h: Numbers, lr: Tensor) -> dict[str, Tensor]:
    decay = h["weight_decay"].expand_as(lr)
    return {"weight_decay": decay, "shrink": 1 - lr * decay}


# --- sgd ----------------------------------------------------------------------------------


def _sgd_coefficients(h: Numbers, lr: Tensor, n: Tensor) -> dict[str, Tensor]:
    # The first gradient enters the buffer whole: 0 · buffer + 1 · gradient.
    first, momentum = n == 1, h["momentum"].expand_as(lr)
    return {
        **_decay(h, lr),
        "lr": lr,
        "momentum": momentum,
        "kept": momentum.masked_fill(first, 0),
        "taken": (1 - h["dampening"]).expand_as(lr).masked_fill(first, 1),
    }


def _sgd(p: Tensor, g: Tensor, s: State, c: Numbers, flags: frozenset[str]) -> tuple[Tensor, State]:
    p, g = _decayed(p, g, c, flags)
    if "momentum" not in flags:
        return p - c["lr"] * g, {}
    buffer = s["momentum_buffer"] * c["kept"] + c["taken"] * g
    g = g + c["momentum"] * buffer if "nesterov" in flags else buffer
    return p - c["lr"] * g, {"momentum_buffer": buffer}


# --- rmsprop, adagrad ---------------------------------------------------------------------


def _rmsprop_coefficients(h: Numbers, lr: Tensor, n: Tensor) -> dict[str, Tensor]:
    names = ("alpha", "eps", "momentum")
    fixed = {name: h[name].expand_as(lr) for name in names}
    return {**_decay(h, lr), **fixed, "lr": lr, "fresh": 1 - fixed["alpha"]}


def _rmsprop(
    p: Tensor, g: Tensor, s: State, c: Numbers, flags: frozenset[str]
) -> tuple[Tensor, State]:
    p, g = _decayed(p, g, c, flags)
    square = s["square_avg"] * c["alpha"] + c["fresh"] * g * g
    new = {"square_avg": square}
    if "centered" in flags:
        new["grad_avg"] = mean = torch.lerp(s["grad_avg"], g, c["fresh"])
        root = (square - mean * mean).sqrt() + c["eps"]
    else:
        root = square.sqrt() + c["eps"]
    if "momentum" not in flags:
        return p - c["lr"] * g / root, new
    new["momentum_buffer"] = buffer = s["momentum_buffer"] * c["momentum"] + g / root
    return p - c["lr"] * buffer, new


def _rmsprop_moments(flags: frozenset[str]) -> tuple[str, ...]:
    names = {"grad_avg": "centered", "momentum_buffer": "momentum"}
    return ("square_avg", *(name for name, flag in names.items() if flag in flags))


def _adagrad_coefficients(h: Numbers, lr: Tensor, n: Tensor) -> dict[str, Tensor]:
    rate = lr / (1 + (n - 1) * h["lr_decay"])
    return {**_decay(h, lr), "lr": rate, "eps": h["eps"].expand_as(lr)}


def _adagrad(
    p: Tensor, g: Tensor, s: State, c: Numbers, flags: frozenset[str]
) -> tuple[Tensor, State]:
    p, g = _decayed(p, g, c, flags)
    total = s["sum"] + g * g
    return p - c["lr"] * g / (total.sqrt() + c["eps"]), {"sum": total}


# --- adam and its kin ---------------------------------------------------------------------


def _moments(g: Tensor, s: State, c: Numbers) -> tuple[Tensor, Tensor]:
    mean = torch.lerp(s["exp_avg"], g, c["fresh1"])
    return mean, s["exp_avg_sq"] * c["beta2"] + c["fresh2"] * g * g


def _betas(h: Numbers, lr: Tensor) -> dict[str, Tensor]:
    beta1, beta2 = h["beta1"].expand_as(lr), h["beta2"].expand_as(lr)
    eps = h["eps"].expand_as(lr)
    return {"beta2": beta2, "fresh1": 1 - beta1, "fresh2": 1 - beta2, "eps": eps}


def _adam_coefficients(h: Numbers, lr: Tensor, n: Tensor) -> dict[str, Tensor]:
    return {
        **_decay(h, lr),
        **_betas(h, lr),
        "size": lr / (1 - h["beta1"] ** n),
        "root2": (1 - h["beta2"] ** n) ** 0.5,
    }


def _adam(
    p: Tensor, g: Tensor, s: State, c: Numbers, flags: frozenset[str]
) -> tuple[Tensor, State]:
    p, g = _decayed(p, g, c, flags)
    mean, square = _moments(g, s, c)
    new = {"exp_avg": mean, "exp_avg_sq": square}
    if "amsgrad" in flags:
        new["max_exp_avg_sq"] = square = torch.maximum(s["max_exp_avg_sq"], square)
    return p - c["size"] * mean / (square.sqrt() / c["root2"] + c["eps"]), new


def _adam_moments(flags: frozenset[str]) -> tuple[str, ...]:
    return ("exp_avg", "exp_avg_sq", *(["max_exp_avg_sq"] if "amsgrad" in flags else []))


def momentum_cache(h: Numbers, n: Tensor) -> Tensor:
    """NAdam's μ at update n."""
    return h["beta1"] * (1 - 0.5 * 0.96 ** (n * h["momentum_decay"]))


def _nadam_coefficients(h: Numbers, lr: Tensor, n: Tensor) -> dict[str, Tensor]:
    """h["mu_product"]: the product of all μ before the first of these updates."""
    mu, mu_next = momentum_cache(h, n), momentum_cache(h, n + 1)
    product = torch.cat([h["mu_product"][None], mu]).cumprod(dim=0)[1:]
    return {
        **_decay(h, lr),
        **_betas(h, lr),
        "correction2": 1 - h["beta2"] ** n,
        "of_gradient": lr * (1 - mu) / (1 - product),
        "of_mean": lr * mu_next / (1 - product * mu_next),
    }


def _nadam(
    p: Tensor, g: Tensor, s: State, c: Numbers, flags: frozenset[str]
) -> tuple[Tensor, State]:
    p, g = _decayed(p, g, c, flags)
    mean, square = _moments(g, s, c)
    root = (square / c["correction2"]).sqrt() + c["eps"]
    p = p - c["of_gradient"] * g / root - c["of_mean"] * mean / root
    return p, {"exp_avg": mean, "exp_avg_sq": square}


def _radam_coefficients(h: Numbers, lr: Tensor, n: Tensor) -> dict[str, Tensor]:
    power2 = h["beta2"] ** n
    correction2 = 1 - power2
    longest = 2 / (1 - h["beta2"]) - 1
    length = longest - 2 * n * power2 / correction2
    rectified = length > 5
    ratio = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
    return {
        **_decay(h, lr),
        **_betas(h, lr),
        "lr": lr,
        "correction1": 1 - h["beta1"] ** n,
        "root2": correction2**0.5,
        "rectified": rectified.double(),
        "rectification": torch.where(rectified, ratio, 1) ** 0.5,
    }


def _radam(
    p: Tensor, g: Tensor, s: State, c: Numbers, flags: frozenset[str]
) -> tuple[Tensor, State]:
    p, g = _decayed(p, g, c, flags)
    mean, square = _moments(g, s, c)
    plain = mean / c["correction1"] * c["lr"]
    adapted = plain * (c["root2"] / (square.sqrt() + c["eps"])) * c["rectification"]
    p = p - torch.where(c["rectified"] > 0, adapted, plain)
    return p, {"exp_avg": mean, "exp_avg_sq": square}


RULES: dict[str, Rule] = {
    "sgd": Rule(
        lambda flags: ("momentum_buffer",) if "momentum" in flags else (), _sgd_coefficients, _sgd
    ),
    "rmsprop": Rule(_rmsprop_moments, _rmsprop_coefficients, _rmsprop),
    "adagrad": Rule(lambda flags: ("sum",), _adagrad_coefficients, _adagrad),
    "adam": Rule(_adam_moments, _adam_coefficients, _adam),
    "adamw": Rule(_adam_moments, _adam_coefficients, _adam),
    "nadam": Rule(lambda flags: ("exp_avg", "exp_avg_sq"), _nadam_coefficients, _nadam),
    "radam": Rule(lambda flags: ("exp_avg", "exp_avg_sq"), _radam_coefficients, _radam),
}

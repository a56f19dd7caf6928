"""Planted faults: for each verdict settings that cause it, and near misses that do not."""

from typing import Any

from src.schema.init import BiasConfig, BiasLaw
from src.schema.own import OwnActivation

# 64 features, 100 steps of 10 examples, no dropout: what the cases change is all they differ in.
PROBLEM: dict[str, Any] = {
    "data__features": 64,
    "data__train_size": 1000,
    "model__hidden": [32, 24],
    "model__dropout": 0.0,
}
SGD: dict[str, Any] = {"optimizer": "sgd"}
TANH: dict[str, Any] = {"activation": "tanh", **SGD}
SIGMOID: dict[str, Any] = {"activation": "sigmoid", **SGD}
SINE: dict[str, Any] = {"activation": OwnActivation(name="sine", _target_="torch.sin"), **SGD}
COSINE: dict[str, Any] = {"activation": OwnActivation(name="cosine", _target_="torch.cos"), **SGD}
HE: dict[str, Any] = {"init": "he"}


def scaled(scale: float, **changes: Any) -> dict[str, Any]:
    """Var(W) = scale / fan_in."""
    return {"init": "variance_scaling", "init__scale": scale, **changes}


def normal(std: float, **changes: Any) -> dict[str, Any]:
    return {"init": "normal", "init__std": std, **changes}


def uniform(low: float, high: float, **changes: Any) -> dict[str, Any]:
    return {"init": "uniform", "init__low": low, "init__high": high, **changes}


def deep(layers: int, width: int = 32) -> dict[str, Any]:
    return {"model__hidden": [width] * layers}


def bias(value: float = 0.0, std: float = 0.0) -> dict[str, Any]:
    law = BiasLaw.normal if std else BiasLaw.constant
    return {"init__bias": BiasConfig(law=law, value=value, std=std)}


CAUSES: dict[str, dict[str, dict[str, Any]]] = {
    "healthy": {
        "he and Adam": {**HE},
        "tanh, Xavier and SGD": {"init": "xavier", **TANH},
        "softplus and He": {**HE, **SGD, "activation": "softplus"},
        "ten layers at the edge of chaos": {"init": "critical", **TANH, **deep(10)},
        "sigmoid at the edge of chaos": {"init": "critical", **SIGMOID},
    },
    "slow": {
        "a fifth of Adam's rate": {**HE, "optimizer__lr": 2e-4},
        "a twentieth of SGD's rate": {**HE, **SGD, "optimizer__lr": 5e-3},
        "ten layers, weights too small, Adam": {"init": "general_rule", **deep(10)},
    },
    "symmetric": {
        "zeros": {"init": "zeros"},
        "ones": {"init": "ones"},
        "one constant, tanh and SGD": {"init": "constant", "init__value": 0.05, **TANH},
        "ones, broken by dropout": {"init": "ones", "model__dropout": 0.2},
        "a small constant, broken by dropout": {
            "init": "constant",
            "init__value": 0.01,
            "model__dropout": 0.2,
        },
    },
    "dead": {
        "born so: negative weights, inputs above 0": uniform(-1.0, 0.0),
        "born so: large negative biases": {**HE, **bias(-10.0)},
        "born so: biases of -100": {**HE, **SGD, **bias(-100.0)},
        "died of SGD's rate": {**HE, **SGD, "optimizer__lr": 10.0},
        "died of Adam's rate": {**HE, "optimizer__lr": 1.0},
    },
    "vanishing_forward": {
        "Xavier in 30 layers of ReLU": {"init": "xavier", **SGD, **deep(30)},
        "ten layers of ReLU, weights too small": {"init": "general_rule", **SGD, **deep(10)},
        "tiny weights, tanh": normal(0.01, **TANH, **deep(3)),
        "weight decay that eats the weights": {**HE, **SGD, "optimizer__weight_decay": 5.0},
    },
    "vanishing_backward": {
        "sigmoid, torch's default": {"init": "default", **SIGMOID},
        "sigmoid, general rule": {"init": "general_rule", **SIGMOID},
        "three layers of sigmoid, LeCun": {"init": "lecun", **SIGMOID, **deep(3)},
        "three layers of sigmoid, Xavier": {"init": "xavier", **SIGMOID, **deep(3)},
    },
    "exploding_forward": {
        "U[0, 1)": {"init": "uniform"},
        "U[0, 1), leaky ReLU and SGD": {"init": "uniform", "activation": "leaky_relu", **SGD},
        "std 3": normal(3.0),
        "three times He in 12 layers": scaled(6.0, **SGD, **deep(12)),
    },
    "exploding_backward": {
        "four layers of cosines": scaled(40.0, **COSINE, **deep(4)),
        "four layers of sines": scaled(40.0, **SINE, **deep(4)),
        "four layers of sines, wider": scaled(60.0, **SINE, **deep(4, 64)),
    },
    "saturated": {
        "U[0, 1), sigmoid": {"init": "uniform", "activation": "sigmoid"},
        "U[0, 1), tanh": {"init": "uniform", "activation": "tanh"},
        "std 10, softsign": normal(10.0, activation="softsign", **SGD),
        "std 5, tanh": normal(5.0, **TANH),
    },
    "collapsed_features": {
        "ten layers of sigmoid, Xavier": {"init": "xavier", **SIGMOID, **deep(10)},
        "ten layers of sigmoid, general rule and Adam": {
            "init": "general_rule",
            "activation": "sigmoid",
            **deep(10),
        },
        "random biases, small weights, tanh": scaled(0.05, **TANH, **bias(std=1.0), **deep(10)),
        "biases of 1, small weights, ReLU": scaled(0.05, **SGD, **bias(1.0), **deep(10)),
    },
    "chaotic": {
        "20 layers of tanh, variance 9": scaled(9.0, **TANH, **deep(20)),
        "30 layers of tanh, variance 5": scaled(5.0, **TANH, **deep(30)),
        "20 layers of softsign, variance 16": scaled(
            16.0, activation="softsign", **SGD, **deep(20)
        ),
    },
    "diverged": {
        "a rate beyond floats": {**HE, **SGD, "optimizer__lr": 1e30},
        "linear, a rate of 100": {
            **HE,
            **SGD,
            "activation": "identity",
            "optimizer__lr": 100.0,
        },
        "leaky ReLU, a rate of 10": {
            **HE,
            **SGD,
            "activation": "leaky_relu",
            "optimizer__lr": 10.0,
        },
    },
    "large_logits": {
        "std 1": normal(1.0),
        "twenty times He": scaled(40.0),
        "std 3, no hidden layer": normal(3.0, model__hidden=[]),
    },
    "small_steps": {
        "Adam, 1e-6": {**HE, "optimizer__lr": 1e-6},
        "SGD, 1e-5": {**HE, **SGD, "optimizer__lr": 1e-5},
        "momentum, 1e-6": {**HE, "optimizer": "momentum", "optimizer__lr": 1e-6},
        "RMSprop, 1e-7": {**HE, "optimizer": "rmsprop", "optimizer__lr": 1e-7},
    },
}

# The name of a case above stands for its settings.
NEAR_MISSES: dict[str, dict[str, dict[str, Any] | str]] = {
    "healthy": {
        "a tenth of Adam's rate": {**HE, "optimizer__lr": 1e-4},
        "died of SGD's rate": "dead",
        "std 1": "large_logits",
        "20 layers of tanh, variance 9": "chaotic",
    },
    "slow": {
        "he and Adam": "healthy",
        "zeros": "symmetric",
        "Adam, 1e-6": "small_steps",
        "a rate beyond floats": "diverged",
    },
    "symmetric": {
        "nearly equal weights": normal(0.001, init__mean=0.05),
        "a readout of zeros": {"init": "mup"},
        "branches that end in zeros": {"init": "fixup", "model__residual": True, **deep(4)},
        "one unit a layer": {**HE, "model__hidden": [1, 1]},
    },
    "dead": {
        "negative weights, leaky ReLU": uniform(-1.0, 0.0, activation="leaky_relu"),
        "U[0, 1), tanh": "saturated",
        "ten layers of He": {**HE, **deep(10)},
        "ten times Adam's rate": {**HE, "optimizer__lr": 1e-2},
    },
    "vanishing_forward": {
        "ten layers of He": {**HE, **deep(10)},
        "general rule, two layers": {"init": "general_rule"},
        "a readout of zeros": {"init": "mup"},
        "ten layers at the edge of chaos": "healthy",
    },
    "vanishing_backward": {
        "sigmoid at the edge of chaos": "healthy",
        "tanh, torch's default": {"init": "default", **TANH},
        "a readout of zeros": {"init": "mup"},
        "branches that end in zeros": {"init": "fixup", "model__residual": True, **deep(4)},
    },
    "exploding_forward": {
        "U[-.5, .5)": {"init": "uniform_centered"},
        "U[0, 1), tanh": "saturated",
        "ten layers of He": {**HE, **deep(10)},
        "born so: biases of -100": "dead",
        "died of SGD's rate": "dead",
    },
    "exploding_backward": {
        "ten layers of He": {**HE, **deep(10)},
        "one layer of sines": scaled(40.0, **SINE, **deep(1)),
        "branches that end in zeros": {"init": "fixup", "model__residual": True, **deep(4)},
    },
    "saturated": {
        "U[0, 1)": "exploding_forward",
        "U[-.5, .5), tanh": {"init": "uniform_centered", "activation": "tanh"},
        "three layers of sigmoid, Xavier": "vanishing_backward",
    },
    "collapsed_features": {
        "sigmoid, torch's default": "vanishing_backward",
        "softplus and He": "healthy",
        "30 layers of He": {**HE, **deep(30)},
        "one unit a layer": {**HE, "model__hidden": [1, 1]},
    },
    "chaotic": {
        "three layers of tanh, variance 9": scaled(9.0, **TANH, **deep(3)),
        "ten layers at the edge of chaos": "healthy",
        "three times He in 12 layers": "exploding_forward",
    },
    "diverged": {
        "five times SGD's rate": {**HE, **SGD, "optimizer__lr": 0.5},
        "ten times Adam's rate": {**HE, "optimizer__lr": 1e-2},
        "std 1": "large_logits",
    },
    "large_logits": {
        "he and Adam": "healthy",
        "U[-.5, .5), tanh": {"init": "uniform_centered", "activation": "tanh"},
        "ones": "symmetric",
    },
    "small_steps": {
        "a tenth of Adam's rate": {**HE, "optimizer__lr": 1e-4},
        "a hundredth of SGD's rate": {**HE, **SGD, "optimizer__lr": 1e-3},
        "zeros": "symmetric",
        "died of SGD's rate": "dead",
    },
}

"""What the tests of the recorder share: members that are looked at, and what is read of them."""

from dataclasses import replace
from typing import Any

from src.config import Config
from src.diagnostics.records import RECORDS, Record, Story, read
from tests.training import Trained, option, vary


def watched(base: Config, name: str, **changes: Any) -> Config:
    return replace(base, diagnostics=replace(option("diagnostics", name), **changes))


def mixed(base: Config) -> list[Config]:
    step = {"schedule": "step", "schedule__every_epochs": 1, "schedule__warmup_steps": 3}
    return [
        vary(base, init="he", model__dropout=0.5),
        vary(base, activation="tanh", optimizer="nesterov", seed=1, optimizer__clip_norm=0.1),
        vary(base, init="uniform", optimizer="sgd", optimizer__lr=1e30),  # diverges at step 1
        vary(base, activation="gelu", optimizer="nadam", data__order_seed=4, **step),
        vary(base, init="zeros", activation="sigmoid", schedule="cosine", optimizer="rmsprop"),
        vary(base, init="normal", init__std=1e30, model__dropout=0.9999),  # at step 0, evaluated
        vary(base, activation="selu", init="lecun", optimizer="adagrad", model__dropout=0.0),
        vary(base, activation="identity", optimizer="adamw", model__label_smoothing=0.1),
    ]


def records(member: Trained) -> list[Record]:
    path = member.folder / RECORDS
    return read(path) if path.exists() else []


def steps(member: Trained) -> list[int]:
    return Story(records(member)).steps

"""What to try, without what a member has already."""

import re

from src.diagnostics.verdicts.verdict import Facts

# Their steps are scaled for each weight, as Adam's.
ADAPTIVE = ("adam", "adamw", "nadam", "radam", "rmsprop", "adagrad")
_SETTING = re.compile(r"([a-z_.]+)=([\w.+-]*\w)")


def advice(facts: Facts, *clauses: tuple[str, ...]) -> str:
    """A sentence of clauses: what to do, then settings that do it, of which any will.

    A setting that the member has is left out, and so is a clause that has lost all of its own; of
    the first clause what to do remains.
    """
    told = []
    for number, (what, *settings) in enumerate(clauses):
        left = [setting for setting in settings if not _had(facts, setting)]
        if left:
            told.append(f"{what}: {_either(left)}")
        elif number == 0 or not settings:
            told.append(what)
    text = "; ".join(told)
    return text[0].upper() + text[1:] + "."


def _either(settings: list[str]) -> str:
    *first, last = settings
    return f"{', '.join(first)} or {last}" if first else last


def _had(facts: Facts, setting: str) -> bool:
    return any(_has(facts, key, value) for key, value in _SETTING.findall(setting))


def _has(facts: Facts, key: str, value: str) -> bool:
    if key == "optimizer" and value == "adam":
        return facts.algorithm in ADAPTIVE
    return {
        "init": facts.init == value,
        "activation": facts.activation == value,
        "optimizer": facts.algorithm == value,
        "optimizer.clip_norm": facts.clipped,
        "model.residual": facts.residual,
        "schedule": value == "warmup" and facts.warmup_steps > 0,
    }.get(key, False)

"""The question that a sweep answers, by what varies in it and what does not."""

from src.report.analysis import Analysis
from src.report.arms import members_of
from src.report.metrics import higher_is_better
from src.report.settings import Record, setting
from src.report.wording import listed, plural, words


def question(analysis: Analysis) -> str:
    """Which init gives the best test accuracy with relu on fashion_mnist after 5 epochs?"""
    best = "best" if higher_is_better(analysis.metric) else "lowest"
    metric, place = words(analysis.metric), _place(analysis)
    if len(analysis.arms) == 1:
        init = _shared(analysis, "init")
        return f"What {metric} does {f'init={init}' if init else 'this start'} give{place}?"
    settings = analysis.roles.scientific
    several = len(settings) > 1
    asked = listed(list(settings)) + (" together give" if several else " gives")
    tuned = analysis.roles.nuisance
    own = f", each with its own best {listed(list(tuned))}" if tuned else ""
    return f"Which {asked} the {best} {metric}{place}{own}?"


def _place(analysis: Analysis) -> str:
    activation, data = _shared(analysis, "activation"), _shared(analysis, "data.name")
    epochs = _shared(analysis, "trainer.epochs")
    return (
        (f" with {activation}" if activation else "")
        + (f" on {data}" if data else "")
        + (f" after {plural(int(epochs), 'epoch')}" if epochs and epochs.isdecimal() else "")
    )


def _shared(analysis: Analysis, key: str) -> str | None:
    """The value that all compared members have; None where they differ, or none has one."""
    found = {_value(record, key) for record in members_of(analysis.arms)}
    return found.pop() if len(found) == 1 else None


def _value(record: Record, key: str) -> str | None:
    try:
        value = setting(record, key)
    except (KeyError, TypeError):
        return None
    return None if isinstance(value, dict | list) or value is None else str(value)

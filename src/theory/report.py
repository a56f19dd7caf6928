"""From a checked configuration to its report."""

from src.assembly import build_model
from src.config import Config
from src.errors import InputError
from src.initializers.draw import check
from src.precheck import Precheck
from src.stacks import sizes, splits_of
from src.starts import setting, start_of
from src.theory.inputs import measure
from src.theory.predict import predict
from src.theory.starts import Layers, layer_starts
from src.theory.table import Report


def report_of(config: Config) -> Report:
    """InputError where the data cannot be had, or where a scheme has no law for this network."""
    splits = splits_of(config)
    widths = sizes(config, splits)
    faults = list(Precheck().faults(config, widths))
    if faults:
        raise InputError("\n".join(faults))
    start, known = start_of(config.init), setting(config)
    from_file = config.model.weights is not None
    if not from_file:
        check(widths, start, known)

    def drawn() -> Layers:
        # What a run would begin with.
        return build_model([config], splits).member(0)

    inputs = measure(splits.train)
    layers = layer_starts(widths, start, known, drawn, from_file)
    return Report(
        "the weights of a file" if from_file else config.init.name,
        f"{config.data.name}, scaling {config.data.scaling.value}",
        known,
        inputs,
        predict(layers, known, inputs),
    )

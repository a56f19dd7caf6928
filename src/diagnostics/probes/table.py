"""All probes by name, with what each may cost."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from src.diagnostics.probes import (
    curvature,
    gradients,
    jacobian,
    ntk,
    outputs,
    ranks,
    signals,
    theory,
    units,
)
from src.diagnostics.snapshot import Change, Snapshot
from src.schema.diagnostics import Tier


@dataclass(frozen=True)
class Probe:
    """measure: a snapshot in, [m] of the whole network or [m, l] of its layers out.

    NaN: a layer, or a member, that has no such number.
    """

    measure: Callable[[Snapshot], Tensor]
    tier: Tier = Tier.light
    only_at_start: bool = False

    @property
    def name(self) -> str:
        return self.measure.__name__


PROBES = {
    probe.name: probe
    for probe in (
        Probe(signals.preactivation_mean),
        Probe(signals.preactivation_std),
        Probe(signals.preactivation_q),
        Probe(signals.q_ratio),
        Probe(signals.postactivation_mean),
        Probe(signals.postactivation_std),
        Probe(signals.feature_cosine),
        Probe(gradients.gradient_variance),
        Probe(gradients.gradient_ratio),
        Probe(gradients.gradient_norm),
        Probe(gradients.weight_norm),
        Probe(units.dead_fraction),
        Probe(units.dead_layer),
        Probe(units.saturated_fraction),
        Probe(units.distinct_units),
        Probe(units.distinct_gradients),
        Probe(outputs.loss),
        Probe(outputs.excess_loss),
        Probe(outputs.accuracy),
        Probe(outputs.logit_scale),
        Probe(outputs.one_class_share),
        Probe(theory.q_theory_ratio, only_at_start=True),
        Probe(theory.gradient_theory_ratio, only_at_start=True),
        Probe(ranks.stable_rank_weight, Tier.full),
        Probe(ranks.effective_rank_weight, Tier.full),
        Probe(ranks.stable_rank_features, Tier.full),
        Probe(ranks.effective_rank_features, Tier.full),
        Probe(jacobian.jacobian_max, Tier.full),
        Probe(jacobian.jacobian_median, Tier.full),
        Probe(jacobian.jacobian_min, Tier.full),
        Probe(jacobian.jacobian_condition, Tier.full),
        Probe(ntk.ntk_trace, Tier.full),
        Probe(ntk.ntk_largest, Tier.full),
        Probe(ntk.ntk_condition, Tier.full),
        Probe(curvature.gradient_quotient, Tier.full),
    )
}

# Of a step of the optimizer: what the recorder takes from before and after it.
OF_STEPS: dict[str, Callable[[Change], Tensor]] = {
    measure.__name__: measure for measure in (gradients.update_norm, gradients.update_ratio)
}


def of(tier: Tier, step: int) -> list[Probe]:
    """The probes that a tier takes at a step."""
    tiers = {Tier.off: (), Tier.light: (Tier.light,), Tier.full: (Tier.light, Tier.full)}[tier]
    return [p for p in PROBES.values() if p.tier in tiers and (step == 0 or not p.only_at_start)]

"""Trees of group choices, made from the tree of other choices by replacing what differs.

A sweep over 17 inits, 12 activations and 9 optimizers has 1,836 sets of choices, each of which
Hydra builds from the root. But an option that writes below its own group alone makes the same
subtree whatever the others are; so one tree and 38 subtrees are enough.
"""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.defaults_list import DefaultsList
from hydra.core.default_element import ConfigDefault, GroupDefault, ResultDefault
from hydra.types import RunMode
from omegaconf import DictConfig, open_dict


@dataclass
class _Reference:
    """A tree that Hydra has built, for one choice of each of some groups."""

    choices: dict[str, str]  # group -> override
    tree: bytes
    subtrees: dict[str, bytes | None] = field(default_factory=dict)  # override -> its subtree
    defaults: DefaultsList | None = None


class Grafts:
    """Makes what `loader.load_sweep_config(sweep, choices)` makes."""

    def __init__(self, loader: ConfigLoaderImpl, sweep: DictConfig) -> None:
        self._loader, self._sweep = loader, sweep
        self._references: dict[tuple[str, ...], _Reference] = {}

    def tree(self, choices: Sequence[str]) -> DictConfig:
        """choices: group=option, as Hydra's grammar has it for plain groups."""
        asked = {choice.partition("=")[0]: choice for choice in choices}
        reference = self._references.get(tuple(asked))
        if reference is None or len(asked) < len(choices):
            tree = self._loader.load_sweep_config(self._sweep, list(choices))
            if reference is None:
                self._references[tuple(asked)] = _Reference(asked, pickle.dumps(tree))
            return tree
        changed = {
            group: asked[group] for group in asked if asked[group] != reference.choices[group]
        }
        subtrees = {group: self._subtree(reference, group, item) for group, item in changed.items()}
        grafted: DictConfig = pickle.loads(reference.tree)  # noqa: S301 - pickled above
        for group, subtree in subtrees.items():
            if subtree is None:
                return self._loader.load_sweep_config(self._sweep, list(choices))
            choices_made, node = pickle.loads(subtree)  # noqa: S301 - pickled below
            node._set_parent(grafted)
            grafted.__dict__["_content"][group] = node
            with open_dict(grafted.hydra):
                grafted.hydra.runtime.choices.update(choices_made)
        return grafted

    def _subtree(self, reference: _Reference, group: str, choice: str) -> bytes | None:
        """The choices within the group and the tree there, None where it reaches elsewhere."""
        if choice not in reference.subtrees:
            try:
                before = reference.defaults or self._defaults(reference.choices)
                after = self._defaults(reference.choices | {group: choice})
                reference.defaults = before
                reference.subtrees[choice] = self._made(before, after, group)
            except Exception:  # noqa: BLE001 - Hydra itself says better what is wrong
                reference.subtrees[choice] = None
        return reference.subtrees[choice]

    def _defaults(self, choices: dict[str, str]) -> DefaultsList:
        overrides = [*self._sweep.hydra.overrides.hydra, *choices.values()]
        name = self._sweep.hydra.job.config_name
        return self._loader.compute_defaults_list(name, overrides, RunMode.RUN)

    def _made(self, before: DefaultsList, after: DefaultsList, group: str) -> bytes | None:
        inside = [each for each in after.defaults if _within(each, group)]
        local = _elsewhere(before, group) == _elsewhere(after, group)
        if "/" in group or not local or not inside or any(map(self._depends, inside)):
            return None
        # What is written at the root may write below the group, too; hydra: it writes there.
        roots = [
            each for each in after.defaults if each.package in ("", "hydra") or _within(each, group)
        ]
        made = self._loader._compose_config_from_defaults_list(roots, self._loader.repository)
        node = made._get_node(group)
        assert isinstance(node, DictConfig)
        node._set_parent(None)
        known = after.overrides.known_choices
        return pickle.dumps(({key: known[key] for key in known if _chosen_in(key, group)}, node))

    def _depends(self, default: ResultDefault) -> bool:
        """Whether the file takes in others by what another group chose."""
        assert default.config_path is not None
        loaded = self._loader.repository.load_config(default.config_path)
        named = [
            str(each.path if isinstance(each, ConfigDefault) else each.value)
            for each in (loaded.defaults_list or () if loaded else ())
            if isinstance(each, ConfigDefault | GroupDefault)
        ]
        return loaded is None or any("${" in name for name in named)


def _within(default: ResultDefault, group: str) -> bool:
    package = default.package or ""
    return package == group or package.startswith(f"{group}.")


def _elsewhere(defaults: DefaultsList, group: str) -> tuple[object, object]:
    """Which files make the rest of the tree, in their order, and the choices of other groups."""
    files = [
        (each.config_path, each.package) for each in defaults.defaults if not _within(each, group)
    ]
    known = defaults.overrides.known_choices
    return files, [(key, None if _chosen_in(key, group) else known[key]) for key in known]


def _chosen_in(key: str, group: str) -> bool:
    """Whether a choice is the group's own, or, as schema@init, one within it."""
    _, _, package = key.partition("@")
    return key == group or package == group or package.startswith(f"{group}.")

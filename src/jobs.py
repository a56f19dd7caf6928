"""The jobs of a sweep: composed whenever one is asked for, refused with all of their faults."""

from collections.abc import Iterator, Sequence

from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig, open_dict

from src.composition import Composer
from src.config import validated
from src.errors import InputError
from src.refusals import sentence

IN_FULL = 10  # jobs of which all faults are told; of others the first: each takes a composition


class Jobs(Sequence[DictConfig]):
    """Each is composed anew when asked for: ten thousand at once would fill the memory."""

    def __init__(
        self,
        loader: ConfigLoader,
        sweep: DictConfig,
        overrides: Sequence[Sequence[str]],
        first_number: int = 0,
    ) -> None:
        self.overrides, self._first = overrides, first_number
        self._composer = Composer(loader, sweep)
        self._refused = 0
        self._faults: dict[tuple[str, ...], str | None] = {}

    def __len__(self) -> int:
        return len(self.overrides)

    def __getitem__(self, position: int) -> DictConfig:  # type: ignore[override]
        """InputError names all faults of the job, one to a line."""
        overrides = list(self.overrides[position])
        try:
            job = self._composer.compose(overrides)
        except Exception as error:
            said = sentence(error, overrides)
            if said is None:
                raise
            self._refused += 1
            # Together they may be wrong where each alone is not.
            faults = list(self._all_faults(overrides)) if self._refused <= IN_FULL else []
            faults = faults or [said]
            raise InputError("\n".join(dict.fromkeys(faults))) from error
        number = self._first + position
        with open_dict(job):
            job.hydra.job.id, job.hydra.job.num = str(number), number
        return job

    def _all_faults(self, overrides: list[str]) -> Iterator[str]:
        """Hydra stops at the first: here each override is tried with the choices that are sound."""
        choices = [item for item in overrides if self._composer.chooses(item)]
        others = [item for item in overrides if item not in choices]
        bad = []
        for choice in choices:
            fault = self._fault(choice)
            if fault is not None:
                bad.append(choice)
                yield fault
        sound = [choice for choice in choices if choice not in bad]
        unknown = {_place(choice) for choice in bad}  # which keys these have, nobody can say
        for item in others:
            fault = None if _place(item) in unknown else self._fault(*sound, item)
            if fault is not None:
                bad.append(item)
                yield fault
        yield from self._out_of_range([item for item in overrides if item not in bad], bad)

    def _fault(self, *overrides: str) -> str | None:
        if overrides not in self._faults:
            try:
                self._composer.compose(overrides)
                self._faults[overrides] = None
            except Exception as error:
                self._faults[overrides] = sentence(error, overrides)
                if self._faults[overrides] is None:
                    raise
        return self._faults[overrides]

    def _out_of_range(self, sound: Sequence[str], bad: Sequence[str]) -> Iterator[str]:
        """Faults of groups in which nothing else is wrong: they might follow from it."""
        spoilt = {_place(item) for item in bad}
        sound = [item for item in sound if _place(item) not in spoilt]
        try:
            job = self._composer.compose(sound)
            validated(job, job.hydra.runtime.choices)
        except InputError as error:
            lines = str(error).splitlines()
            yield from (line for line in lines if _place(line) not in spoilt)
        except Exception:  # noqa: BLE001, S110 - together they are wrong in yet another way
            pass


def _place(item: str) -> str:
    """The group or first key that an override or a sentence speaks of."""
    return item.lstrip("+~").partition("=")[0].partition(":")[0].partition(".")[0]

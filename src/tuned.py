"""Starts that look at data: each member tuned alone on its own batches, before the first step."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

import torch
from torch import Tensor

from src import activations
from src.config import Config
from src.data.examples import Examples, Splits
from src.errors import InputError
from src.initializers.draw import Start, places
from src.initializers.place import Place
from src.initializers.tuning import Batches, Tuned
from src.interruption import check
from src.model import StackedMLP
from src.progress import Count
from src.stacking import Layers, Stacking
from src.stacks import sizes
from src.starts import setting, start_of
from src.streams import stream


class UntunableMembers(InputError):
    """Some members of a stack cannot be tuned: what is wrong, by position."""

    def __init__(self, faults: dict[int, InputError]) -> None:
        super().__init__("\n".join(dict.fromkeys(map(str, faults.values()))))
        self.faults = faults


def tune(
    configs: Sequence[Config],
    drawn: Stacking,
    scales: Sequence[Sequence[float]],
    splits: Splits,
) -> None:
    """Move the members' layers to where their schemes tune them, those of others not at all.

    scales: of each member's residual blocks; empty for plain networks. UntunableMembers where a
    scheme cannot do what it is for; the others have been tried by then.
    """
    waiting = [k for k, config in enumerate(configs) if _parts(config, splits)]
    faults = dict[int, InputError]()
    count = Count(len(waiting), "members tuned")

    def moved(k: int) -> Layers | InputError:
        return _member(configs[k], drawn.member(k), scales[k : k + 1], splits)

    # Members in turn, each on one thread: what autograd sums depends on the number of threads.
    with ThreadPoolExecutor(
        torch.get_num_threads(), initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        futures = [pool.submit(moved, k) for k in waiting]
        try:
            for done, (k, future) in enumerate(zip(waiting, futures, strict=True), start=1):
                check()
                result = future.result()
                if isinstance(result, InputError):
                    faults[k] = result
                else:
                    drawn.put(k, result)
                count.tell(done, all(config.quiet for config in configs))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if faults:
        raise UntunableMembers(faults)


def _parts(config: Config, splits: Splits) -> list[tuple[Start, list[Place]]]:
    """Neighbouring layers that one scheme tunes together, the first ones first."""
    if config.model.weights is not None:
        return []
    start = start_of(config.init)
    every = places(sizes(config, splits), setting(config))
    runs = groupby(every, key=lambda place: id(start.of(place)))
    parts = [list(run) for _, run in runs]
    return [
        (start.of(part[0]), part) for part in parts if isinstance(start.of(part[0]).scheme(), Tuned)
    ]


def _member(
    config: Config, drawn: Layers, scales: Sequence[Sequence[float]], splits: Splits
) -> Layers | InputError:
    activation = activations.build(config.activation.name, **config.activation.parameters())
    network = StackedMLP([drawn], [activation], scales)
    try:
        for start, part in _parts(config, splits):
            scheme = start.scheme()
            assert isinstance(scheme, Tuned)
            size = scheme.batch_size or config.data.batch_size
            source = batches(splits.train, size, config.data.order_seed)
            generator = stream(config.seed, "tuning", part[0].layer)
            scheme.tune(network, part, source, generator=generator, gain=start.gain)
    except InputError as error:
        return error
    return network.member(0)


def batches(examples: Examples, size: int, seed: int) -> Batches:
    """`size` examples at a time, in an order of their own; from the beginning when all were seen.

    As the network sees them in training, without dropout.
    """

    def rows() -> Iterator[Tensor]:
        generator = stream(seed, "tuning")
        left = torch.empty(0, dtype=torch.int64)
        while True:
            while len(left) < size:
                left = torch.cat([left, torch.randperm(len(examples), generator=generator)])
            yield left[:size]
            left = left[size:]

    return (examples.batch(chosen) for chosen in rows())

"""The loops in torch that users write without this project, and the floor.

The peers train ReLU networks from torch's own start with one rate for all: the cheapest of the
work that the harness is given. In each, batches are drawn and the optimizer's state made before
anything is timed.
"""

import tempfile
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap

from src.bench.work import adam_bytes, training_flops
from src.config import Config
from src.data.chunks import steps_per_epoch
from src.stacks import sizes, splits_of

RATE = 1e-3


def network(widths: list[int], dropout: float) -> nn.Sequential:
    """Dense layers, ReLU and dropout between them; widths: [in, hidden ..., out]."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(widths):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers[:-2])


class Problem:
    """The training split in memory as float32 on the device, and the batches of a piece."""

    def __init__(self, config: Config, steps: int, device: str = "cpu") -> None:
        torch.manual_seed(0)
        splits = splits_of(config)
        self.images = (splits.train.images.float() / 255).to(device)
        self.labels = splits.train.labels.to(device)
        self.widths, self.dropout = sizes(config, splits), config.model.dropout
        self.steps = steps
        self.epoch_steps = steps_per_epoch(len(self.labels), config.data, config.trainer)
        self.batch = config.data.batch_size
        order = torch.randperm(len(self.labels))[: steps * self.batch]
        self.rows = order.to(device).view(steps, self.batch)

    def network(self) -> nn.Sequential:
        return network(self.widths, self.dropout)


class PlainLoop:
    """Everything in memory, Adam(fused=True), one run after another."""

    def __init__(self, config: Config, steps: int, device: str = "cpu") -> None:
        self.problem = Problem(config, steps, device)
        self.net = self.problem.network().to(device)
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=RATE, fused=True)
        self.member_epochs = steps / self.problem.epoch_steps
        self.first_loss: float | None = self._train(self.problem.rows[:1])

    def run(self) -> float:
        return self._train(self.problem.rows)

    def _train(self, batches: Tensor) -> float:
        images, labels = self.problem.images, self.problem.labels
        for rows in batches:
            loss = F.cross_entropy(self.net(images[rows]), labels[rows])
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
        return float(loss.detach())


class VmapLoop:
    """torch.func: one vmapped gradient for all members, one fused Adam over the stack."""

    def __init__(self, config: Config, members: int, steps: int, device: str = "cpu") -> None:
        self.problem = Problem(config, steps, device)
        template = self.problem.network().to(device)
        nets = [self.problem.network().to(device) for _ in range(members)]
        self.parameters, _ = stack_module_state(nets)
        self.optimizer = torch.optim.Adam(self.parameters.values(), lr=RATE, fused=True)

        def loss(own: dict[str, Tensor], x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
            value = F.cross_entropy(functional_call(template, own, (x,)), y)
            return value, value

        gradient = grad(loss, has_aux=True)
        self.gradients = vmap(gradient, in_dims=(0, None, None), randomness="different")
        self.member_epochs = members * steps / self.problem.epoch_steps
        self.first_loss: float | None = self._train(self.problem.rows[:1])

    def run(self) -> float:
        return self._train(self.problem.rows)

    def _train(self, batches: Tensor) -> float:
        images, labels = self.problem.images, self.problem.labels
        for rows in batches:
            found, losses = self.gradients(self.parameters, images[rows], labels[rows])
            for name, parameter in self.parameters.items():
                parameter.grad = found[name]
            self.optimizer.step()
        return float(losses.detach().mean())


class NotebookLoop:
    """A DataLoader over torchvision's dataset with ToTensor: an image is a PIL image first."""

    def __init__(self, root: Path, batch: int, train_size: int, steps: int) -> None:
        from torchvision.datasets import FashionMNIST
        from torchvision.transforms import ToTensor

        torch.manual_seed(0)
        with tempfile.TemporaryDirectory() as folder:
            # torchvision looks in <root>/FashionMNIST/raw; ours lie flat.
            raw = Path(folder) / "FashionMNIST" / "raw"
            raw.mkdir(parents=True)
            for path in root.glob("*ubyte*"):
                (raw / path.name).symlink_to(path.resolve())
            official = FashionMNIST(folder, train=True, transform=ToTensor())
        split = [train_size, len(official) - train_size]
        self.train, _ = torch.utils.data.random_split(official, split)
        self.batch, self.steps = batch, steps
        self.net = nn.Sequential(nn.Flatten(), *network([784, 256, 128, 10], dropout=0.2))
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=RATE)
        self.member_epochs = steps * batch / train_size
        self.first_loss: float | None = self._train(1)

    def run(self) -> float:
        return self._train(self.steps)

    def _train(self, steps: int) -> float:
        loader = torch.utils.data.DataLoader(self.train, batch_size=self.batch, shuffle=True)
        for _, (x, y) in zip(range(steps), loader, strict=False):
            loss = F.cross_entropy(self.net(x), y)
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
        return float(loss.detach())


class Products:
    """The floor of a CPU: a member-epoch's arithmetic at the rate of a large float32 product."""

    first_loss: float | None = None

    def __init__(self, widths: list[int], examples: int, side: int = 3072, count: int = 3) -> None:
        self.a, self.b, self.count = torch.rand(side, side), torch.rand(side, side), count
        self.member_epochs = count * 2 * side**3 / (training_flops(widths) * examples)
        self.run()

    def run(self) -> float:
        for _ in range(self.count):
            self.a @ self.b
        return 0.0


class Copies:
    """The floor of a GPU: the traffic of Adam in a member-epoch at the bandwidth of a copy."""

    first_loss: float | None = None

    def __init__(
        self, widths: list[int], steps: int, device: str, numbers: int = 2**28, count: int = 20
    ) -> None:
        self.source = torch.ones(numbers, device=device)
        self.target, self.count = torch.empty_like(self.source), count
        # Each number is read once and written once.
        self.member_epochs = count * 2 * 4 * numbers / (adam_bytes(widths) * steps)
        self.run()

    def run(self) -> float:
        for _ in range(self.count):
            self.target.copy_(self.source)
        return float(self.target[-1])  # waits for the device

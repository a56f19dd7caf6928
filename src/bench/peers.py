"""The loops that users write without this project; each does the work of one member.

The work: evaluate on validation, train one epoch, evaluate on validation and on the test set, of
784-256-128-10 with ReLU, dropout .2, Adam 1e-3, batch 100.
"""

import tempfile
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from src.data.examples import Splits

BATCH, EVALUATION_BATCH = 100, 1_000


def network(splits: Splits) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(splits.features, 256),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(256, 128),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(128, splits.classes),
    )


class PlainLoop:
    """Everything in memory as float32, torch.optim.Adam as it comes, nothing logged."""

    def __init__(self, splits: Splits) -> None:
        self.splits = splits
        parts = (splits.train, splits.validation, splits.test)
        self.train, self.validation, self.test = (
            (part.images.float() / 255, part.labels) for part in parts
        )

    def run(self) -> float:
        """The test accuracy after one epoch."""
        torch.manual_seed(0)
        net = network(self.splits)
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
        _evaluate(net, *self.validation)
        images, labels = self.train
        net.train()
        for rows in torch.randperm(len(labels)).split(BATCH):  # type: ignore[no-untyped-call]
            loss = F.cross_entropy(net(images[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        _evaluate(net, *self.validation)
        return _evaluate(net, *self.test)


def _evaluate(net: nn.Sequential, images: Tensor, labels: Tensor) -> float:
    net.eval()
    hits, loss = 0, 0.0
    with torch.no_grad():
        for start in range(0, len(labels), EVALUATION_BATCH):
            y = labels[start : start + EVALUATION_BATCH]
            logits = net(images[start : start + EVALUATION_BATCH])
            loss += float(F.cross_entropy(logits, y, reduction="sum"))
            hits += int((logits.argmax(dim=1) == y).sum())
    return hits / len(labels)


class NotebookLoop:
    """A DataLoader over torchvision's dataset with ToTensor: an image is a PIL image first."""

    def __init__(self, root: Path) -> None:
        from torchvision.datasets import FashionMNIST
        from torchvision.transforms import ToTensor

        # torchvision looks in <root>/FashionMNIST/raw; ours lie flat.
        self._folder = tempfile.TemporaryDirectory()
        raw = Path(self._folder.name) / "FashionMNIST" / "raw"
        raw.mkdir(parents=True)
        for path in root.glob("*ubyte*"):
            (raw / path.name).symlink_to(path)
        official = FashionMNIST(self._folder.name, train=True, transform=ToTensor())
        sizes = [48_000, 12_000]
        generator = torch.Generator().manual_seed(0)
        self.train, self.validation = torch.utils.data.random_split(official, sizes, generator)
        self.test = FashionMNIST(self._folder.name, train=False, transform=ToTensor())

    def run(self) -> float:
        torch.manual_seed(0)
        net = nn.Sequential(
            nn.Flatten(),
            *(nn.Linear(784, 256), nn.ReLU(), nn.Dropout(0.2)),
            *(nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.2)),
            nn.Linear(128, 10),
        )
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
        self._evaluate(net, self.validation)
        net.train()
        for x, y in torch.utils.data.DataLoader(self.train, batch_size=BATCH, shuffle=True):
            loss = F.cross_entropy(net(x), y)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        self._evaluate(net, self.validation)
        return self._evaluate(net, self.test)

    def _evaluate(
        self, net: nn.Sequential, data: torch.utils.data.Dataset[tuple[Tensor, int]]
    ) -> float:
        net.eval()
        hits = count = 0
        with torch.no_grad():
            for x, y in torch.utils.data.DataLoader(data, batch_size=BATCH):
                hits += int((net(x).argmax(dim=1) == y).sum())
                count += len(y)
        return hits / count

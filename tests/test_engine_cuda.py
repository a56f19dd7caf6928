"""What only a GPU can show: graphs, no waiting, and the same members as on a CPU."""

from pathlib import Path

import pytest
import torch

from src.dropout import raw_numbers
from src.engine.batched import BatchedEngine
from src.engine.choice import engine_for, evaluator_for
from src.engine.graphs import UNROLLED, Repeated
from src.engine.protocol import Recipe
from src.model import StackedMLP
from tests.test_engine_batched import CHUNKS, DONE, allowed, assert_close
from tests.test_engine_cpu import ORDERS, examples, recipe, rows, stack
from tests.training import even, options, train, vary

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU was found")

GPU = torch.device("cuda")
Found = tuple[torch.Tensor, list[torch.Tensor]]


def mixture() -> list[Recipe]:
    activations = options("activation")
    return [
        recipe(activations[k % len(activations)], name, (0.0, 0.2, 0.5)[k % 3], k % 4, k % ORDERS)
        for k, name in enumerate([*options("optimizer"), *options("optimizer")])
    ]


def trained(device: str, members: list[Recipe], seeds: list[int], precision: str) -> Found:
    model = stack(members, seeds).to(device)
    engine = BatchedEngine(model, members, precision)
    shown = examples().to(torch.device(device))
    losses, step = [], 0
    for chunk in CHUNKS:
        losses.append(engine.run(chunk, step, shown, [True] * len(members))[0].cpu())
        step += len(chunk)
    return torch.cat(losses), [item.detach().cpu() for item in model.parameters()]


def test_engine_for_a_gpu() -> None:
    members = mixture()
    for precision in ("32-true", "tf32", "bf16-mixed"):
        engine = engine_for(stack(members, range(len(members))).cuda(), members, precision)
        assert type(engine) is BatchedEngine


def test_dropout_numbers_are_those_of_the_cpu() -> None:
    for one, two in zip(
        raw_numbers(3, 77, 100, [256, 128], GPU), raw_numbers(3, 77, 100, [256, 128]), strict=True
    ):
        assert torch.equal(one.cpu(), two)


def test_gpu_against_cpu() -> None:
    members, seeds = mixture(), list(range(len(mixture())))
    fast, slow = (
        trained("cuda", members, seeds, "32-true"),
        trained("cpu", members, seeds, "32-true"),
    )
    assert_close([fast[0], *fast[1]], [slow[0], *slow[1]], allowed(DONE))


def test_stack_against_single_runs() -> None:
    members = mixture()
    losses, parameters = trained("cuda", members, list(range(len(members))), "32-true")
    for k, member in enumerate(members):
        loss, own = trained("cuda", [member], [k], "32-true")
        assert_close([loss[:, 0]], [losses[:, k]], allowed(DONE))
        assert_close([item[0] for item in own], [item[k] for item in parameters], allowed(DONE))


@pytest.mark.parametrize(("precision", "bits"), [("tf32", 10), ("bf16-mixed", 8)])
def test_lower_precision_against_float32(precision: str, bits: int) -> None:
    """Operands of six products a step are rounded to so many bits; lr is at most .01."""
    members = [recipe("tanh", "sgd", 0.2, k, 0) for k in range(4)]
    low = trained("cuda", members, [0, 1, 2, 3], precision)
    full = trained("cuda", members, [0, 1, 2, 3], "32-true")
    size = 3 * 6 * 2 * 2.0 ** -(bits + 1)
    assert_close(low[1], full[1], 0.01 * DONE * size)
    assert_close([low[0]], [full[0]], size)
    assert torch.get_float32_matmul_precision() == "highest"


def test_graph_against_calls_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same kernels on the same numbers: to the bit."""
    members, seeds = mixture(), list(range(len(mixture())))
    replayed = trained("cuda", members, seeds, "32-true")
    monkeypatch.setattr("src.engine.batched.Repeated", Plain)
    plain = trained("cuda", members, seeds, "32-true")
    for one, two in zip([replayed[0], *replayed[1]], [plain[0], *plain[1]], strict=True):
        assert torch.equal(one, two)


class Plain(Repeated):
    def __init__(self, step: object, rehearse: object, device: torch.device) -> None:
        super().__init__(step, rehearse, torch.device("cpu"))  # type: ignore[arg-type]


def test_counts_of_steps_are_made_of_both_graphs() -> None:
    count = torch.zeros(1, device=GPU)

    def step() -> None:
        count.add_(1)

    repeated = Repeated(step, lambda: None, GPU)
    for steps in (1, UNROLLED - 1, UNROLLED, 2 * UNROLLED + 3):
        count.zero_()
        repeated(steps)
        assert int(count) == steps


def prepared() -> tuple[BatchedEngine, StackedMLP]:
    members = mixture()
    model = stack(members, range(len(members))).to(GPU)
    return BatchedEngine(model, members), model


def test_the_host_waits_for_nothing_inside_a_chunk() -> None:
    engine, _ = prepared()
    shown, alive = examples().to(GPU), [True] * engine.members
    engine.run(rows(), 0, shown, alive)  # captures
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        losses, hits = engine.run(rows(), 5, shown, alive)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert losses.isfinite().all()
    assert int(hits.max()) > 0


@pytest.mark.parametrize("precision", ["32-true", "tf32"])
def test_the_host_waits_for_nothing_in_evaluation(precision: str) -> None:
    _, model = prepared()
    evaluate, shown, every = (
        evaluator_for(model, precision),
        examples().to(GPU),
        rows()[0, 0].to(GPU),
    )
    with torch.inference_mode():
        evaluate(*shown.batch(every))
        torch.cuda.synchronize()
        torch.cuda.set_sync_debug_mode("error")
        try:
            losses, _ = evaluate(*shown.batch(every))
        finally:
            torch.cuda.set_sync_debug_mode("default")
    assert losses.isfinite().all()


def test_a_member_retired_inside_a_graph() -> None:
    wild = recipe("identity", "adam", 0.0, 0, 0)
    wild.optimizer.hyperparameters["lr"] = 1e37
    members = [recipe("relu", "adam", 0.2, 0, 0), wild]
    model, calm = stack(members, [0, 1]).to(GPU), stack(members, [0, 1]).to(GPU)
    shown = examples().to(GPU)
    losses, _ = BatchedEngine(model, members).run(rows(), 0, shown, [True, True])
    assert not losses[:, 1].isfinite().all()
    BatchedEngine(calm, members).run(rows(), 0, shown, [True, False])
    for one, two in zip(model.parameters(), calm.parameters(), strict=True):
        assert one[1].isfinite().all()
        assert torch.equal(one[0], two[0])


def test_through_lightning_against_the_cpu(tmp_path: Path) -> None:
    """Two epochs of four batches, evaluated in float32 on both."""
    base = even(trainer__epochs=2)
    members = [vary(base, seed=k, optimizer="sgd", activation="tanh") for k in range(3)]
    gpu = [vary(config, trainer="gpu", trainer__epochs=2) for config in members]
    fast, slow = train(gpu, tmp_path / "gpu"), train(members, tmp_path / "cpu")
    for one, two in zip(fast, slow, strict=True):
        assert one.status == "done"
        for name, tensor in one.weights.items():
            assert torch.allclose(tensor, two.weights[name], rtol=0, atol=allowed(8))

"""The same work in JAX: a jitted scan over steps, vmapped over members or one process a core.

Dropout draws from JAX's default generator: rbg, its other one, took longer in both ways.

JAX and optax come with the optional extra: pip install -e '.[bench]'.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from src.bench.peers import RATE, Problem
from src.config import Config

# One core has no use for Eigen's thread pool; JAX alone reads this, as it starts.
ONE_THREAD = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "JAX_PLATFORMS": "cpu"}
ALL_THREADS = {"JAX_PLATFORMS": "cpu"}


def available() -> bool:
    return all(find_spec(package) is not None for package in ("jax", "optax"))


class Scan:
    """`members` None: one network. Else so many under vmap, on the same batches."""

    def __init__(self, config: Config, members: int | None, steps: int) -> None:
        import jax
        import jax.numpy as jnp

        problem = Problem(config, steps)
        self.images = jnp.asarray(problem.images.numpy())
        self.labels = jnp.asarray(problem.labels.numpy().astype(np.int32))
        self.rows = jnp.asarray(problem.rows.numpy().astype(np.int32))
        init, train = _network(problem.widths, problem.dropout)
        keys = jax.random.split(jax.random.key(0), members or 1)
        if members is None:
            self.carry = init(keys[0])
            self.train = jax.jit(train, donate_argnums=0)
        else:
            self.carry = jax.vmap(init)(keys)
            over_members = jax.vmap(train, in_axes=(0, None, None, None))
            self.train = jax.jit(over_members, donate_argnums=0)
        self.member_epochs = (members or 1) * steps / problem.epoch_steps
        # Compiles, and trains a first piece: the compiled program has the piece's length in it.
        self.first_loss: float | None = self._piece()[0]

    def run(self) -> float:
        return self._piece()[-1]

    def _piece(self) -> list[float]:
        """The losses of the steps, averaged over members."""
        self.carry, losses = self.train(self.carry, self.rows, self.images, self.labels)
        steps = np.asarray(losses)  # waits until the work is done
        return [float(loss) for loss in steps.reshape(-1, steps.shape[-1]).mean(axis=0)]


def _network(widths: Sequence[int], dropout: float) -> tuple[Any, Any]:
    """init(key) -> carry, and train(carry, rows [t, b], images, labels) -> carry, losses [t]."""
    import jax
    import jax.numpy as jnp
    import optax

    optimizer = optax.adam(RATE)

    def init(key: Any) -> Any:
        key, *own = jax.random.split(key, len(widths))
        weights = jax.nn.initializers.he_normal()
        parameters = [
            (weights(k, (fan_in, fan_out)), jnp.zeros(fan_out))
            for k, fan_in, fan_out in zip(own, widths[:-1], widths[1:], strict=True)
        ]
        return parameters, optimizer.init(parameters), key

    def loss_of(parameters: Any, x: Any, y: Any, key: Any) -> Any:
        *hidden, (weight, bias) = parameters
        for k, (w, b) in zip(jax.random.split(key, len(hidden)), hidden, strict=True):
            x = jax.nn.relu(x @ w + b)
            kept = jax.random.bernoulli(k, 1 - dropout, x.shape)
            x = jnp.where(kept, x / (1 - dropout), 0)
        logits = x @ weight + bias
        return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

    def train(carry: Any, rows: Any, images: Any, labels: Any) -> tuple[Any, Any]:
        def step(carry: Any, batch: Any) -> tuple[Any, Any]:
            parameters, state, key = carry
            key, own = jax.random.split(key)
            loss, gradient = jax.value_and_grad(loss_of)(
                parameters, images[batch], labels[batch], own
            )
            updates, state = optimizer.update(gradient, state)
            return (optax.apply_updates(parameters, updates), state, key), loss

        return jax.lax.scan(step, carry, rows)  # type: ignore[no-any-return]

    return init, train

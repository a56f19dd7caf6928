"""Names of the ways, as the figures, the tables and the picture have them."""

MEMBERS = 64  # of the stack that is held against the peers, and of the vmapped ones

FLOOR = "floor: the products alone"
PLAIN = "plain loop, Adam(fused=True)"
VMAP = f"torch.func vmap, {MEMBERS} members"
JAX_VMAP = f"JAX jit + vmap, {MEMBERS} members"
JAX_PACKED = "JAX jit, one process a core"
NOTEBOOK = "DataLoader + ToTensor loop"
LIGHTNING = "Lightning loop"

GPU_MEMBERS = 1024


def stack_name(members: int) -> str:
    return f"stack of {members}"


def stack_size(name: str) -> int | None:
    """The members of a way that is a stack of ours, None for another."""
    start, _, members = name.rpartition(" ")
    return int(members) if start == "stack of" else None


def looked_at_name(members: int, tier: str) -> str:
    return f"{stack_name(members)}, diagnostics={tier}"


GPU_STACK = stack_name(GPU_MEMBERS)
GPU_FLOOR = "floor: the memory traffic of Adam"

STARTED = 256  # members of the stack whose start is measured
# An option of conf/init, and of which law torch is asked for as many numbers.
STARTS = {
    "default": "uniform",
    "he": "normal",
    "lecun": "truncated_normal",
    "gain": "normal",
    "hendrycks_gimpel": "normal",
    "orthogonal": "normal",
}


def start_name(scheme: str) -> str:
    return f"init={scheme}, {STARTED} members"


def numbers_name(law: str) -> str:
    return f"torch, as many {law} numbers in one call"


# What keeps a sweep from being lost. It waits for the first three; a thread does the last.
# The files that are synced are those of finished members and of the sweep, with and without.
LEDGER, CHECKPOINTS, SYNC = "ledger", "taking checkpoints", "syncing results"
BEHIND = "writing checkpoints, behind"
WAITED = (LEDGER, CHECKPOINTS, SYNC)

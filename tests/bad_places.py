"""Words that name files and folders that are not what they should be, and Hydra's own keys."""

import os
from pathlib import Path
from random import Random

Words = list[str]

FILES = (
    *(
        "missing",
        "folder",
        "empty",
        "text.txt",
        "text.safetensors",
        "text.ckpt",
        "loop",
        "/dev/null",
    ),
    *(
        "missing/x.ckpt",
        "text.txt/x",
        "folder/..",
        "~",
        "",
        ".",
        "/",
        "null/x",
        "\\\\x",
        "a b",
        "bad",
    ),
    *("no-ledger", "bad/ledger.sqlite", "x" * 300, "pipe", "http://127.0.0.1:9/x", "file:///etc/x"),
)


def made(folder: Path) -> None:
    """What FILES names, in the folder in which commands are called."""
    for name in ("folder", "no-ledger", "bad"):
        (folder / name).mkdir()
    for name in ("empty", "text.txt", "text.safetensors", "text.ckpt", "bad/ledger.sqlite"):
        (folder / name).write_text("" if name == "empty" else "not what it is called\n" * 9)
    (folder / "loop").symlink_to("loop")
    os.mkfifo(folder / "pipe")


def odd_files(random: Random, several: bool) -> Words:
    key, name = random.choice(("model.weights", "trainer.ckpt_path")), random.choice(FILES)
    return [f"{key}={name},null" if several and random.random() < 0.3 else f"{key}={name}"]


def resumed(random: Random, several: bool) -> Words:
    words = [f"resume={random.choice(FILES)}"]
    if random.random() < 0.2:
        words.append(f"{random.choice(('', '+', '++', '~'))}resume={random.choice(FILES)}")
    return words


def of_hydra(random: Random, several: bool) -> Words:
    bad = (
        *("hydra.mode=foo", "hydra.foo=1", "hydra=3", "~hydra", "~hydra.launcher"),
        *("hydra.run=3", "hydra.sweep=3", "hydra.job=3", "hydra.launcher=3", "hydra.sweeper=3"),
        *("hydra.launcher.max_stack=0", "hydra.launcher.max_stack=a", "hydra.launcher.threads=-1"),
        *("hydra.launcher.memory_gb=-1", "hydra.launcher.memory_gb=nan"),
        *(
            "hydra.launcher._target_=os.getcwd",
            "hydra.launcher._target_=no.such",
            "hydra.launcher=",
        ),
        *("hydra.sweeper._target_=os.getcwd", "hydra.sweeper.params=3", "hydra.sweeper.params=[a]"),
        *(
            "hydra.sweeper.max_batch_size=0",
            "hydra.sweeper.max_batch_size=a",
            "hydra.sweeper.foo=1",
        ),
        *("hydra.sweeper.params={foo: 1}", "hydra.sweeper.params={seed: 'range('}"),
        *("hydra/launcher=foo", "hydra/sweeper=foo", "hydra/job_logging=foo", "hydra/output=foo"),
        *("hydra/foo=bar", "+hydra/foo=bar", "hydra/launcher=null", "hydra/sweeper=null"),
        *("hydra.searchpath=3", "hydra.searchpath=[3]", "hydra.searchpath=[no://x]"),
        *("hydra.searchpath={a: 1}", "hydra.searchpath=[a,null]"),
        *("hydra.job.chdir=maybe", "hydra.job.num=a", "hydra.job.env_copy=[NO_SUCH_VARIABLE]"),
        *("hydra.job.env_set=3", "hydra.job.env_set={a: {b: 1}}", "hydra.job.config=3"),
        *(
            "hydra.job.config.override_dirname.kv_sep=null",
            "hydra.job.name=null",
            "hydra.runtime=3",
        ),
        *("hydra.output_subdir=[1]", "hydra.verbose={a: 1}", "hydra.help=3"),
        *("hydra.callbacks=3", "+hydra.callbacks.x=3", "+hydra.callbacks.x._target_=no.such.thing"),
        *("hydra.job_logging=3", "hydra.hydra_logging=3", "hydra.job_logging.version=2"),
        *("hydra.hydra_logging.handlers.console.class=no.such", "hydra.hydra_logging=[1]"),
        *("hydra.overrides=3", "hydra.overrides.task=3", "hydra.runtime.choices=3"),
        *("hydra.run.dir=null", "hydra.run.dir=[1]", "hydra.sweep.dir=null", "hydra.sweep.dir={}"),
        *("hydra.run.dir=text.txt", "hydra.run.dir=text.txt/x", "hydra.run.dir=loop/x"),
        *("hydra.sweep.dir=text.txt", "hydra.sweep.dir=loop/x", "hydra.run.dir=/proc/x/y"),
        *("hydra.sweep.dir=/proc/x", f"hydra.run.dir={'x' * 300}", f"hydra.sweep.dir={'x' * 300}"),
        *("hydra.sweep.subdir=same", "hydra.sweep.subdir=../x", "hydra.sweep.subdir=/tmp/x"),
        *("hydra.sweep.subdir=null", "hydra.sweep.subdir=[1]", "hydra.sweep.subdir=${foo}"),
        *("hydra.sweep.subdir=", "hydra.run.dir=${foo}"),
        *(
            "hydra.sweep.dir=${hydra.sweep.dir}",
            "hydra.run.dir=${hydra:foo}",
            "hydra.sweep.dir=a,b",
        ),
    )
    sweep = ("hydra.sweep", "hydra.launcher", "hydra.sweeper", "hydra/launcher", "hydra/sweeper")
    swept = [each for each in bad if each.startswith(sweep)]
    chosen = [each for each in bad if not each.startswith((*sweep, "hydra.run."))]
    single = [each for each in bad if each.startswith("hydra.run.")]
    word = random.choice([*chosen, *(swept if several else single)])
    # What a sweep needs to be one: values that differ.
    return [word, "seed=1,2"] if several else [word]


def flags(random: Random, several: bool) -> Words:
    bad = (
        *("--foo", "-x", "--multirun=3", "--config-name", "--config-dir", "--config-path", "-c"),
        *("--cfg=bad", "--cfg", "--info=bad", "--package", "--experimental-rerun", "--resolve=1"),
        *(
            "--config-dir=missing",
            "--config-dir=text.txt",
            "--config-dir=",
            "--config-path=missing",
        ),
        *(
            "--config-name=missing",
            "--config-name=../x",
            "--config-name=",
            "--config-name=text.txt",
        ),
        *(
            "--config-path=text.txt",
            "--experimental-rerun=text.txt",
            "--experimental-rerun=missing",
        ),
        *("-cn", "-cd", "-cp", "-cn=a", "-cd missing", "-c x", "-", "---", "-m=1", "-mx", "-1"),
        *("--cfg=job --foo", "--help=1", "--version=1", "--run=1"),
        *("--config-name=init/he", "--config-name=config/x", "--no-such=a b", "-é", "--seed=1"),
    )
    return random.choice(bad).split(" ")


PLACES = (odd_files, resumed, of_hydra, flags)

"""Which words of a ledger are used without a word of trust from whoever resumes it."""

from pathlib import Path

import pytest

from src.errors import InputError
from src.ledger.store import LEDGER
from src.ledger.words import check_contents, check_known

SAID = "trust=true lets it be used."
PLAIN = (
    *("-m", "--multirun", "init=zeros,xavier", "seeds=3", "optimizer.lr=0.1,0.01", "quiet=true"),
    *(
        "model.hidden=[8]*3",
        "hydra.launcher.max_stack=2",
        "hydra/launcher=stacked",
        "trainer=smoke",
    ),
    *("data.order_seed=${seed}", "hydra.sweep.dir=/somewhere/else", "model.weights=a/he/w.st"),
    *("hydra.sweep.subdir=${hydra.job.num}", "init.layers.first=zeros", "report.baseline=he, relu"),
    *(
        "init.layers.last={name: normal, std: 0.1}",
        "hydra/sweeper=grid",
        "seed=range(3)",
        "reuse=true",
    ),
    *("init=glob(x*)", "trust=false", "data.mirrors=[]", "on_failure=retry:2", "~seed=0"),
)
SUSPECT = (
    "init={_target_: os.system}",
    "+x._target_=os.system",
    "activation._target_=hydra.utils.get_object",
    "optimizer._target_=torch.nn.ReLU.__init__.x",
    "init=choice({_target_: os.system},he)",
    "init=../../../tmp/evil",
    "init=..\\/evil",
    "init.layers.first=../evil",
    "+schema@init=init_own",
    "init@activation=he",
    "hydra.searchpath=[file:///tmp]",
    "++hydra.searchpath=[pkg://evil]",
    " hydra.searchpath=[pkg://evil]",
    "hydra.sweeper.params={a: b}",
    "hydra.callbacks={}",
    "~hydra.callbacks",
    "hydra.job.env_set.PYTHONPATH=/tmp",
    "hydra.job.env_copy=[SECRET]",
    "hydra.job_logging.root.level=1",
    "hydra/launcher=submitit_slurm",
    "hydra/launcher=choice(stacked,joblib)",
    "hydra.mode=MULTIRUN",
    "++hydra.sweep.dir=/tmp/x",
    "hydra.sweep.subdir=../../x",
    "hydra.sweep.subdir=/tmp/x",
    "hydra.sweep.subdir=${oc.env:HOME}",
    "hydra.output_subdir=/tmp/x",
    "seed=${oc.env:SECRET}",
    "seed=$\\{oc.env\\:SECRET\\}",
    "seed=${hydra:runtime.cwd}",
    "seed=${${a}}",
    "report.baseline=${oc.decode:x}",
    "data.root=/etc",
    "data.mirrors=[http://127.0.0.1/]",
    "data={mirrors: [http://127.0.0.1/]}",
    "model.weights=/dev/zero",
    "model.weights=../x.safetensors",
    "model.weights=choice(a, /dev/zero)",
    "model.weights='/dev/zero',b",
    "model.weights=${report.baseline}",
    "model={weights: /dev/zero}",
    "trainer.ckpt_path=a/../../x",
    "trust=true",
    "trust=yes",
    "--config-dir /tmp/x",
    "--config-path=/tmp/x",
    "--config-name x",
    "--experimental-rerun x",
    "-cd x",
    "evil",
)


@pytest.mark.parametrize("word", SUSPECT)
def test_words_that_need_trust(word: str, tmp_path: Path) -> None:
    words = [*PLAIN, *(word.split(" ", 1) if word.startswith("-") else [word])]
    with pytest.raises(InputError) as caught:
        check_known(words, tmp_path / LEDGER, ["resume=x"])
    assert str(caught.value) == f"{word}: comes from {tmp_path / LEDGER}; {SAID}"
    check_known(words, tmp_path / LEDGER, ["trust=true"])


def test_plain_words_need_none(tmp_path: Path) -> None:
    check_known(PLAIN, tmp_path / LEDGER, [])


def test_links_that_lead_out(tmp_path: Path) -> None:
    (tmp_path / "within").symlink_to(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    check_contents(tmp_path, [])
    (tmp_path / "out").symlink_to("/")
    with pytest.raises(InputError) as refused:
        check_contents(tmp_path, [])
    assert str(refused.value) == (
        f"{tmp_path}/out: is a link out of {tmp_path}; trust=true lets it be followed."
    )
    check_contents(tmp_path, ["trust=true"])

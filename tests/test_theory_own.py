"""The theory of a user's own pieces: measured where only draws tell, refused as training would."""

import json
from pathlib import Path

import pytest

from src.theory.__main__ import main
from tests.conftest import SMALL
from tests.own import EXAMPLE, MY_CONF


@pytest.mark.slow
def test_an_own_start_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    small = [item for item in SMALL if not item.startswith("model.hidden")]
    typed = ["--config-dir", str(MY_CONF), "init=checkerboard", "activation=squareplus", *small]
    main([*typed, "model.hidden=[200,200]", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert all(layer["measured"] for layer in found["layers"])
    # Signs alternate, so that the mean is 0 but for chance; sizes are U[0, .1): E[w²] = .01/3.
    for layer, fan_in in zip(found["layers"][:2], (20, 200), strict=True):
        assert layer["sigma_w_squared"] == pytest.approx(fan_in * 0.01 / 3, rel=0.1)
        assert layer["q"] is not None


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["activation=squareplus", "activation.arguments.b=x"], "cannot be called as (x, b='x')"),
        (["init=mup", "optimizer=layerwise"], "init=mup: asks whether the optimizer"),
    ],
)
@pytest.mark.slow
def test_what_training_refuses(
    typed: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    with pytest.raises(SystemExit) as end:
        main(["--config-dir", str(MY_CONF), *typed, *SMALL])
    assert end.value.code == 2
    err = capsys.readouterr().err
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--config-dir", str(tmp_path / "none"), "init=he"])
    assert end.value.code == 2
    assert "--config-dir" in capsys.readouterr().err

"""The edge of a command: whatever it raises is told in a line."""

import pytest

from src.cli import guarded
from tests.speechless import SpeechlessError


@pytest.mark.parametrize("error", [GeneratorExit(), SpeechlessError()], ids=["base", "speechless"])
def test_whatever_is_raised_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    def command() -> None:
        raise error

    with pytest.raises(SystemExit) as end:
        guarded(command)
    name = type(error).__name__
    said = f"error: internal fault: {name}: {name} (HYDRA_FULL_ERROR=1 shows the trace).\n"
    assert (end.value.code, capsys.readouterr().err) == (1, said)

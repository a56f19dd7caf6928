"""Operating-system packages as a source: found where installed, installed by root alone."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from src.data.datasets import Dataset
from src.data.sources import PackageFolder, PackageInstall, Unavailable, provide
from src.errors import InputError
from tests.idx_files import Files, write

pytestmark = pytest.mark.usefixtures("tiny_shapes")


def test_package_folder(tmp_path: Path, files: Files, dataset: Dataset) -> None:
    packaged = write(tmp_path / "package", files, packed=True)
    known = replace(dataset, package_folder=str(packaged))
    assert PackageFolder().offer(known, tmp_path) == packaged
    assert PackageFolder(str(packaged)).offer(dataset, tmp_path) == packaged
    with pytest.raises(Unavailable, match="no operating-system package"):
        PackageFolder().offer(dataset, tmp_path)
    with pytest.raises(Unavailable, match="absent does not exist"):
        PackageFolder(str(tmp_path / "absent")).offer(dataset, tmp_path)
    provide(known, tmp_path / "root", [PackageFolder()])
    assert {name: (tmp_path / "root" / name).read_bytes() for name in files} == files


class TestPackageInstall:
    """apt-get is never run: subprocess.run is replaced in every test."""

    commands: list[list[str]]

    @pytest.fixture(autouse=True)
    def as_root_on_debian(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commands = []
        self.codes = [0]
        self.stderr = "E: Unable to locate package\n"

        def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
            self.commands.append(command)
            code = self.codes.pop(0) if len(self.codes) > 1 else self.codes[0]
            return subprocess.CompletedProcess(command, code, "", self.stderr)

        monkeypatch.setattr("os.geteuid", lambda: 0)
        monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
        monkeypatch.setattr("subprocess.run", run)

    def test_not_root(self, monkeypatch: pytest.MonkeyPatch, dataset: Dataset) -> None:
        monkeypatch.setattr("os.geteuid", lambda: 1000)
        with pytest.raises(Unavailable, match="needs root on Debian or Ubuntu"):
            PackageInstall().offer(dataset, Path())
        assert self.commands == []

    def test_no_apt_get(self, monkeypatch: pytest.MonkeyPatch, dataset: Dataset) -> None:
        monkeypatch.setattr("shutil.which", lambda name: None)
        with pytest.raises(Unavailable, match="needs root on Debian or Ubuntu"):
            PackageInstall().offer(dataset, Path())
        assert self.commands == []

    def test_no_package(self, dataset: Dataset) -> None:
        with pytest.raises(Unavailable, match="no operating-system package is known"):
            PackageInstall().offer(replace(dataset, debian_package=None), Path())
        assert self.commands == []

    def test_installed(self, tmp_path: Path, dataset: Dataset, files: Files) -> None:
        packaged = write(tmp_path / "package", files, packed=True)
        known = replace(dataset, package_folder=str(packaged))
        provide(known, tmp_path / "root", [PackageInstall()])
        assert [command[:2] for command in self.commands] == [["apt-get", "install"]]
        for name, content in files.items():
            assert (tmp_path / "root" / name).read_bytes() == content

    def test_lists_are_updated_when_the_package_is_not_found(
        self, tmp_path: Path, dataset: Dataset, files: Files
    ) -> None:
        known = replace(dataset, package_folder=str(write(tmp_path / "package", files)))
        self.codes = [100, 0, 0]
        provide(known, tmp_path / "root", [PackageInstall()])
        assert [command[1] for command in self.commands] == ["install", "update", "install"]

    @pytest.mark.parametrize("stderr", ["W: slow\nE: Unable to locate package\n", ""])
    def test_failure_is_reported(self, tmp_path: Path, dataset: Dataset, stderr: str) -> None:
        self.codes, self.stderr = [100], stderr
        with pytest.raises(InputError) as caught:
            provide(dataset, tmp_path, [PackageInstall()])
        message = str(caught.value)
        assert "apt-get install dataset-fashion-mnist failed" in message
        assert ("E: Unable to locate package" if stderr else "no reason given") in message
        assert [path.name for path in tmp_path.iterdir() if path.name != ".lock"] == []

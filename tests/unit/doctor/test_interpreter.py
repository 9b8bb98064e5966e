from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from webui.doctor import interpreter
from webui.doctor.finding import Finding, Status
from webui.doctor.interpreter import PIP

Look = Callable[..., Finding]


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, version: str, *requires: str) -> None:
    """Put the metadata of a distribution where it is found first."""
    place = folder / f"{name}-{version}.dist-info"
    place.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {line}" for line in requires]
    (place / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.syspath_prepend(folder)


@pytest.mark.parametrize("name", ["python", "packages", "waitress", "extras"])
def test_this_interpreter_is_healthy(look: Look, name: str) -> None:
    assert look(f"interpreter.{name}").status is Status.OK


def test_an_old_python(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "LEAST_PYTHON", (sys.version_info[0], sys.version_info[1] + 1))
    found = look("interpreter.python")
    assert found.status is Status.PROBLEM
    assert "./scripts/start.sh" in found.remedy


@pytest.mark.parametrize(
    ("requirement", "said"),
    [
        ("waitress==1.0", "waitress is 3.0.2, and ==1.0 is needed"),
        ("no-such-package-here>=1", "no-such-package-here is not installed"),
    ],
)
def test_a_package_that_does_not_fit(
    look: Look, place: Path, monkeypatch: pytest.MonkeyPatch, requirement: str, said: str
) -> None:
    install(place, monkeypatch, "webui", "9", "pyramid>=2", 'fpdf2>=99; extra == "pdf"', requirement)
    found = look("interpreter.packages")
    assert found.status is Status.PROBLEM
    assert found.message == f"{said}."
    assert "pip install" in found.remedy


def test_a_checkout_that_was_not_installed(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", unknown)
    assert look("interpreter.packages").status is Status.WARNING


def test_another_waitress(look: Look, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(place, monkeypatch, "waitress", "3.0.9")
    found = look("interpreter.waitress")
    assert (found.status, found.remedy) == (Status.PROBLEM, f"{PIP} waitress==3.0.2")


def test_an_optional_package_of_the_wrong_version(look: Look, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(place, monkeypatch, "webui", "9", 'waitress>=99; extra == "pdf"')
    found = look("interpreter.extras")
    assert found.status is Status.WARNING
    assert "waitress is 3.0.2, and >=99 is needed" in found.message


def test_an_optional_package_may_be_missing(look: Look, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(place, monkeypatch, "webui", "9", 'no-such-package-here; extra == "pdf"')
    found = look("interpreter.extras")
    assert found.status is Status.OK
    assert found.message.startswith("Not installed: pdf")

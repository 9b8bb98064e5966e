"""webui as a wheel, installed far from any checkout, and the folder ``alembic/`` beside the library of that name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from sysconfig import get_path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[2]
WAIT = 120.0  # seconds; the bound of every wait
PACKAGED = ("setup.py", "pyproject.toml", "README.md", "LICENSE", "webui", "alembic")
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "PIP_CERT")
NOT_PACKAGED = shutil.ignore_patterns("static", "node_modules", "__pycache__")
# In the place of the script that builds the page, which takes Node and a minute.
BUILD_PAGE = """#!/bin/sh
mkdir -p webui/static/assets
echo '<html>The page</html>' >webui/static/index.html
echo >webui/static/.built
for name in index.js index.js.br index.js.gz; do echo >"webui/static/assets/$name"; done
"""


def run(*command: str | Path, cwd: Path, **environ: str) -> str:
    """The output of a command that must succeed, run without the settings of whoever runs the tests."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    done = subprocess.run(
        command, cwd=cwd, env=kept | environ, capture_output=True, text=True, timeout=WAIT, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is packaged, fresh as from a clone."""
    folder = tmp_path_factory.mktemp("build")
    for name in PACKAGED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=NOT_PACKAGED)
        else:
            shutil.copy(ROOT / name, folder / name)
    (folder / "scripts").mkdir()
    (folder / "scripts" / "build_page.sh").write_text(BUILD_PAGE, encoding="utf-8")
    (folder / "scripts" / "build_page.sh").chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def wheel(folder: Path) -> Path:
    """Built in that copy, since a build leaves folders behind in which the next one would find old files."""
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", folder, folder, cwd=folder)
    return next(folder.glob("webui-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` of an environment with that wheel, which borrows every other package from this environment."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=venv.parent)
    python = venv / "bin" / "python"
    options = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, wheel, cwd=venv.parent)
    packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=venv).strip())
    # After the wheel's own folder on sys.path; the .pth of an editable install in there has no effect.
    (packages / "borrowed.pth").write_text(f"{get_path('purelib')}\n{get_path('platlib')}\n", encoding="utf-8")
    return python.parent


@pytest.fixture
def server(installed: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a server that the installed programs set up in an empty folder."""
    shutil.copy(ROOT / "production.ini", tmp_path)
    run(installed / "initialize_db", "production.ini", cwd=tmp_path)
    command = [str(installed / "python"), "-m", "pyramid.scripts.pserve", "production.ini"]
    environ = {"HOST": "127.0.0.1", "PORT": "0", "WEBUI_LOCAL_MODEL": "false", "ENABLE_OLLAMA_API": "false"}
    with subprocess.Popen(command, cwd=tmp_path, env=environ, stderr=subprocess.PIPE, text=True) as process:
        overdue = threading.Timer(WAIT, process.kill)
        overdue.start()
        try:
            assert process.stderr is not None
            said = list(_until(process.stderr, "Listening on "))
            assert "Listening on " in said[-1], "".join(said)
            yield said[-1].split()[-1]
        finally:
            overdue.cancel()
            process.terminate()


def _until(lines: Iterator[str], sign: str) -> Iterator[str]:
    for line in lines:
        yield line
        if sign in line:
            return


def test_the_wheel_holds_the_migrations_the_page_and_the_templates(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    expected = {str(path.relative_to(folder)) for path in (folder / "webui").rglob("*.py")}
    expected |= {f"webui/migrations/{path.relative_to(ROOT / 'alembic')}" for path in (ROOT / "alembic").rglob("*.py")}
    assert expected <= names
    assert {"webui/migrations/env.py", "webui/migrations/script.py.mako", "webui/views/docs.mako"} <= names
    assert {"webui/py.typed", "webui/services/picture.svg"} <= names
    assert {name for name in names if name.startswith("webui/static/")} == {
        "webui/static/index.html",
        *(f"webui/static/assets/index.js{ending}" for ending in ("", ".br", ".gz")),
    }
    assert not any(name.startswith("webui/frontend/") for name in names)


def test_a_source_package_has_the_page_built(folder: Path, tmp_path: Path) -> None:
    code = "import sys; from setuptools.build_meta import build_sdist; build_sdist(sys.argv[1])"
    run(sys.executable, "-c", code, tmp_path, cwd=folder)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"webui/static/index.html", "webui/static/assets/index.js.br", "alembic/env.py"} <= names
    assert not any("frontend" in name for name in names)


def test_without_a_page_and_a_script_to_build_it_there_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "webui").mkdir()
    for name in ("setup.py", "README.md", "webui/__init__.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    command = [sys.executable, "setup.py", "build_py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=WAIT, check=False)
    assert done.returncode == 1
    assert "There is no web page in webui/static" in done.stderr


def test_the_wheel_installs_nothing_but_webui(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert {name.split("/")[0].split("-")[0] for name in archive.namelist()} == {"webui"}


def test_an_installed_wheel_migrates_and_serves_in_any_folder(server: str, installed: Path, tmp_path: Path) -> None:
    with urlopen(f"{server}/health") as answer:
        assert answer.read() == b'{"status":true}'
    with urlopen(server) as answer:
        assert b"<html" in answer.read()
    place = run(installed / "python", "-c", "import webui; print(webui.__file__)", cwd=tmp_path)
    assert Path(place).is_relative_to(installed.parent)
    assert (tmp_path / "data" / "webui.db").exists()


def test_the_webui_command_is_installed(installed: Path, tmp_path: Path) -> None:
    assert run(installed / "webui", "--version", cwd=tmp_path).startswith("webui ")


def test_the_folder_alembic_does_not_hide_the_library() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()
    place = run(sys.executable, "-c", "import alembic; print(alembic.__file__)", cwd=ROOT)
    assert not Path(place).is_relative_to(ROOT / "alembic")


def test_alembic_works_from_the_root_of_the_checkout(tmp_path: Path) -> None:
    def alembic(*arguments: str) -> str:
        return run(sys.executable, "-m", "alembic", *arguments, cwd=ROOT, DATA_DIR=str(tmp_path))

    revisions = sorted(path.name.split("_")[0] for path in (ROOT / "alembic" / "versions").glob("*.py"))
    alembic("upgrade", "head")
    assert f"{revisions[-1]} (head)" in alembic("history")
    assert alembic("current").strip() == f"{revisions[-1]} (head)"

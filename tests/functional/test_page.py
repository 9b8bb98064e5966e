"""The web page over HTTP: a small folder stands in for what the build makes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from webob import Request
from webtest import TestResponse

from tests.support import Client
from webui.views import page

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "webui" / "frontend"
WAIT = 120.0  # seconds
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SCRIPT = "/assets/index-Ab12Cd34.js"


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A folder with a page."""
    folder = tmp_path / "build"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<p>the start</p>", encoding="utf-8")
    (folder / ".built").write_text("a checksum", encoding="utf-8")
    (folder / "diagram.html").write_text("<p>a frame</p>", encoding="utf-8")
    (folder / "app.webmanifest").write_text("{}", encoding="utf-8")
    (folder / SCRIPT[1:]).write_text("a long script", encoding="utf-8")
    (folder / f"{SCRIPT[1:]}.gz").write_bytes(b"as gzip")
    (folder / f"{SCRIPT[1:]}.br").write_bytes(b"as br")
    return folder


@pytest.fixture
def ours(client: Client, build: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client of a server whose own page is in that folder."""
    monkeypatch.setattr(page, "PACKAGED", build)
    return client


@pytest.fixture
def other(make_client, build: Path) -> Client:  # type: ignore[no-untyped-def]
    """A client of a server that serves that folder instead of its own page."""
    client: Client = make_client(FRONTEND_BUILD_DIR=str(build))
    return client


def policy(answer: TestResponse) -> dict[str, str]:
    """The directives of its Content-Security-Policy."""
    return dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))


def test_a_page_of_others_may_have_scripts_in_its_html(other: Client) -> None:
    assert policy(other.get("/", status=200)) == {"frame-ancestors": "'self'"}
    assert policy(other.get("/diagram.html", status=200)) == {"frame-ancestors": "'self'"}


def test_the_page_is_served(ours: Client) -> None:
    answer = ours.get("/", status=200)
    assert answer.text == "<p>the start</p>"
    assert answer.content_type == "text/html"


def test_what_the_build_has_noted_is_nobodys_business(ours: Client) -> None:
    assert ours.get("/.built", headers={"Accept": "*/*"}).status_int == 404


def test_what_has_a_hash_in_its_name_is_kept_for_a_year_and_the_rest_is_asked_for_each_time(ours: Client) -> None:
    assert ours.get(SCRIPT).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for path in ("/", "/diagram.html", "/app.webmanifest"):
        assert ours.get(path).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("header", ["ETag", "Last-Modified"])
def test_a_page_that_did_not_change_is_not_sent_again(ours: Client, header: str) -> None:
    value = ours.get("/").headers[header]
    condition = {"If-None-Match": value} if header == "ETag" else {"If-Modified-Since": value}
    answer = ours.get("/", headers=condition)
    assert (answer.status_int, answer.body) == (304, b"")


def test_a_new_build_of_the_same_size_and_date_is_seen(ours: Client, build: Path) -> None:
    tag = ours.get("/").headers["ETag"]
    date = (build / "index.html").stat().st_mtime
    (build / "index.html").write_text("<p>the other</p>"[:16], encoding="utf-8")
    os.utime(build / "index.html", (date, date))
    assert ours.get("/", headers={"If-None-Match": tag}).status_int == 200


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [("gzip, br", "br", b"as br"), ("gzip", "gzip", b"as gzip"), (None, None, b"a long script")],
)
def test_the_smallest_form_that_the_browser_takes_is_sent(
    ours: Client, accepted: str | None, encoding: str | None, body: bytes
) -> None:
    headers = {"Accept-Encoding": accepted} if accepted else {}
    answer = Request.blank(SCRIPT, headers=headers).get_response(ours.app.app)  # WebTest would unpack it
    assert (answer.content_encoding, answer.body) == (encoding, body)
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.content_type.endswith("javascript")


def test_head_and_ranges_are_answered(ours: Client) -> None:
    head = ours.app.head(SCRIPT)
    assert (head.headers["Content-Length"], head.body) == ("13", b"")
    part = ours.get(SCRIPT, headers={"Range": "bytes=2-5"})
    assert (part.status_int, part.body) == (206, b"long")


def test_nothing_inline_and_nothing_of_others_is_allowed(ours: Client) -> None:
    rules = policy(ours.get("/"))
    assert rules["default-src"] == "'self'"
    assert rules["img-src"] == "'self' data: blob:"
    assert "unsafe" not in str(rules)
    assert policy(ours.get(SCRIPT)) == rules  # a worker has the policy of its own script


def test_the_frame_of_diagrams_may_have_inline_styles_and_reaches_nothing(ours: Client) -> None:
    rules = policy(ours.get("/diagram.html"))
    assert rules["style-src"] == "'unsafe-inline'"
    assert (rules["default-src"], rules["img-src"], rules["script-src"]) == ("'none'", "data:", "'self'")
    assert (rules["sandbox"], rules["frame-ancestors"]) == ("allow-scripts", "'self'")
    assert ours.get(SCRIPT).headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in ours.get("/").headers


def test_the_manifest_has_its_own_type(ours: Client) -> None:
    assert ours.get("/app.webmanifest").content_type == "application/manifest+json"


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/auth", "./#/auth"),
        ("/c/abc", "../#/c/abc"),
        ("/s/a%20b", "../#/s/a%20b"),
        ("/admin/users/", "../../#/admin/users/"),
        ("/c/%C3%A4%3F%23", "../#/c/%C3%A4%3F%23"),
        ("//evil.example/x", "../../#//evil.example/x"),
    ],
)
def test_a_browser_at_a_deep_address_is_led_to_it_in_the_page(ours: Client, path: str, location: str) -> None:
    answer = ours.get(path, headers=BROWSER)
    assert answer.status_int == 302
    assert answer.headers["Location"] == location


@pytest.mark.parametrize(
    "path",
    ["/api/v1/nothing", "/ollama/x", "/static/x", "/assets/old-Ab12Cd34", "/c/x.png", "/robots.txt"],
)
def test_what_cannot_be_of_the_page_is_not_found(ours: Client, path: str) -> None:
    answer = ours.get(path, headers=BROWSER)
    assert answer.status_int == 404
    assert "detail" in answer.json


def test_a_program_at_an_unknown_address_is_told_that_there_is_nothing(ours: Client) -> None:
    assert ours.get("/c/abc", headers={"Accept": "application/json"}).status_int == 404
    assert ours.get("/c/abc").status_int == 404
    assert ours.post("/c/abc", {}).status_int == 405


@pytest.mark.parametrize("path", ["/", "/c/abc"])
def test_where_the_page_is_not_built_its_place_says_how_to(ours: Client, build: Path, path: str) -> None:
    (build / "index.html").unlink()
    answer = ours.get(path, headers=BROWSER)
    assert answer.status_int == 503
    assert "./scripts/build_page.sh" in answer.text
    assert ours.get("/api/config").status_int == 200
    assert ours.get("/favicon.svg", headers=BROWSER).status_int == 404


def test_another_page_is_served_instead_of_ours(other: Client, client: Client) -> None:
    assert other.get("/", status=200).text == "<p>the start</p>"
    assert "the start" not in client.get("/").text


@pytest.mark.parametrize("path", ["/c/abc", "/assets", "/api/v1/nothing", "/api/v1/chats", "/api/v1/auths/signin"])
def test_another_page_starts_at_every_address_that_nothing_else_has(other: Client, path: str) -> None:
    answer = other.get(path)
    assert (answer.status_int, answer.text) == (200, "<p>the start</p>")
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_script_that_another_page_lacks_is_not_found(other: Client) -> None:
    assert other.get("/assets/gone.js").status_int == 404


def test_other_methods_than_get_stay_refused_beside_another_page(other: Client) -> None:
    answer = other.post("/c/abc", {})
    assert (answer.status_int, answer.json) == (405, {"detail": "Method Not Allowed"})
    assert other.get("/api/v1/chats/").status_int == 401


def test_where_another_page_has_no_start_there_is_only_the_api(other: Client, build: Path) -> None:
    (build / "index.html").unlink()
    for path in ("/", "/assets", "/c/abc"):
        assert other.get(path, headers=BROWSER).status_int == 404
    assert other.get("/api/v1/auths/signin").status_int == 405


def test_the_name_of_the_server_does_not_change_the_description_of_the_api(make_client, client: Client) -> None:  # type: ignore[no-untyped-def]
    named = make_client(WEBUI_NAME="Ours")
    assert named.get("/openapi.json").json == client.get("/openapi.json").json


def test_the_description_is_printed_without_a_server(client: Client) -> None:
    command = [sys.executable, ROOT / "scripts" / "openapi.py"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT, check=True)
    assert json.loads(done.stdout) == client.get("/openapi.json").json


@pytest.mark.skipif(
    not (FRONTEND / "node_modules").exists() or not shutil.which("npm"), reason="The page was never built here"
)
def test_the_types_of_the_page_are_those_of_the_api() -> None:
    command = ["npm", "run", "--silent", "types", "--", "--check"]
    done = subprocess.run(
        command,
        cwd=FRONTEND,
        env=os.environ | {"PYTHON": sys.executable},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WAIT,
        check=False,
    )
    assert done.returncode == 0, f"The API has changed; run `npm run types` in webui/frontend.\n{done.stdout}"

from __future__ import annotations

from pathlib import Path

from tests.support import Client


def test_the_page_comes_from_the_folder_of_the_setting(make_client, client: Client, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "build"
    folder.mkdir()
    (folder / "index.html").write_text("<p>of another build</p>", encoding="utf-8")
    other = make_client(FRONTEND_BUILD_DIR=str(folder))
    assert other.get("/", status=200).text == "<p>of another build</p>"
    assert "of another build" not in client.get("/", status=200).text


def test_a_folder_of_the_page_is_not_redirected_to(make_client, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "build" / "images").mkdir(parents=True)
    client = make_client(FRONTEND_BUILD_DIR=str(tmp_path / "build"))
    assert client.get("/images").status_int == 404

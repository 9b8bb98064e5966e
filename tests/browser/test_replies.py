"""Replies that go on whatever happens to the page that asked for them."""

from __future__ import annotations

import signal
import socket
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from scripts.bench import replies
from scripts.bench.harness import Upstream
from scripts.bench.server import Server
from tests.browser.support import SLOW, STUCK, Page
from tests.faults.relay import Relay
from tests.support import conversation, message
from tests.support_server import running_server

THOUGHT = """\
<details type="reasoning" done="true" duration="7">
<summary>Thought for 7 seconds</summary>
> Is 1 &lt; 2? &lt;/details&gt;&lt;img src=x onerror=&quot;document.title='gone'&quot;&gt;
> Yes.
</details>
It is.
<details type="tool_calls" done="true" id="c" name="look" arguments="&quot;{}&quot;">
<summary>Called look</summary>
</details>

And **so** it was.
<details type="reasoning" done="true">
no end <script>document.title='gone'</script>
"""
WORDS = """
const [text, done] = arguments;
import("/passages.js").then(({ readPassages, words }) => done(words(readPassages(text))));
"""


def whole(model: str) -> str:
    """What a fake model says, as it is shown."""
    reply = replies.parse(model)
    assert reply is not None
    return reply.text.strip()


def test_a_reload_in_the_middle_loses_and_doubles_nothing(chat: Page) -> None:
    chat.pick(SLOW)
    chat.ask("Go on")
    early = chat.reply()
    chat.driver.refresh()
    assert chat.reply().startswith(early)
    assert chat.is_running()
    assert chat.whole_reply() == whole(SLOW)
    assert chat.errors() == []


def test_a_connection_that_breaks_is_taken_up_again_where_it_was(server: Server, tmp_path: Path) -> None:
    relay = Relay(sa.make_url(server.url))
    relay.open()
    with closing(Page(f"http://127.0.0.1:{relay.port}", tmp_path)) as page:
        page.enter()
        page.pick(SLOW)
        page.ask("Go on")
        early = page.reply()
        relay.close()
        assert page.text(".state").startswith("The connection is lost.")
        relay.open()
        assert page.reply().startswith(early)
        assert page.whole_reply() == whole(SLOW)
    relay.stop()


def test_a_reply_goes_on_while_another_chat_is_looked_at(chat: Page) -> None:
    chat.pick(SLOW)
    chat.ask("Go on")
    early = chat.reply()
    chat.one("#new").click()
    chat.one(".suggestions")
    assert not chat.is_running()
    chat.one("#chats a").click()
    assert chat.reply().startswith(early)
    assert chat.whole_reply() == whole(SLOW)


def test_a_reply_can_be_stopped_after_a_reload(upstream: Upstream, chat: Page) -> None:
    chat.pick(STUCK)
    chat.ask("Go on for ever")
    chat.until(lambda: "19" in chat.reply())
    chat.driver.refresh()
    chat.until(chat.is_running)
    seen = upstream.stats()
    chat.one("#send").click()
    assert chat.text(".state") == "Stopped."
    assert chat.reply().endswith("19")
    upstream.wait(lambda stats: stats.aborted > seen.aborted)


def test_two_windows_show_the_same_and_either_can_stop_it(chat: Page) -> None:
    chat.pick(SLOW)
    chat.ask("Are you there?")
    assert chat.whole_reply() == whole(SLOW)
    first = chat.open_window()
    assert chat.reply() == whole(SLOW)

    chat.pick(STUCK)
    chat.ask("Go on for ever")
    second = chat.driver.current_window_handle
    chat.driver.switch_to.window(first)
    chat.until(lambda: len(chat.all(".question")) == 2 and chat.reply().endswith("19"))
    assert chat.is_running()
    chat.one("#send").click()
    assert chat.text(".reply:last-child .state") == "Stopped."
    chat.driver.switch_to.window(second)
    assert chat.text(".reply:last-child .state") == "Stopped."
    assert len(chat.all(".question")) == 2


def test_the_title_that_the_server_finds_is_shown_at_once(chat: Page) -> None:
    question = "How many words does the title of a chat have when nobody has thought of a shorter one?"
    chat.pick("fake-100x0ms")
    chat.ask(question)
    chat.until(lambda: chat.text("#chats a").endswith("thought of a…"))
    chat.until(lambda: chat.driver.title == f"{chat.text('#chats a')} · webui")


def test_a_killed_server_leaves_a_reply_that_can_be_continued(upstream: Upstream, tmp_path: Path) -> None:
    environ = {"OPENAI_API_BASE_URLS": upstream.openai_url, "ENABLE_OLLAMA_API": "false", "PORT": str(_free_port())}
    data, profile = tmp_path / "data", tmp_path / "profile"
    data.mkdir()
    with running_server(data, environ) as server:
        page = Page(server.url, profile)
        page.enter()
        page.pick(SLOW)
        page.ask("Go on")
        page.until(lambda: "29" in page.reply())  # and most of that has been stored
        server.kill(signal.SIGKILL)
    with closing(page):
        assert page.text(".state").startswith("The connection is lost.")
        with running_server(data, environ):
            page.until(lambda: page.all(".failure button"))
            assert page.text(".failure button") == "Continue"
            kept = page.reply()
            assert whole(SLOW).startswith(kept)
            page.driver.refresh()
            assert page.text(".failure button") == "Continue"
            assert page.reply() == kept

            page.one(".failure button").click()
            assert page.whole_reply() == f"{kept} {whole(SLOW)}"
            assert page.all(".failure") == []
            assert len(page.all(".reply")) == 1


def test_what_is_folded_in_a_stored_reply_is_neither_markup_nor_sent_to_a_model(chat: Page) -> None:
    stored = conversation(message("q", content="Is it?"), message("a", "q", role="assistant", content=THOUGHT))
    chat_id = chat.call("POST", "/api/v1/chats/new", stored)["id"]
    chat.driver.get(f"{chat.url}/#/c/{chat_id}")
    chat.one(".reply summary").click()
    assert [node.text for node in chat.all(".reply summary")] == ["Thought for 7 s", "Called look"]
    assert chat.text(".thought").startswith("Is 1 < 2? </details><img src=x")
    assert chat.text(".thought").endswith("Yes.")
    assert chat.text(".reply .prose") == "It is."
    assert chat.driver.find_elements("css selector", ".reply :is(img, script)") == []
    assert chat.driver.title.endswith("webui")
    assert chat.errors() == []
    assert chat.driver.execute_async_script(WORDS, THOUGHT.partition('<details type="reasoning" done="true">')[0]) == (
        "It is.\nAnd **so** it was.\n"
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])

"""Replies that go on whatever happens to the page that asked for them."""

from __future__ import annotations

import signal
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import sqlalchemy as sa

from scripts.bench import replies
from scripts.bench.harness import Upstream
from tests.browser.conftest import BROKEN, SLOW, STUCK
from tests.browser.people import Person, first_person
from tests.browser.support import Keys, Page, words
from tests.faults.relay import Relay
from tests.support import message
from tests.support_server import RunningServer, running_server

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


def test_on_a_slow_network_everything_comes_once(chat: Page) -> None:
    chat.pick(SLOW)
    chat.tell(
        "Network.emulateNetworkConditions", offline=False, latency=600, downloadThroughput=4000, uploadThroughput=4000
    )
    chat.one("#prompt").send_keys("Go on", Keys.ENTER)
    assert chat.text("article.question") == "Go on"  # before the server has it
    assert chat.whole_reply() == whole(SLOW)
    chat.tell("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    chat.driver.refresh()
    assert chat.whole_reply() == whole(SLOW)
    assert len(chat.all("article")) == 2


def test_a_connection_that_breaks_is_taken_up_again_where_it_was(
    page: Page, server: RunningServer, person: Person
) -> None:
    relay = Relay(sa.make_url(server.url))
    relay.open()
    with ExitStack() as stack:
        stack.callback(relay.stop)
        page.url = f"http://127.0.0.1:{relay.port}"
        page.enter_at_once(person)
        page.pick(SLOW)
        page.ask("Go on")
        early = page.reply()
        relay.close()
        page.until(lambda: page.says(words("common.offline")), "Nothing is said of the lost connection.")
        relay.open()
        assert page.reply().startswith(early)
        assert page.whole_reply() == whole(SLOW)
        page.until(lambda: not page.says(words("common.offline")))
        page.open(url=server.url)
    page.errors()


def test_a_reply_goes_on_while_another_chat_is_looked_at(chat: Page) -> None:
    chat.pick(SLOW)
    chat.ask("Go on")
    early = chat.reply()
    chat.click("button", words("common.newChat"), chat.one("#sidebar"))
    chat.until(lambda: not chat.all("article"))
    assert not chat.is_running()
    chat.click("link", "Go on.*", chat.one("#sidebar"))
    assert chat.reply().startswith(early)
    assert chat.whole_reply() == whole(SLOW)


def test_a_stopped_reply_keeps_what_it_has(chat: Page) -> None:
    chat.pick(STUCK)
    chat.ask("Go on for ever")
    chat.until(lambda: "19" in chat.reply())
    chat.press(Keys.ESCAPE)
    chat.until(lambda: not chat.is_running())
    stopped = chat.reply()
    assert stopped.endswith("19")
    chat.driver.refresh()
    assert chat.reply() == stopped
    assert not chat.is_running()


def test_a_reply_can_be_stopped_after_a_reload(upstream: Upstream, chat: Page) -> None:
    chat.pick(STUCK)
    chat.ask("Go on for ever")
    chat.until(lambda: "19" in chat.reply())
    chat.driver.refresh()
    chat.until(chat.is_running)
    seen = upstream.stats()
    chat.one("#send").click()
    chat.until(lambda: not chat.is_running())
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
    chat.until(lambda: len(chat.all("article.question")) == 2 and chat.reply().endswith("19"))
    assert chat.is_running()
    chat.one("#send").click()
    chat.until(lambda: not chat.is_running())
    chat.driver.switch_to.window(second)
    chat.until(lambda: not chat.is_running())
    assert len(chat.all("article.question")) == 2
    assert chat.reply().endswith("19")


def test_a_failed_reply_says_why_and_what_can_be_done(upstream: Upstream, chat: Page) -> None:
    chat.pick(BROKEN)
    chat.ask("Are you well?")
    chat.until(lambda: "The fake is broken." in chat.text("article.reply"))
    chat.until(lambda: not chat.is_running())
    chat.find("link", words("chat.toConnections"))

    seen = upstream.stats()
    chat.click("button", words("common.retry"))
    upstream.wait(lambda stats: stats.requests > seen.requests)
    chat.until(lambda: "The fake is broken." in chat.text("article.reply"))
    assert len(chat.all("article.question")) == 1


def test_a_killed_server_leaves_a_reply_that_can_be_continued(
    browser: Page, environ: Mapping[str, str], tmp_path: Path
) -> None:
    environ = {**environ, "PORT": str(_free_port())}
    page = browser
    page.reset()
    with running_server(tmp_path, environ) as server:
        page.open(url=server.url)
        page.enter_at_once(first_person(server))
        page.pick(SLOW)
        page.ask("Go on")
        page.until(lambda: "29" in page.reply())  # and most of that has been stored
        server.kill(signal.SIGKILL)
    page.until(lambda: page.says(words("common.offline")))
    with running_server(tmp_path, environ):
        page.find("button", words("chat.continue"))
        kept = page.reply()
        assert whole(SLOW).startswith(kept)
        page.driver.refresh()
        page.find("button", words("chat.continue"))
        assert page.reply() == kept

        page.click("button", words("chat.continue"))
        assert page.whole_reply() == f"{kept} {whole(SLOW)}"
        assert page.named("button", words("chat.continue")) == []
        assert len(page.all("article.reply")) == 1
        page.driver.get("about:blank")


def test_what_is_folded_in_a_stored_reply_is_not_markup(chat: Page, person: Person) -> None:
    chat_id = person.keep_chat(message("q", content="Is it?"), message("a", "q", role="assistant", content=THOUGHT))
    chat.open(f"#/c/{chat_id}")
    chat.until(lambda: chat.says("It is."))
    for summary in chat.all("article.reply :is(summary, [aria-expanded=false])"):
        summary.click()
    chat.until(lambda: "Is 1 < 2? </details><img src=x" in chat.text("article.reply"))
    assert chat.driver.find_elements("css selector", "article.reply :is(img, script)") == []
    assert chat.driver.title.endswith("webui")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])

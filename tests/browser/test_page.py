"""The page in a real browser, on a real server, with a fake model server behind it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from scripts.bench.harness import Upstream
from scripts.bench.server import started
from tests.browser.support import ACCOUNT, BROKEN, SLOW, STUCK, Page, webdriver

SAMPLE = """\
# Title

Some *text* with `code`, **bold**, and a [link](https://example.org/a_(b)).
A second line | with a bar

1. one
2. two

   still two
   - nested
- other

| a | b |
|---|---|
| 1 | 2 |

```py
def f():
    return "**no**"
```
> quoted
> - item

last
"""
HOSTILE = """\
<img src=x onerror="document.title='gone'"> <script>document.title='gone'</script>
[a](javascript:alert(1)) [b](data:text/html,x) ![c](https://elsewhere.example/c.png)
"""
SPANS = r"**a *b* c** ~~d~~ \*e\* ``f`g`` __h__ _i_j_ `k* *l** **m *n [o](p"
SPANS_SHOWN = (
    "<p><strong>a <em>b</em> c</strong> <del>d</del> *e* <code>f`g</code> <strong>h</strong> <em>i_j</em>"
    " `k* *l** **m *n [o](p</p>"
)
# What a looping model may write, and so long that one look ahead through it all for each mark would take minutes.
LOOPS = (
    *(mark * 300_000 for mark in ("**a ", "*a ", "__a ", "_a ", "[a](", "`", "*")),
    "".join("`" * length + " " for length in range(1, 1200)),
)
LONG_LINES = (
    *("# a" + mark * 2_000_000 + "b" for mark in " #"),
    "```" + "a" * 2_000_000 + "`",
    "~" * 2_000_000 + "`",
    "a | b\n" + " " * 2_000_000 + "x",
)
COUNT_SPANS = """
const [text, done] = arguments;
import("/inline.js").then(({ inline }) => done(inline(text).length));
"""


def test_a_newcomer_becomes_the_administrator_and_finds_the_chat_again(upstream: Upstream, tmp_path: Path) -> None:
    with started(upstream.openai_url) as server, closing(Page(server.url, tmp_path)) as page:
        _first_minutes(page)
        assert page.hosts() == {urlsplit(page.url).netloc}
        assert page.errors() == []


def _first_minutes(page: Page) -> None:
    assert page.text("#card h1") == "Welcome to webui"
    page.fill_card(name="Ada", **ACCOUNT)
    page.until(lambda: len(page.all(".suggestions button")) == 3)

    page.pick(SLOW)
    page.ask("What is a word?")
    early = page.reply()
    assert page.is_running()
    page.until(lambda: not page.is_running())
    whole = page.reply()
    assert whole.startswith(early.rstrip(".1234567890 "))
    assert len(whole) > len(early)
    assert "59" in whole

    page.driver.refresh()
    assert page.reply() == whole
    assert page.text(".question p") == page.text("#chats a") == "What is a word?"
    assert page.driver.title == "What is a word? · webui"

    page.one("#leave").click()
    assert page.text("#card h1") == "Sign in to webui"
    page.fill_card(**ACCOUNT)
    page.one("#chats a").click()
    assert page.reply() == whole


def test_a_stopped_reply_keeps_what_it_has(chat: Page) -> None:
    chat.pick(STUCK)
    chat.ask("Go on for ever")
    chat.until(lambda: "19" in chat.reply())
    chat.one("body").send_keys(webdriver.Keys.ESCAPE)
    assert chat.text(".state") == "Stopped."
    stopped = chat.reply()

    chat.until(lambda: not chat.is_running())
    chat.driver.refresh()
    assert chat.reply() == stopped
    assert chat.text(".state") == "Stopped."
    assert chat.errors() == []


def test_a_failed_reply_says_why_and_can_be_tried_with_another_model(chat: Page) -> None:
    chat.pick(BROKEN)
    chat.ask("Are you well?")
    assert "The fake is broken." in chat.text(".failure p")

    chat.pick(SLOW)
    chat.one(".failure button").click()
    chat.reply()
    assert chat.all(".failure") == []
    assert len(chat.all(".question")) == 1


def test_a_deleted_chat_can_be_taken_back(chat: Page) -> None:
    chat.pick("fake-100x0ms")
    chat.ask("Keep me")
    chat.until(lambda: not chat.is_running())
    chat.one("#chats li .icon").click()
    chat.one(".leaving button").click()
    chat.driver.refresh()
    assert chat.text("#chats a") == "Keep me"


def test_markdown_that_grows_looks_like_markdown_that_came_whole(page: Page) -> None:
    whole = page.paint(SAMPLE, len(SAMPLE))
    for tag in ("h2", "em", "code", "strong", "a", "ol", "li", "ul", "table", "td", "pre", "blockquote"):
        assert f"<{tag}" in whole
    for step in (1, 3, 7):
        assert page.paint(SAMPLE, step) == whole


def test_spans_are_shown_and_marks_without_an_end_stay_as_written(page: Page) -> None:
    assert page.paint(SPANS, len(SPANS)) == page.paint(SPANS, 1) == SPANS_SHOWN


def test_a_loop_of_open_marks_is_read_once(page: Page) -> None:
    for text in LOOPS:
        assert page.driver.execute_async_script(COUNT_SPANS, text) == 1, text[:20]
    for text in LONG_LINES:
        assert page.paint(text, len(text))


def test_a_paragraph_of_a_whole_book_is_plain_text(page: Page) -> None:
    text = "**a** b\n" * 3_000
    assert page.paint(text, len(text)) == page.paint(text, 500) == f"<p>{text.strip()}</p>"


def test_what_a_model_says_is_never_markup(page: Page) -> None:
    shown = page.paint(HOSTILE, 5)
    assert "<img" not in shown
    assert "<script" not in shown
    assert 'href="javascript' not in shown
    assert 'href="data' not in shown
    assert page.hosts() == {urlsplit(page.url).netloc}

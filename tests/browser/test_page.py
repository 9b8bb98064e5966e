"""The page in a real browser, on a real server, with a fake model server behind it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest

from scripts.bench.harness import Upstream, running_upstream
from scripts.bench.server import Server, started

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
if CHROMIUM is None or DRIVER is None:
    pytest.skip("Needs Chromium and its driver: apt-get install chromium chromium-driver", allow_module_level=True)
webdriver = pytest.importorskip("selenium.webdriver", reason="Needs selenium: pip install selenium")
ui = pytest.importorskip("selenium.webdriver.support.ui")

# A node that the page has replaced meanwhile; the next look finds the new one.
STALE = (pytest.importorskip("selenium.common.exceptions").StaleElementReferenceException,)
Found = TypeVar("Found")
WAIT = 20.0  # seconds; the bound of every wait
SLOW, STUCK, BROKEN = "fake-60x50ms", "fake-40x10ms-stall", "fake-10x10ms-500"
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --disable-dev-shm-usage --no-first-run --window-size=1200,800"
    " --disable-background-networking --disable-component-update --disable-sync"
).split()
ACCOUNT = {"email": "ada@example.org", "password": "correct horse"}
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
PAINT = """
const [text, step, done] = arguments;
import("/markdown.js").then(({ Painter }) => {
  const root = document.createElement("div");
  const painter = new Painter(root);
  for (let end = step; end < text.length; end += step) painter.paint(text.slice(0, end), false);
  painter.paint(text, true);
  done(root.innerHTML);
});
"""


class Page:
    """What a person does with the page."""

    def __init__(self, url: str, profile: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
        self.driver.set_script_timeout(WAIT)
        self.url = url
        self.driver.get(url)

    def close(self) -> None:
        self.driver.quit()

    def until(self, condition: Callable[[], Found]) -> Found:
        wait = ui.WebDriverWait(self.driver, WAIT, poll_frequency=0.05, ignored_exceptions=STALE)
        found: Found = wait.until(lambda _: condition())
        return found

    def all(self, selector: str) -> list[Any]:
        return [node for node in self.driver.find_elements("css selector", selector) if node.is_displayed()]

    def one(self, selector: str) -> Any:
        return self.until(lambda: self.all(selector))[0]

    def text(self, selector: str) -> str:
        return str(self.one(selector).text)

    def fill_card(self, **fields: str) -> None:
        for name, value in fields.items():
            self.one(f"#card [name={name}]").send_keys(value)
        self.one("#card .primary").click()
        self.one("#prompt")

    def pick(self, model: str) -> None:
        ui.Select(self.one("#model")).select_by_value(model)

    def ask(self, text: str) -> None:
        self.one("#prompt").send_keys(text, webdriver.Keys.ENTER)

    def is_running(self) -> bool:
        return bool(self.one("#send").get_attribute("aria-label") == "Stop")

    def reply(self) -> str:
        """The last reply, once it has some text."""
        return self.until(lambda: next((node.text for node in reversed(self.all(".reply .prose")) if node.text), ""))

    def paint(self, text: str, step: int) -> str:
        """The HTML of a reply that comes in pieces of `step` characters."""
        return str(self.driver.execute_async_script(PAINT, text, step))

    def errors(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def hosts(self) -> set[str]:
        """Where the page has sent requests to; the browser's own new tab is not counted."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return {urlsplit(url).netloc for url in sent if not url.startswith(("chrome", "data:"))}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running_upstream([SLOW, STUCK, BROKEN]) as running:
        yield running


@pytest.fixture(scope="module")
def server(upstream: Upstream) -> Iterator[Server]:
    with started(upstream.openai_url) as running:
        yield running


@pytest.fixture
def page(server: Server, tmp_path: Path) -> Iterator[Page]:
    """The page in a new browser."""
    with closing(Page(server.url, tmp_path)) as found:
        yield found


@pytest.fixture
def chat(page: Page) -> Page:
    """The same with the administrator signed in, in an empty chat."""
    is_new = page.text("#card h1").startswith("Welcome")
    page.fill_card(**({"name": "Ada"} if is_new else {}), **ACCOUNT)
    return page


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


def test_a_closed_page_leaves_a_reply_that_can_be_tried_again(chat: Page) -> None:
    chat.pick(STUCK)
    chat.ask("Go on for ever")
    chat.until(lambda: "#/c/" in chat.driver.current_url)
    chat.driver.refresh()
    assert chat.text(".failure p") == "The reply broke off before its end."


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

"""What the web page takes, in a real Chromium: its first load, the way from Enter to text, frames, memory.

Needs what the tests in a browser need. Takes four minutes:

    python -m scripts.bench.page
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.bench.harness import running_upstream

if TYPE_CHECKING:
    from tests.browser.people import Person
    from tests.browser.support import Page

AT_ONCE = "fake-40x0ms"
STEADY = "fake-{}x10ms"
TABLE_ROW = "| **a *b* `c`** | [d](https://example.org/e) | ~~f~~ $g^2$ |\n"
HOSTILE = "\n".join(("> " * 400, "[" * 20_000, "**a " * 5_000, "| a | b | c |\n|---|---|---|\n" + TABLE_ROW * 3_000))

# Notes when the composer and a model to ask are there.
WATCH_START = """
const there = () => document.querySelector("#prompt") && document.querySelector("#model")?.textContent.trim();
const look = () => there() ? (window.interactive = performance.now()) : requestAnimationFrame(look);
look();
"""
# Notes how long after Enter the next reply has its first text on screen.
WATCH_TEXT = """
window.shown = null;
const before = document.querySelectorAll("article.reply").length;
addEventListener("keydown", () => {
  const asked = performance.now();
  const look = () => {
    const prose = [...document.querySelectorAll("article.reply")].slice(before).pop()?.querySelector(".prose");
    if (!prose?.textContent) return requestAnimationFrame(look);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { window.shown = performance.now() - asked; };
    port2.postMessage(null);
  };
  requestAnimationFrame(look);
}, { capture: true, once: true });
"""
WATCH_FRAMES = """
window.frames_ = [];
let last = performance.now();
const next = (now) => { window.frames_.push(now - last); last = now; window.watching = requestAnimationFrame(next); };
window.watching = requestAnimationFrame(next);
"""
HAS_REPLY = """
const replies = document.querySelectorAll("article.reply");
return replies.length > 0 && ![...replies].some((reply) => reply.ariaBusy === "true");
"""
SIZES = """
return performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"))
  .filter(({ name }) => !new URL(name).pathname.includes("/api/"))
  .map(({ name, encodedBodySize }) => [name, encodedBodySize]);
"""


@dataclass(frozen=True)
class Load:
    """The first visit of a browser: compressed bytes of files, how many, and ms until one can write."""

    size: int
    requests: int
    interactive: float


@dataclass(frozen=True)
class Frames:
    """Lengths of frames in ms."""

    count: int
    worst: float
    long: int  # over 50 ms


def first_load(page: Page, person: Person) -> Load:
    """As somebody who is signed in, with an empty cache."""
    page.tell("Network.clearBrowserCache")
    watcher = page.tell("Page.addScriptToEvaluateOnNewDocument", source=WATCH_START)["identifier"]
    page.enter_at_once(person)
    interactive = page.until(lambda: page.driver.execute_script("return window.interactive"))
    page.tell("Page.removeScriptToEvaluateOnNewDocument", identifier=watcher)
    sizes = page.driver.execute_script(SIZES)
    return Load(sum(size for _, size in sizes), len(sizes), interactive)


def first_text(page: Page, *, follow_ups: int) -> list[float]:
    """Ms from Enter to the first text of the reply: in the chat that is open, and then in each follow-up."""
    taken = []
    for _ in range(follow_ups + 1):
        page.driver.execute_script(WATCH_TEXT)
        page.ask("Word?")
        taken.append(float(page.until(lambda: page.driver.execute_script("return window.shown"))))
        page.until(lambda: not page.is_running())
    return taken


@contextmanager
def watched_frames(page: Page) -> Iterator[list[Frames]]:
    """The frames from here to the end of the block, which are then in the list."""
    found: list[Frames] = []
    page.driver.execute_script(WATCH_FRAMES)
    yield found
    lengths = page.driver.execute_script("cancelAnimationFrame(window.watching); return window.frames_")
    found.append(Frames(len(lengths), max(lengths), sum(length > 50 for length in lengths)))


def streamed(page: Page, tokens: int) -> Frames:
    """The frames while so many tokens come, 100 in a second."""
    page.pick(STEADY.format(tokens))
    with watched_frames(page) as found:
        page.ask("Go on")
        page.until(page.is_running)
        page.until(lambda: not page.is_running(), seconds=tokens / 100 + 20)
    return found[0]


def opened(page: Page, chat_id: str) -> tuple[float, Frames]:
    """Ms until a stored chat is shown whose address is opened in the page, and the frames until then."""
    with watched_frames(page) as found:
        page.driver.execute_script("window.began = performance.now(); location.hash = arguments[0]", f"#/c/{chat_id}")
        page.until(lambda: page.all("article.reply .prose"))
        taken = page.driver.execute_script("return performance.now() - window.began")
    return float(taken), found[0]


def heap(page: Page) -> float:
    """MB of the page's objects that are in use. Elements that selenium has looked at stay as long as the page."""
    page.tell("HeapProfiler.collectGarbage")
    return float(page.tell("Runtime.getHeapUsage")["usedSize"]) / 2**20


def heap_over(page: Page, replies: int) -> list[float]:
    """MB after each tenth of so many replies in one chat after another, each of ten."""
    taken = []
    for index in range(1, replies + 1):
        if index % 10 == 1:
            page.click("button", None, page.one("#sidebar .new"))
        page.ask(f"Word {index}?")
        page.until(lambda: page.driver.execute_script(HAS_REPLY))
        if index % max(1, replies // 10) == 0:
            taken.append(heap(page))
    return taken


def long_chat(person: Person, messages: int) -> str:
    """The id of a stored chat of so many messages."""
    from tests.support import message

    stored: list[dict[str, Any]] = []
    for index in range(messages):
        parent = stored[-1]["id"] if stored else None
        role = "assistant" if index % 2 else "user"
        stored.append(message(f"m{index}", parent, role=role, content=f"Message **{index}**.", done=True))
        if parent:
            stored[-2]["childrenIds"] = [f"m{index}"]
    return person.keep_chat(*stored)


def hostile_chat(person: Person, size: int) -> str:
    """The id of a stored chat with a reply that is as long as this, and hard to read for parsers."""
    from tests.support import message

    text = (HOSTILE * (size // len(HOSTILE) + 1))[:size]
    question = message("q", content="?", childrenIds=["a"])
    return person.keep_chat(question, message("a", "q", role="assistant", content=text, done=True))


def table(rows: Sequence[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in rows)


def measure(
    page: Page, person: Person, *, tokens: int, replies: int, messages: int, size: int
) -> list[tuple[str, str]]:
    """All of it, as rows of a table."""
    load = first_load(page, person)
    page.pick(AT_ONCE)
    fresh, *later = first_text(page, follow_ups=9)
    frames = streamed(page, tokens)
    page.pick(AT_ONCE)
    memory = heap_over(page, replies)
    long_ms, long_frames = opened(page, long_chat(person, messages))
    hostile_ms, hostile_frames = opened(page, hostile_chat(person, size))
    return [
        (
            "first load",
            f"{load.size / 1000:.0f} KB in {load.requests} requests, interactive after {load.interactive:.0f} ms",
        ),
        ("Enter to text, new chat", f"{fresh:.0f} ms"),
        ("Enter to text, follow-up", f"{statistics.median(later):.0f} ms (median of {len(later)})"),
        (f"{tokens} tokens at 100/s", f"worst frame {frames.worst:.0f} ms, {frames.long} of {frames.count} over 50 ms"),
        (f"heap over {replies} replies", " ".join(f"{value:.1f}" for value in memory) + " MB"),
        (f"chat of {messages} messages", f"{long_ms:.0f} ms, worst frame {long_frames.worst:.0f} ms"),
        (f"reply of {size} hostile bytes", f"{hostile_ms:.0f} ms, worst frame {hostile_frames.worst:.0f} ms"),
    ]


def main() -> None:
    from tests.browser.people import first_person
    from tests.browser.support import Page
    from tests.support_server import running_server

    with (
        tempfile.TemporaryDirectory(prefix="webui-bench-") as folder,
        running_upstream([AT_ONCE, "fake-10000x10ms"]) as up,
    ):
        data = Path(folder, "data")
        data.mkdir()
        environ = {"OPENAI_API_BASE_URLS": up.openai_url, "OPENAI_API_KEYS": "sk-fake"}
        with running_server(data, environ) as server, closing(Page(Path(folder, "profile"))) as page:
            page.open(url=server.url)
            person = first_person(server)
            print(table(measure(page, person, tokens=10_000, replies=1_000, messages=10_000, size=1_000_000)))


if __name__ == "__main__":
    main()

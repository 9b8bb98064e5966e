"""axe-core finds nothing in any view: light on a wide screen, dark on a phone. Colours do not depend on the width."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.people import Person
from tests.browser.support import FRONTEND, Keys, Page, words
from tests.support import message

AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
# The levels of headings in a reply are its model's choice.
RUN = """
const done = arguments[0];
document.getAnimations().forEach((animation) => animation.finish());
const rules = { "heading-order": { enabled: false } };
axe.run(document, { resultTypes: ["violations"], rules }).then(({ violations }) =>
  done(violations.flatMap(({ id, help, nodes }) => nodes.map((node) =>
    `${id} (${help}): ${node.target} ${node.html.slice(0, 160)} ${node.any.map((one) => one.message)}`))),
  (error) => done([String(error)]));
"""
REPLY = """\
# A heading

Some *text* with `code` and a [link](https://example.org), and a formula \\(x^2\\).

| a | b |
|---|---|
| 1 | 2 |

```python
def f(x):  # a comment
    return "a word" + str(42)
```

- [x] done
- [ ] to do

> quoted
"""
VARIANTS = [("light", 1200), ("dark", 390)]


def conversation(page: Page, person: Person) -> None:
    question = message("q", content="What is it?")
    failed = message("f", "q2", role="assistant", content="", error={"content": "It is broken."}, done=True)
    chat_id = person.keep_chat(
        question,
        message("a", "q", role="assistant", content=REPLY, done=True, followUps=["And then?"]),
        message("q2", "a", content="And now?"),
        failed,
    )
    page.open(f"#/c/{chat_id}")
    page.until(lambda: len(page.all("article")) == 4)


def opened(name: str) -> Callable[[Page, Person], None]:
    """The chat with what this button opens."""

    def bring(page: Page, person: Person) -> None:
        conversation(page, person)
        page.click("button", words(name))
        page.one("[role=menu], [role=listbox], [role=dialog], dialog[open]")

    return bring


def pressed(*keys: str) -> Callable[[Page, Person], None]:
    def bring(page: Page, person: Person) -> None:
        conversation(page, person)
        page.press(*keys)
        page.one("[role=listbox], [role=dialog], dialog[open]")

    return bring


def settings(tab: str) -> Callable[[Page, Person], None]:
    def bring(page: Page, person: Person) -> None:
        page.open(f"#/settings/{tab}")
        page.one("main h2")
        page.until(lambda: not page.says(words("common.loading")))

    return bring


def door(page: Page, person: Person) -> None:
    page.tell("Network.clearBrowserCookies")
    page.open()
    page.find("button", words("door.signIn"))


def picker(page: Page, person: Person) -> None:
    page.one("#model").click()
    page.find("field", words("composer.searchModels"))


def search(page: Page, person: Person) -> None:
    person.keep_chat(message("q", content="A needle in it"))
    page.open()
    page.click("button", words("common.search"), page.one("#sidebar"))
    page.one("#sidebar input").send_keys("needle")
    page.until(lambda: page.all("#sidebar mark"))


TABS = "profile appearance general data memories about connections models users server".split()
VIEWS: dict[str, Callable[[Page, Person], None]] = {
    "door": door,
    "empty chat": lambda page, person: None,
    "conversation": conversation,
    "model picker": picker,
    "parameters": opened("composer.params"),
    "palette": pressed(Keys.CONTROL, "k"),
    "search": search,
    **{f"settings/{tab}": settings(tab) for tab in TABS},
}


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(chat: Page, person: Person, view: str) -> None:
    VIEWS[view](chat, person)
    assert list(_faults(chat)) == []


def _faults(page: Page) -> Iterator[str]:
    page.driver.execute_script(AXE.read_text(encoding="utf-8"))
    for theme, width in VARIANTS:
        page.emulate(prefers_color_scheme=theme, prefers_reduced_motion="reduce")
        page.resize(width)
        found: list[Any] = page.driver.execute_async_script(RUN)
        yield from (f"{theme}, {width} px: {fault}" for fault in found)

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


def opened(*steps: str, before: Callable[[Page, Person], None] = conversation) -> Callable[[Page, Person], None]:
    """A view with what is opened by a button, and then by what that opens."""

    def bring(page: Page, person: Person) -> None:
        before(page, person)
        for at, step in enumerate(steps):
            label = words(step, title="A chat", name=".*")
            page.click(
                "item" if at and page.all("[role=menu]") else "button", label, page.one("main") if not at else None
            )
        page.one("[role=menu], [role=listbox], [role=dialog], dialog[open]")

    return bring


def account(page: Page, person: Person) -> None:
    page.one("#sidebar footer [aria-haspopup=menu]").click()
    page.one("[role=menu]")


def prompts(page: Page, person: Person) -> None:
    person.call("POST", "/api/v1/prompts/create", {"command": "/axe", "title": "Tell it", "content": "Tell {{what}}"})
    page.one("#prompt").send_keys("/")
    page.one("[role=listbox]")


def listed(address: str, action: str) -> Callable[[Page, Person], None]:
    """A view of chats that have left the list, with one of them."""

    def bring(page: Page, person: Person) -> None:
        chat_id = person.keep_chat(message("q", content="Hi"))
        person.call(
            "DELETE" if action == "trash" else "POST", f"/api/v1/chats/{chat_id}" + "/archive" * (action != "trash")
        )
        page.open(address)
        page.until(lambda: page.says("A chat"))

    return bring


def shared(page: Page, person: Person) -> None:
    chat_id = person.keep_chat(message("q", content="Hi"), message("a", "q", role="assistant", content=REPLY))
    page.open(f"#/s/{person.call('POST', f'/api/v1/chats/{chat_id}/share')['id']}")
    page.one("article.reply .prose")


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


DIALOGS = "rename moveTo tags share export".split()
TABS = "profile appearance general data memories about connections models users server".split()
VIEWS: dict[str, Callable[[Page, Person], None]] = {
    "door": door,
    "empty chat": lambda page, person: None,
    "conversation": conversation,
    "model picker": picker,
    "parameters": opened("composer.params"),
    "palette": pressed(Keys.CONTROL, "k"),
    "search": search,
    "account": account,
    "prompts": prompts,
    "archive": listed("#/archive", "archive"),
    "trash": listed("#/trash", "trash"),
    "shared chat": shared,
    "actions of a chat": opened("sidebar.chatMenu"),
    **{f"dialog {name}": opened("sidebar.chatMenu", f"sidebar.{name}") for name in DIALOGS},
    "actions of a reply": opened("chat.more"),
    "details of a reply": opened("chat.more", "chat.details"),
    "rating": opened("chat.bad"),
    "dialog deletion": opened("settings.deleteAll", before=settings("data")),
    "dialog connection": opened("admin.addConnection", before=settings("connections")),
    "dialog user": opened("admin.addUser", before=settings("users")),
    "dialog model": opened("admin.addModel", before=settings("models")),
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

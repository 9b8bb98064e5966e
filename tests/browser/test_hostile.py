"""Whatever stands in a name, a title, a reply or a setting is text: nothing of it runs, and the policy has no cause to
complain."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.browser.echo import MODEL
from tests.browser.people import Person, another
from tests.browser.support import Keys, Page, words
from tests.support import message

RUN = "window.ran=1"
PAYLOADS = [
    f"<img src=x onerror={RUN}>",
    f"<svg onload={RUN}>",
    f"<script>{RUN}</script>",
    f"\"><iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"[click](javascript:{RUN}) ![x](javascript:{RUN}) <javascript:{RUN}>",
    f"[click](data:text/html;base64,PHNjcmlwdD4=) [x]: javascript:{RUN}",
    f"`<b onclick={RUN}>` **<details open ontoggle={RUN}>**",
    f"```html\n<script>{RUN}</script>\n```",
    f'```"><img src=x onerror={RUN}>\nx\n```',
    f'```mermaid\ngraph TD; A["<img src=x onerror={RUN}>"] --> B; click A "javascript:{RUN}"\n```',
    f"$$\\href{{javascript:{RUN}}}{{x}} \\htmlStyle{{x:y}}{{z}}$$",
    f"| <img src=x onerror={RUN}> | a |\n|---|---|\n| <style>*{{display:none}}</style> | b |",
    f'<details type="reasoning" done="true" duration="{RUN}">\n<summary><img src=x onerror={RUN}></summary>\n'
    f"> <img src=x onerror={RUN}>\n</details>",
    "<base href='https://elsewhere.example/'><meta http-equiv=refresh content='0;url=https://elsewhere.example/'>",
    "![pixel](https://elsewhere.example/pixel.png) <link rel=stylesheet href=https://elsewhere.example/a.css>",
    "{{constructor.constructor('window.ran=1')()}} ${window.ran=1}",
    "\u202egnp.exe\u202c __proto__ constructor toString",
]
ALL = "\n\n".join(PAYLOADS)
LINE = f"<img src=x onerror={RUN}><script>{RUN}</script>"
STATE = """
const forbidden = "main :is(script, iframe:not([src*=diagram]), base, style), [onerror], [onload]";
const links = [...document.querySelectorAll("a[href]")];
const strange = links.filter((link) => !/^(https?|mailto|tel|blob):$/.test(link.protocol));
return [window.ran, document.querySelectorAll(forbidden).length, strange.length];
"""


@pytest.fixture
def harmless(chat: Page):  # type: ignore[no-untyped-def]
    """The page, which must be as it was when the test is over."""
    chat.hosts()
    yield chat
    assert chat.driver.execute_script(STATE) == [None, 0, 0]
    assert not any("elsewhere" in host for host in chat.hosts())


def test_a_reply_as_it_comes_and_as_it_is_stored(harmless: Page) -> None:
    page = harmless
    page.pick(MODEL)
    page.call("GET", "/api/config")
    prompt = page.one("#prompt")
    page.driver.execute_script(
        "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', { bubbles: true }))",
        prompt,
        ALL,
    )
    page.click("button", words("composer.send"))
    page.whole_reply()
    page.until(lambda: page.says("{{constructor.constructor"))
    page.driver.refresh()
    page.until(lambda: len(page.all("article")) == 2)
    page.reply()
    for button in page.named("button", words("prose.showDiagram")):
        button.click()


def test_everything_that_others_can_name(harmless: Page, person: Person, admin: Person) -> None:
    page, tag = harmless, uuid4().hex
    folder = person.call("POST", "/api/v1/folders/", {"name": LINE[:100]})["id"]
    reply = message("a", "q", role="assistant", content=ALL, model=LINE, modelName=LINE, done=True, followUps=[LINE])
    failed = message("f", "q2", role="assistant", content="", error={"content": ALL}, done=True, modelName=LINE)
    question = message(
        "q", content=ALL, models=[LINE], files=[{"type": "file", "name": LINE, "url": f"javascript:{RUN}"}]
    )
    again = message("q2", "a", content="x", files=[{"type": "image", "name": LINE, "url": f"javascript:{RUN}"}])
    chat_id = person.keep_chat(question, reply, again, failed, title=LINE)
    person.call("POST", f"/api/v1/chats/{chat_id}/tags", {"name": f"<img src=x onerror={RUN}>"})
    person.call("POST", f"/api/v1/chats/{chat_id}/pin")
    person.call("POST", f"/api/v1/chats/{person.keep_chat(question, title=ALL)}/folder", {"folder_id": folder})
    person.call("POST", "/api/v1/prompts/create", {"command": f"/{tag}", "title": LINE, "content": ALL})
    person.prefer(system=ALL, params={"stop": [LINE]})
    another(admin, LINE)

    page.open(f"#/c/{chat_id}")
    page.until(lambda: len(page.all("article")) == 4)
    assert page.driver.title.startswith("<img")
    page.until(lambda: "<img" in page.text("#sidebar"))
    page.one("#prompt").send_keys(f"/{tag}")
    page.until(lambda: page.named("option", ".*<img.*"))
    page.press(Keys.CONTROL, "k")
    page.one("[role=dialog] input, dialog[open] input").send_keys("<img")
    page.press(Keys.ESCAPE)
    for address in ("#/settings/general", "#/settings/data", "#/settings/users", "#/settings/profile"):
        page.open(address)
        page.one("main h2")
        page.until(lambda: not page.says(words("common.loading")))


def test_models_and_settings(harmless: Page, person: Person) -> None:
    page, model = harmless, f"<img src=x onerror={RUN}>{uuid4().hex[:4]}"
    form = {"id": model, "name": LINE, "base_model_id": MODEL, "meta": {"description": ALL}, "params": {"system": ALL}}
    person.call("POST", "/api/v1/models/create", form)
    banners = [{"id": "b", "type": "info", "title": LINE, "content": ALL, "dismissible": True, "timestamp": 1}]
    person.call("POST", "/api/v1/configs/banners", {"banners": banners})
    try:
        _look_at_models_and_settings(page)
    finally:
        person.call("POST", "/api/v1/configs/banners", {"banners": []})


def _look_at_models_and_settings(page: Page) -> None:
    page.open()
    page.one("#model").click()
    page.fill(words("composer.searchModels"), "<img")
    page.until(lambda: page.named("option", ".*<img.*"))
    page.press(Keys.ENTER)
    page.until(lambda: "<img" in page.text("#model"))
    for address in ("#/settings/models", "#/settings/connections", "#/settings/server"):
        page.open(address)
        page.one("main h2")
        page.until(lambda: not page.says(words("common.loading")))


def test_a_diagram_is_drawn_and_reaches_nothing(chat: Page, person: Person) -> None:
    signs_out = '<img src="/api/v1/auths/signout">'
    sources = [
        "graph TD; A[Start] --> B[End]",
        '%%{init: {"htmlLabels": true, "flowchart": {"htmlLabels": true}}}%%\ngraph TD; A["' + signs_out + '"] --> B',
        '---\nconfig:\n  htmlLabels: true\n---\nclassDiagram\n  class A["' + signs_out + '"]',
        'graph TD; A@{ img: "/api/v1/auths/signout", label: "x", h: 60 }',
        "graph TD; A[" + "x" * 30_000 + "]",
    ]
    text = "\n\n".join(f"```mermaid\n{source}\n```" for source in sources)
    chat_id = person.keep_chat(message("q"), message("a", "q", role="assistant", content=text, done=True))
    chat.open(f"#/c/{chat_id}")
    for button in chat.until(lambda: len(found := chat.named("button", words("prose.showDiagram"))) == 5 and found):
        button.click()
    chat.until(lambda: not chat.says(words("prose.drawing")) and chat.all(".diagram img"))
    drawn = chat.one(".diagram img")
    assert drawn.get_attribute("src").startswith("data:image/svg+xml")
    assert drawn.size["width"] > 50
    assert person.call("GET", "/api/v1/chats/")  # else the token would be one of a session that has ended
    chat.tell("Network.clearBrowserCache")


def test_what_other_clients_store_does_not_break_the_page(chat: Page, person: Person) -> None:
    odd = {
        "files": [None, {"type": "image", "url": 5}, {"type": "image", "url": "http://["}],
        "models": "m",
        "usage": "x",
    }
    person.prefer(models=3, params="x", title=1, system=[])
    chat_id = person.keep_chat(
        message("q", content=[{"type": "text", "text": "What?"}, {"type": "text"}, 7], **odd),
        message("a", "q", role="assistant", content="This.", done=True, followUps=[1, "And?", "And?"], **odd),
        message("b", "a", role="assistant", content=None, timing=3, timestamp=1e300, error={"content": {}}, done=True),
        models="m",
        params=[1],
    )
    chat.open(f"#/c/{chat_id}")
    chat.until(lambda: len(chat.all("article")) == 3)
    assert chat.text("article.question") == "What?"
    person.prefer(**{key: {"a": [1]} for key in ("language", "theme", "textScale", "ctrlEnterToSend", "autoTags")})
    chat.settings("general")
    chat.settings("appearance")
    chat.open()
    chat.ask("Does it still work?")
    chat.whole_reply()
    assert not chat.errors()

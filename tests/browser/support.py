"""A person with a browser: Chromium, driven by selenium."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest

from tests.browser.people import Person

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
if CHROMIUM is None or DRIVER is None:
    pytest.skip("Needs Chromium and its driver: apt-get install chromium chromium-driver", allow_module_level=True)
webdriver = pytest.importorskip("selenium.webdriver", reason="Needs selenium: pip install selenium")
ui = pytest.importorskip("selenium.webdriver.support.ui")
Keys = webdriver.Keys

exceptions = pytest.importorskip("selenium.common.exceptions")
STALE = exceptions.StaleElementReferenceException
LOST = "does not belong to the document"  # the driver's other word for it, when the whole document was replaced
COVERED = (exceptions.ElementClickInterceptedException, exceptions.ElementNotInteractableException)
Found = TypeVar("Found")
FRONTEND = Path(__file__).parents[2] / "webui" / "frontend"
WAIT = 20.0  # seconds; the bound of every wait
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --disable-dev-shm-usage --no-first-run --window-size=1200,800"
    " --disable-background-networking --disable-component-update --disable-sync --lang=en"
).split()
ROLES = {
    "button": "button, [role=button], summary",
    "checkbox": "input[type=checkbox], [role=checkbox], [role=switch]",
    "dialog": "dialog[open], [role=dialog], [role=alertdialog]",
    "field": "input, textarea, select, [role=textbox], [role=combobox]",
    "heading": "h1, h2, h3, h4",
    "item": "[role^=menuitem]",
    "link": "a[href]",
    "option": "[role=option], option",
    "tab": "[role=tab]",
}
# Elements that somebody could see and use, by the name that a screen reader would say.
FIND = """
const [selector, wanted, within] = arguments;
const pattern = wanted === null ? null : new RegExp(`^(?:${wanted})$`, "s");
const byId = (ids) => ids.split(/\\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
const label = (node) => [...(node.labels ?? [])].map((one) => one.textContent).join(" ");
const labelledBy = (node) => node.getAttribute("aria-labelledby");
const name = (node) => (labelledBy(node) && byId(labelledBy(node))) || node.getAttribute("aria-label") || label(node) ||
  node.innerText || node.title || "";
return [...(within ?? document).querySelectorAll(selector)].filter((node) =>
  node.checkVisibility({ visibilityProperty: true }) && !node.closest("[inert]") &&
  (!pattern || pattern.test(name(node).replace(/\\s+/g, " ").trim())));
"""
CALL = """
const [method, path, form, done] = arguments;
const init = { method, headers: { "Content-Type": "application/json" } };
if (form !== null) init.body = JSON.stringify(form);
fetch(path, init).then((answer) => answer.json()).then(done, (error) => done(String(error)));
"""


@cache
def _messages(language: str) -> dict[str, str]:
    files = (FRONTEND / "src" / "i18n" / language).glob("*.json")
    return {key: text for file in files for key, text in json.loads(file.read_text(encoding="utf-8")).items()}


def words(key: str, language: str = "en", **values: object) -> str:
    """What the page says there; of ``one | many`` the first unless ``n`` is another number than 1."""
    forms = _messages(language)[key].split(" | ")
    text = forms[-1] if values.get("n", 1) != 1 else forms[0]
    return re.sub(r"\{(\w+)\}", lambda found: str(values.get(found[1], found[0])), text)


class Page:
    """What a person does with the page. One browser serves many tests; ``reset`` makes it that of somebody new."""

    def __init__(self, profile: Path, *flags: str) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (*FLAGS, *flags, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
        self.driver.set_script_timeout(WAIT)
        self.url = ""

    def close(self) -> None:
        self.driver.quit()

    def reset(self) -> None:
        first, *others = self.driver.window_handles
        for handle in others:
            self.driver.switch_to.window(handle)
            self.driver.close()
        self.driver.switch_to.window(first)
        self.driver.get("about:blank")
        self.tell("Network.clearBrowserCookies")
        self.tell("Emulation.clearDeviceMetricsOverride")
        self.tell("Emulation.setTouchEmulationEnabled", enabled=False)
        self.emulate()
        if self.url:
            self.tell("Storage.clearDataForOrigin", origin=self.url, storageTypes="all")
        self.errors()
        self.hosts()

    def tell(self, command: str, **arguments: Any) -> Any:
        """A command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(command, arguments)

    def emulate(self, **features: str) -> None:
        """What the system prefers: ``color_scheme="dark"``, ``reduced_motion="reduce"``; the rest as it comes."""
        media = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        known = {feature["name"] for feature in media}
        unset = [
            {"name": name, "value": ""}
            for name in ("prefers-color-scheme", "prefers-reduced-motion", "forced-colors")
            if name not in known
        ]
        self.tell("Emulation.setEmulatedMedia", features=[*media, *unset])

    def resize(self, width: int, height: int = 800, *, touch: bool = False, scale: float = 1) -> None:
        self.tell(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=touch
        )
        self.tell("Emulation.setTouchEmulationEnabled", enabled=touch)

    def open(self, address: str = "", url: str | None = None) -> None:
        """Load the page, at an address such as ``#/settings/data``."""
        if url is not None:
            self.url = url
        if self.driver.current_url.partition("#")[0] == f"{self.url}/":
            self.driver.get("about:blank")  # else another fragment would be no new load
        self.driver.get(f"{self.url}/{address}")

    def settings(self, tab: str, language: str = "en") -> Any:
        """Load the page at this tab of the settings; what the tab shows."""
        self.open(f"#/settings/{tab}")
        self.find("heading", words(f"settings.{tab}", language))
        return self.one("main .tab")

    def give(self, file: Path) -> None:
        """Choose a file, as the system's dialog would."""
        self.driver.find_element("css selector", "main input[type=file]").send_keys(str(file))

    def until(self, condition: Callable[[], Found], what: str = "", seconds: float = WAIT) -> Found:
        """What it finds, as soon as it finds something. Nodes that the page replaces meanwhile are looked for anew."""

        def look(_: Any) -> Found | None:
            try:
                return condition()
            except exceptions.WebDriverException as error:
                if not isinstance(error, STALE) and LOST not in (error.msg or ""):
                    raise
                return None

        found: Found = ui.WebDriverWait(self.driver, seconds, poll_frequency=0.05).until(look, what)
        return found

    def all(self, selector: str) -> list[Any]:
        return [node for node in self.driver.find_elements("css selector", selector) if node.is_displayed()]

    def one(self, selector: str) -> Any:
        return self.until(lambda: self.all(selector), f"No {selector}.")[0]

    def text(self, selector: str) -> str:
        return str(self.one(selector).text)

    def named(self, role: str, name: str | None = None, within: Any = None) -> list[Any]:
        """What there is with this role (see ``ROLES``); ``name`` is a pattern of the whole name."""
        found: list[Any] = self.driver.execute_script(FIND, ROLES[role], name, within)
        return found

    def find(self, role: str, name: str | None = None, within: Any = None) -> Any:
        """The first of them, as soon as there is one."""
        return self.until(lambda: self.named(role, name, within), f"No {role} {name}.")[0]

    def click(self, role: str, name: str | None = None, within: Any = None) -> None:
        """Click it as soon as nothing lies over it, such as what is just vanishing."""
        self.until(lambda: self._clicked(self.find(role, name, within)), f"{role} {name} cannot be clicked.")

    def _clicked(self, node: Any) -> bool:
        try:
            node.click()
        except COVERED:
            return False
        return True

    def says(self, text: str) -> bool:
        """Whether it can be read somewhere."""
        return text in self.driver.execute_script("return document.body.innerText")

    def focus(self) -> Any:
        return self.driver.switch_to.active_element

    def press(self, *keys: str) -> None:
        """Keys wherever the focus is; those but the last are held."""
        chain = webdriver.ActionChains(self.driver)
        for key in keys[:-1]:
            chain.key_down(key)
        chain.send_keys(keys[-1])
        for key in reversed(keys[:-1]):
            chain.key_up(key)
        chain.perform()

    def fill(self, label: str, text: str, within: Any = None) -> None:
        self.until(lambda: self._filled(self.find("field", label, within), text), f"Field {label} cannot be filled.")

    def _filled(self, field: Any, text: str) -> bool:
        try:
            field.clear()
        except COVERED:  # it is only just opening
            return False
        field.send_keys(text)
        return True

    def enter(self, person: Person) -> None:
        """Sign in by the form."""
        self.fill(words("door.email"), person.email)
        self.fill(words("door.password"), person.password)
        self.click("button", words("door.signIn"))
        self.one("#prompt")

    def enter_at_once(self, person: Person, address: str = "") -> None:
        """Be signed in, without the form."""
        self.tell("Network.setCookie", url=self.url, name="token", value=person.token, httpOnly=True)
        self.open(address)
        self.one("#main")

    def pick(self, model: str) -> None:
        """Choose the model to ask, by typing its name."""
        self.until(lambda: self.text("#model") != words("composer.lookingForModels"), "The models are not known.")
        self.one("#model").click()
        self.fill(words("composer.searchModels"), model)
        self.until(lambda: len(self.named("option")) == 1, f"No model {model}, or several.")
        self.press(Keys.ENTER)
        self.until(lambda: self.text("#model") == model, f"The model is not {model}.")

    def ask(self, text: str) -> None:
        self.one("#prompt").send_keys(text, Keys.ENTER)

    def is_running(self) -> bool:
        return bool(self.one("#send").get_attribute("aria-label") == words("composer.stop"))

    def replies(self) -> list[str]:
        return [node.text for node in self.all("article.reply .prose")]

    def reply(self) -> str:
        """The last reply, once it has some text."""
        return self.until(lambda: next(filter(None, reversed(self.replies())), ""), "No reply.")

    def whole_reply(self) -> str:
        """The last reply once it is complete."""
        self.until(lambda: not self.is_running(), "The reply does not end.")
        return self.reply()

    def open_window(self) -> str:
        """Show the same address in another window, which is now the one that is looked at; the first one's handle."""
        first, address = str(self.driver.current_window_handle), self.driver.current_url
        self.driver.switch_to.new_window("window")
        self.driver.get(address)
        return first

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """What the server answers to somebody who is signed in as the page is."""
        return self.driver.execute_async_script(CALL, method, path, body)

    def errors(self, but: Iterable[str] = ()) -> list[str]:
        """What the console has complained about since the last look, reports of the policy too."""
        found = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]
        return [message for message in found if not any(part in message for part in but)]

    def events(self, method: str) -> list[dict[str, Any]]:
        """What the browser has done since the last look; each look takes all events."""
        found = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [event["params"] for event in found if event["method"] == method]

    def hosts(self) -> set[str]:
        """Where the page has sent requests to; the browser's own new tab is not counted."""
        sent = [event["request"]["url"] for event in self.events("Network.requestWillBeSent")]
        return {urlsplit(url).netloc for url in sent if not url.startswith(("chrome", "data:", "blob:", "about:"))}

"""A person with a browser: Chromium, driven by selenium."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest

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
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --disable-dev-shm-usage --no-first-run --window-size=1200,800"
    " --disable-background-networking --disable-component-update --disable-sync"
).split()
SLOW, STUCK, BROKEN = "fake-60x50ms", "fake-40x10ms-stall", "fake-10x10ms-500"
ACCOUNT = {"email": "ada@example.org", "password": "correct horse"}
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
CALL = """
const [method, path, form, done] = arguments;
const init = { method, body: JSON.stringify(form), headers: { "Content-Type": "application/json" } };
fetch(path, init).then((answer) => answer.json()).then(done);
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

    def enter(self) -> None:
        """Sign in as the administrator, whose account is made if need be."""
        is_new = self.text("#card h1").startswith("Welcome")
        self.fill_card(**({"name": "Ada"} if is_new else {}), **ACCOUNT)

    def pick(self, model: str) -> None:
        ui.Select(self.one("#model")).select_by_value(model)

    def ask(self, text: str) -> None:
        self.one("#prompt").send_keys(text, webdriver.Keys.ENTER)

    def is_running(self) -> bool:
        return bool(self.one("#send").get_attribute("aria-label") == "Stop")

    def reply(self) -> str:
        """The last reply, once it has some text."""
        return self.until(lambda: next((node.text for node in reversed(self.all(".reply .prose")) if node.text), ""))

    def whole_reply(self) -> str:
        """The last reply once it is complete."""
        self.until(lambda: not self.is_running())
        return self.reply()

    def open_window(self) -> str:
        """Show the same address in another window, which is now the one that is looked at; the first one's handle."""
        first, address = str(self.driver.current_window_handle), self.driver.current_url
        self.driver.switch_to.new_window("window")
        self.driver.get(address)
        return first

    def call(self, method: str, path: str, body: Any) -> Any:
        """What the server answers to somebody who is signed in as the page is."""
        return self.driver.execute_async_script(CALL, method, path, body)

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

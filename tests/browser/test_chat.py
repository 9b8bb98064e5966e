"""Talking: stopping and going on, branches, several models at once, and what can be done with a message."""

from __future__ import annotations

from tests.browser.actor import NEXT, ONE, OTHER, Actor
from tests.browser.people import Person
from tests.browser.support import Keys, Page, words
from tests.support import message

OFFLINE = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
ONLINE = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
TOP_OF = """
const [region, row] = [document.querySelector(".region"), arguments[0]].map((node) => node.getBoundingClientRect());
return (row.top - region.top) / region.height;
"""


def questions(page: Page) -> list[str]:
    return [node.text for node in page.all("article.question p")]


def long_chat(person: Person, messages: int) -> str:
    said = [
        message(str(number), str(number - 1) if number else None, role=("user", "assistant")[number % 2], content=text)
        for number in range(messages)
        for text in [f"Number {number}. " * (1 + number % 40)]
    ]
    return person.keep_chat(*said)


def test_a_stopped_reply_can_be_continued(talk: Page, actor: Actor) -> None:
    actor.says("One, two, ", waits=True)
    talk.ask("Count")
    talk.until(lambda: "two" in talk.reply())
    talk.one("#send").click()
    talk.until(lambda: talk.says(words("chat.stopped")))
    actor.says("three.")
    talk.click("button", words("chat.continue"))
    talk.until(lambda: talk.whole_reply() == "One, two, three.")
    assert [said["role"] for said in actor.asked[-1]["messages"]] == ["user", "assistant"]
    talk.driver.refresh()
    assert talk.reply() == "One, two, three."
    assert questions(talk) == ["Count"]


def test_a_question_that_could_not_be_sent_is_sent_once_the_network_is_back(talk: Page, actor: Actor) -> None:
    talk.tell("Network.enable")
    talk.tell("Network.emulateNetworkConditions", **OFFLINE)
    talk.ask("Can you hear me?")
    talk.until(lambda: talk.says(words("chat.unsent")))
    assert questions(talk) == ["Can you hear me?"]
    talk.tell("Network.emulateNetworkConditions", **ONLINE)
    talk.until(lambda: talk.replies() == [f"{ONE} here."])
    talk.until(lambda: not talk.is_running())
    assert questions(talk) == ["Can you hear me?"]
    talk.driver.refresh()
    talk.reply()
    assert (questions(talk), talk.replies()) == (["Can you hear me?"], [f"{ONE} here."])
    assert talk.one("#prompt").get_attribute("value") == ""
    assert len(actor.asked) == 1
    talk.errors(but=["ERR_INTERNET_DISCONNECTED"])


def ask_in_vain(page: Page, text: str) -> None:
    """Send it while the server takes no questions."""
    page.tell("Network.enable")
    page.tell("Network.setBlockedURLs", urls=["*/api/chat/completions", "*/api/v1/chats/new"])
    page.ask(text)
    page.find("button", words("common.retry"))


def test_a_question_that_could_not_be_sent_is_sent_by_hand_once(talk: Page, actor: Actor) -> None:
    ask_in_vain(talk, "Can you hear me?")
    talk.tell("Network.setBlockedURLs", urls=[])
    talk.click("button", words("common.retry"))
    talk.until(lambda: talk.replies() == [f"{ONE} here."])
    assert len(actor.asked) == 1
    talk.errors(but=["ERR_BLOCKED_BY_CLIENT"])


def test_a_question_that_could_not_be_sent_comes_back_with_a_reload(talk: Page, actor: Actor) -> None:
    ask_in_vain(talk, "Can you hear me?")
    talk.fill(words("composer.message"), "Or not?")
    talk.driver.refresh()
    talk.until(lambda: talk.one("#prompt").get_attribute("value") == "Can you hear me?\n\nOr not?")
    talk.tell("Network.setBlockedURLs", urls=[])
    talk.one("#send").click()
    talk.until(lambda: talk.replies() == [f"{ONE} here."])
    assert talk.one("#prompt").get_attribute("value") == ""
    talk.errors(but=["ERR_BLOCKED_BY_CLIENT"])


def test_a_chat_that_is_deleted_elsewhere_can_be_left_with_what_was_written(talk: Page, person: Person) -> None:
    talk.ask("Who are you?")
    talk.whole_reply()
    talk.fill(words("composer.message"), "And else?")
    chat = talk.driver.current_url.rpartition("/")[2]
    person.call("DELETE", f"/api/v1/chats/{chat}")
    talk.until(lambda: talk.says("This chat does not exist"))
    talk.until(lambda: not talk.all(f"#sidebar a[href$='{chat}']"))
    talk.click("button", words("common.newChat"), within=talk.one("main [role=alert]"))
    talk.until(lambda: questions(talk) == [])
    assert talk.one("#prompt").get_attribute("value") == "And else?"
    talk.errors(but=["401 (Unauthorized)"])


def test_two_windows_that_ask_at_once_lose_nothing(talk: Page, actor: Actor) -> None:
    talk.ask("First")
    talk.whole_reply()
    one = talk.open_window()
    talk.reply()
    other = talk.driver.current_window_handle
    talk.one("#prompt").send_keys("From here")
    talk.driver.switch_to.window(one)
    talk.ask("From there")
    talk.driver.switch_to.window(other)
    talk.press(Keys.ENTER)
    talk.until(lambda: len(actor.asked) == 3)
    talk.until(lambda: not talk.is_running())
    talk.driver.refresh()
    talk.reply()
    seen = set(questions(talk))
    others = [*talk.named("button", words("chat.before")), *talk.named("button", words("chat.after"))]
    for button in [other for other in others if other.is_enabled()]:  # those who knew nothing of each other
        button.click()
        talk.until(lambda: not set(questions(talk)) <= seen)
    seen |= set(questions(talk))
    assert seen == {"First", "From here", "From there"}


def test_a_temporary_chat_leaves_nothing(talk: Page, person: Person, actor: Actor) -> None:
    talk.click("button", words("composer.temporary"))
    for number, text in enumerate(("One", "Two"), 1):
        talk.ask(text)
        talk.until(lambda number=number: len(talk.replies()) == number)  # type: ignore[misc]
        talk.whole_reply()
    talk.until(lambda: talk.says(words("chat.temporary")))
    assert [said["content"] for said in actor.asked[-1]["messages"]] == ["One", f"{ONE} here.", "Two"]
    assert person.call("GET", "/api/v1/chats/?page=1") == []
    talk.driver.refresh()
    talk.one("#prompt")
    assert talk.all("article") == []


def test_what_is_suggested_can_be_asked(talk: Page) -> None:
    talk.ask("Tell me")
    talk.click("button", NEXT.replace("?", r"\?"))
    talk.until(lambda: questions(talk) == ["Tell me", NEXT])
    talk.until(lambda: talk.driver.title.startswith("A talk"))


def test_thoughts_and_calls_of_tools_are_folded(talk: Page, actor: Actor) -> None:
    function = {"name": "look_up", "arguments": '{"word": "sky"}'}
    call = {"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": function}]}
    actor.says({"reasoning_content": "Is it <b>blue</b>?"}, call, "It is blue.")
    talk.ask("What is it?")
    talk.until(lambda: "It is blue." in talk.text("article.reply"))
    for _ in range(2):
        talk.until(lambda: not talk.is_running())
        folds = talk.all("article.reply details summary")
        assert len(folds) == 2
        assert not talk.says("<b>blue</b>")
        for fold in folds:
            fold.click()
        talk.until(lambda: talk.says("Is it <b>blue</b>?") and talk.says('"word"'))
        talk.driver.refresh()
        talk.reply()


def test_what_was_deleted_comes_back(talk: Page, person: Person) -> None:
    talk.open(f"#/c/{long_chat(person, 6)}")
    talk.until(lambda: len(talk.all("article")) == 6)
    before = [node.text for node in talk.all("article")]
    talk.click("button", words("chat.deleteQuestion"), talk.all("article.question")[1])
    talk.until(lambda: len(talk.all("article")) == 2)
    assert talk.says(words("chat.removed", n=4))
    talk.click("button", words("common.undo"))
    talk.until(lambda: [node.text for node in talk.all("article")] == before)
    talk.driver.refresh()
    talk.until(lambda: [node.text for node in talk.all("article")] == before)


def test_edits_and_further_replies_are_branches(talk: Page, actor: Actor) -> None:
    actor.says("Answer 1.")
    talk.ask("Question 1")
    talk.whole_reply()
    actor.says("Answer 2.")
    talk.click("button", words("chat.regenerate"))
    talk.until(lambda: talk.replies() == ["Answer 2."])
    talk.until(lambda: not talk.is_running())
    talk.click("button", words("chat.before"))
    talk.until(lambda: talk.replies() == ["Answer 1."])

    actor.says("Answer 3.")
    talk.click("button", words("chat.edit"), talk.one("article.question"))
    talk.fill(words("chat.editing"), "Question 2")
    talk.click("button", words("chat.send"), talk.one("article.question"))
    talk.until(lambda: talk.replies() == ["Answer 3."])
    talk.until(lambda: not talk.is_running())
    assert questions(talk) == ["Question 2"]
    assert [said["content"] for said in actor.asked[-1]["messages"]] == ["Question 2"]
    talk.click("button", words("chat.before"), talk.one("article.question"))
    talk.until(lambda: questions(talk) == ["Question 1"])
    talk.driver.refresh()
    talk.reply()
    assert questions(talk) == ["Question 1"]
    assert talk.says("1/2")


def test_a_reply_is_copied_rated_and_explained(talk: Page, actor: Actor) -> None:
    talk.tell("Browser.grantPermissions", origin=talk.url, permissions=["clipboardReadWrite"])
    actor.says("It is **bold**.")
    talk.ask("How?")
    talk.whole_reply()
    reply = talk.one("article.reply")
    talk.click("button", words("common.copy"), reply)
    talk.find("button", words("common.copied"), reply)
    talk.click("button", words("chat.good"), reply)
    talk.click("button", words("chat.withoutReason"))
    talk.until(lambda: talk.find("button", words("chat.good")).get_attribute("aria-pressed") == "true")
    talk.click("button", words("chat.more"), reply)
    talk.click("item", words("chat.details"))
    dialog = talk.find("dialog")
    talk.until(lambda: "It is **bold**." in dialog.text)
    assert "11" in dialog.text
    assert "7" in dialog.text
    assert words("chat.duration") in dialog.text
    talk.press(Keys.ESCAPE)
    talk.driver.refresh()
    talk.until(lambda: talk.find("button", words("chat.good")).get_attribute("aria-pressed") == "true")


def test_several_models_answer_and_the_chat_goes_on_with_one(talk: Page, actor: Actor) -> None:
    talk.click("button", words("composer.addModel"))
    talk.fill(words("composer.searchModels"), OTHER)
    talk.press(Keys.ENTER)
    talk.until(lambda: talk.says(OTHER))
    talk.ask("Who is there?")
    talk.until(lambda: talk.replies() == [f"{ONE} here.", f"{OTHER} here."])
    talk.until(lambda: not talk.is_running())
    talk.click("button", words("chat.goOnWith"), talk.all(".columns .column")[1])
    talk.until(lambda: talk.says(words("chat.goesOn")))
    talk.ask("And now?")
    talk.until(lambda: len(actor.asked) == 4)
    for asked in actor.asked[2:]:
        assert [said["content"] for said in asked["messages"]] == ["Who is there?", f"{OTHER} here.", "And now?"]
    talk.until(lambda: len(talk.replies()) == 4)


def test_a_busy_model_server_says_when_to_try_again(talk: Page, actor: Actor) -> None:
    actor.fails(429, "Too many people.", ("Retry-After", "3"))
    talk.ask("Hello")
    talk.until(lambda: talk.says("Too many people."))
    talk.until(lambda: any(talk.says(words("chat.retryIn", n=n)) for n in (3, 2, 1)))
    actor.says("Now.")
    talk.until(lambda: talk.named("button", words("common.retry")))
    talk.click("button", words("common.retry"))
    assert talk.whole_reply() == "Now."
    assert questions(talk) == ["Hello"]


def test_a_question_in_a_long_chat_comes_to_the_top_third(talk: Page, person: Person) -> None:
    talk.open(f"#/c/{long_chat(person, 300)}")
    talk.until(lambda: talk.says("Number 299."))
    talk.ask("Where am I?")
    talk.until(lambda: f"{ONE} here." in talk.replies())
    talk.until(lambda: not talk.is_running())
    row = talk.until(lambda: [node for node in talk.all("article.question") if "Where am I?" in node.text])[0]
    talk.until(lambda: 0 <= talk.driver.execute_script(TOP_OF, row) < 1 / 3)

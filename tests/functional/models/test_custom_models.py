from __future__ import annotations

import pytest

from tests.support import Client, counted_statements
from tests.support_models import server, store_model
from tests.support_upstream import Upstream, ask

HELLO = [{"role": "user", "content": "Hi"}]


@pytest.fixture
def admin(make_client, upstream: Upstream) -> Client:
    return make_client(**server(upstream)).sign_up(name="Ada")


def test_stored_parameters_stand_under_the_requests(admin: Client, upstream: Upstream) -> None:
    params = {
        **{
            "temperature": 0.1,
            "top_p": 0.2,
            "seed": 3,
            "stop": "a,b",
            "max_tokens": None,
            "function_calling": "native",
        },
        "custom_params": {"top_k": "4", "extra": '{"deep": true}', "word": "plain"},
    }
    store_model(admin, "c", "m", params=params)
    ask(admin, model="c", temperature=1, params={"top_p": 0.9})
    assert upstream.payload == {
        **{"model": "m", "messages": HELLO, "temperature": 1, "top_p": 0.9, "seed": 3, "stop": ["a", "b"]},
        **{"top_k": 4, "extra": {"deep": True}, "word": "plain"},
    }


@pytest.mark.parametrize("name", ["model", "messages", "stream", "stream_options", "options"])
def test_a_stored_parameter_replaces_nothing_that_was_checked(admin: Client, upstream: Upstream, name: str) -> None:
    store_model(admin, "c", "m", params={name: "x", "custom_params": {name: "y"}})
    ask(admin, model="c")
    assert upstream.payload == {"model": "m", "messages": HELLO}


def test_the_models_prompt_stands_before_the_conversations_own(admin: Client, upstream: Upstream) -> None:
    store_model(admin, "c", "m", params={"system": "You help {{USER_NAME}}."})
    own = {"role": "system", "content": "Be brief."}
    ask(admin, model="c", messages=[own, *HELLO])
    assert upstream.payload["messages"] == [{"role": "system", "content": "You help Ada.\nBe brief."}, *HELLO]
    ask(admin, model="c", params={"system": "Be brief."})
    assert upstream.payload["messages"] == [{"role": "system", "content": "You help Ada.\nBe brief."}, *HELLO]
    ask(admin, model="c")
    assert upstream.payload["messages"] == [{"role": "system", "content": "You help Ada."}, *HELLO]


def test_what_is_stored_about_a_connections_model_goes_along_too(admin: Client, upstream: Upstream) -> None:
    store_model(admin, "m", params={"system": "Be kind.", "seed": 1})
    ask(admin)
    assert upstream.payload["seed"] == 1
    assert upstream.payload["messages"][0] == {"role": "system", "content": "Be kind."}


def test_variables_are_what_the_page_says_they_are(admin: Client, upstream: Upstream) -> None:
    store_model(admin, "c", "m", params={"system": "{{USER_LOCATION}}, {{CURRENT_TIMEZONE}}, {{UNKNOWN}}"})
    ask(admin, model="c", variables={"{{USER_LOCATION}}": "Turin", "{{CURRENT_TIMEZONE}}": "Europe/Rome"})
    assert upstream.payload["messages"][0]["content"] == "Turin, Europe/Rome, {{UNKNOWN}}"


@pytest.mark.parametrize("variables", [None, [], "x", {"{{USER_NAME}}": 7}, {"USER_NAME": "Eve"}])
def test_variables_of_another_form_count_as_not_given(admin: Client, upstream: Upstream, variables: object) -> None:
    store_model(admin, "c", "m", params={"system": "{{USER_NAME}}"})
    ask(admin, model="c", variables=variables)
    assert upstream.payload["messages"][0]["content"] == "Ada"


@pytest.mark.parametrize("model", ["m", "c"])
def test_finding_a_model_takes_one_statement(admin: Client, model: str) -> None:
    store_model(admin, "c", "m", params={"system": "x"})
    ask(admin, model=model)
    with counted_statements(admin.registry.database.engine) as statements:
        ask(admin, model=model)
    reads = [text for text in statements if "FROM models" in text]
    assert len(reads) == 1
    others = [text for text in statements if not text.startswith(("BEGIN", "PRAGMA")) and "max(settings" not in text]
    assert len(others) <= 2, others

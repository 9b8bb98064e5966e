from __future__ import annotations

from typing import Any

import pytest

from webui.services.completions import PAGE_FIELDS, request_params, upstream_payload, with_system

HELLO = [{"role": "user", "content": "Hi"}]
FORM: dict[str, Any] = {"model": "m", "messages": HELLO}


def test_a_plain_request_stays_as_it_is() -> None:
    assert upstream_payload({**FORM, "stream": True, "top_p": 0.1}) == {**FORM, "stream": True, "top_p": 0.1}


def test_the_pages_own_fields_are_taken_out() -> None:
    assert upstream_payload({**FORM, **dict.fromkeys(PAGE_FIELDS, "x")}) == FORM


def test_parameters_stand_above_the_requests_own() -> None:
    form = {**FORM, "temperature": 1, "params": {"temperature": 0, "custom_params": {"temperature": 2}}}
    assert upstream_payload(form) == {**FORM, "temperature": 2}


@pytest.mark.parametrize("name", ["model", "messages", "stream", "stream_options", "options"])
def test_no_parameter_replaces_what_was_checked(name: str) -> None:
    assert upstream_payload({**FORM, "params": {name: "x", "custom_params": {name: "y"}}}) == FORM


def test_the_system_prompt_of_the_parameters_gives_way_to_that_of_the_conversation() -> None:
    system = {"role": "system", "content": "Be brief."}
    assert upstream_payload({**FORM, "params": {"system": "Be brief."}})["messages"] == [system, *HELLO]
    form = {**FORM, "messages": [system, *HELLO], "params": {"system": "Be long."}}
    assert upstream_payload(form)["messages"] == [system, *HELLO]


@pytest.mark.parametrize("params", [None, {}, {"system": ""}, {"system": 7}, {"custom_params": "x"}])
def test_parameters_that_say_nothing_change_nothing(params: Any) -> None:
    assert upstream_payload({**FORM, "params": params}) == FORM


def test_the_form_is_not_changed() -> None:
    form = {**FORM, "chat_id": "c", "params": {"system": "Be brief.", "seed": 1}}
    upstream_payload(form)
    assert form == {"model": "m", "messages": HELLO, "chat_id": "c", "params": {"system": "Be brief.", "seed": 1}}


@pytest.mark.parametrize(("text", "value"), [("4", 4), ("true", True), ('{"a": 1}', {"a": 1}), ("plain", "plain")])
def test_a_parameter_of_ones_own_is_the_json_that_its_text_is(text: str, value: Any) -> None:
    assert request_params({"custom_params": {"own": text}}) == {"own": value}


@pytest.mark.parametrize(("stop", "sent"), [("a,b", ["a", "b"]), ("\n", ["\n"]), (["a,b"], ["a,b"]), ("", [])])
def test_stop_words_are_a_list(stop: Any, sent: list[str]) -> None:
    assert request_params({"stop": stop}) == {"stop": sent}


def test_parameters_without_a_value_are_left_out() -> None:
    assert request_params({"temperature": None, "seed": 0, "custom_params": {"own": None}}) == {"seed": 0}


@pytest.mark.parametrize(
    ("own", "result"),
    [
        ("Be {{USER_NAME}}.", "Model\nBe Ada."),
        ("", "Model"),
        (None, "Model"),
        (
            [{"type": "text", "text": "{{USER_NAME}}"}, {"type": "image_url"}, {"type": "text", "text": None}],
            [
                {"type": "text", "text": "Model"},
                {"type": "text", "text": "Ada"},
                {"type": "image_url"},
                {"type": "text", "text": None},
            ],
        ),
    ],
)
def test_a_models_prompt_is_put_before_any_form_of_a_system_message(own: Any, result: Any) -> None:
    system = {"role": "system", "content": own, "name": "n"}
    found = with_system([system, *HELLO], "Model", lambda: {"{{USER_NAME}}": "Ada"})
    assert found == [{**system, "content": result}, *HELLO]


def test_without_any_prompt_the_messages_stay() -> None:
    assert with_system(HELLO, None, dict) == HELLO
    assert with_system([], None, dict) == []
    assert with_system([], "Model", dict) == [{"role": "system", "content": "Model"}]


def test_a_text_of_stop_words_is_bounded() -> None:
    assert request_params({"stop": "a,,b"}) == {"stop": ["a", "b"]}
    assert len(request_params({"stop": "ab," * 100_000})["stop"]) == 100

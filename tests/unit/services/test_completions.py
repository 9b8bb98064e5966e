from __future__ import annotations

from typing import Any

import pytest

from webui.services.completions import PAGE_FIELDS, upstream_payload

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

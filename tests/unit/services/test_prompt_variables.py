from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from webui.models import Role
from webui.security.identity import Identity
from webui.services.prompt_variables import fill, values

NOW = datetime(2026, 2, 3, 16, 5, 6, tzinfo=UTC)
ABSENT = dict.fromkeys(
    "bio gender date_of_birth status_emoji status_message status_expires_at session_expires_at".split()
)
ADA = Identity(
    id="u", email="ada@example.com", name="Ada", role=Role.USER, profile_image_url="", session_id="s", **ABSENT
)


def filled(template: str, sent: Any = None) -> str:
    return fill(template, lambda: values(ADA, sent, NOW))


def test_the_server_knows_the_user_and_the_time_of_utc() -> None:
    assert filled("{{USER_NAME}} <{{USER_EMAIL}}>") == "Ada <ada@example.com>"
    assert filled("{{CURRENT_WEEKDAY}} {{CURRENT_DATETIME}}") == "Tuesday 2026-02-03 04:05:06 PM"
    assert filled("{{CURRENT_DATE}} {{CURRENT_TIME}} {{CURRENT_TIMEZONE}}") == "2026-02-03 04:05:06 PM UTC"
    assert filled("{{USER_LOCATION}}, {{USER_LANGUAGE}}") == "Unknown, Unknown"


def test_what_the_page_sent_counts() -> None:
    assert (
        filled("{{CURRENT_TIME}} {{USER_LANGUAGE}}", {"{{CURRENT_TIME}}": "now", "{{USER_LANGUAGE}}": "it"}) == "now it"
    )


@pytest.mark.parametrize("sent", [None, "x", [], {"{{USER_NAME}}": None}, {"{{USER_NAME}}": ["x"]}, {"USER_NAME": "x"}])
def test_what_is_no_text_does_not_count(sent: Any) -> None:
    assert filled("{{USER_NAME}}", sent) == "Ada"


def test_a_value_is_never_taken_for_a_variable() -> None:
    sent = {"{{USER_NAME}}": "{{USER_EMAIL}}", "{{USER_LOCATION}}": "{{USER_", "{{SECRET}}": "x"}
    assert (
        filled("{{USER_NAME}} {{USER_LOCATION}}EMAIL}} {{SECRET}}", sent) == "{{USER_EMAIL}} {{USER_EMAIL}} {{SECRET}}"
    )
    assert filled(r"{{USER_NAME}}", {"{{USER_NAME}}": r"\1 \g<0>"}) == r"\1 \g<0>"


def test_what_a_client_says_makes_no_prompt_endless() -> None:
    found = filled("{{USER_NAME}}" * 5000, {"{{USER_NAME}}": "A" * 1_000_000})
    assert found == "A" * 1_000_000 + "{{USER_NAME}}" * 4000


@pytest.mark.parametrize(
    "template", ["", "{{", "{{}}", "{{USER_NAME}", "{USER_NAME}", "{{ USER_NAME }}", "{{user_name}}"]
)
def test_other_braces_stay(template: str) -> None:
    assert filled(template) == template

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import pytest

from webui.settings import SETTINGS, Setting, forms
from webui.settings.forms import AS_TEXT, BY_VARIABLE, Fields

OTHERS = {"AREAS", "BY_NAME", "BY_VARIABLE"}
TABLES = {name: value for name, value in vars(forms).items() if isinstance(value, Mapping) and name.isupper()}
TABLES = {name: value for name, value in TABLES.items() if name not in OTHERS}


def settings_of(fields: Fields) -> Iterator[Setting]:
    for item in fields.values():
        if isinstance(item, Mapping):
            yield from settings_of(item)
        else:
            yield item


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_form_has_settings_that_can_be_changed_at_run_time_each_once(table: Fields) -> None:
    found = list(settings_of(table))
    assert found
    assert all(setting.runtime for setting in found)
    assert len({setting.name for setting in found}) == len(found)


def test_what_is_text_for_the_contract_is_a_setting() -> None:
    assert AS_TEXT.issubset(BY_VARIABLE)


def test_no_setting_is_a_branch_of_the_document_in_which_others_stand() -> None:
    names = sorted(f"{setting.name}." for setting in SETTINGS if setting.runtime)
    assert not [(one, other) for one, other in pairwise(names) if other.startswith(one)]

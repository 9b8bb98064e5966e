from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from webui.services.trash import _parents

KEYS = st.sampled_from("abcdefgh")


@st.composite
def chats(draw: st.DrawFn) -> tuple[dict[str, str | None], set[str], set[str]]:
    """Messages with any parents, those of them that come back, and those that are there, which are a tree."""
    stored = draw(st.dictionaries(KEYS, st.none() | KEYS | st.just("unknown"), min_size=1))
    back = draw(st.sets(st.sampled_from(sorted(stored))))
    live = draw(st.sets(st.sampled_from(sorted(stored)))) - back
    for place, key in enumerate(sorted(live)):  # a parent that is there comes before its child in the alphabet
        if stored[key] in live and stored[key] not in sorted(live)[:place]:
            stored[key] = None
    return stored, back, live


@given(chats())
def test_messages_come_back_into_a_tree(chat: tuple[dict[str, str | None], set[str], set[str]]) -> None:
    stored, back, live = chat
    parents = _parents(stored, live | back, back)
    assert {key: parents[key] for key in live} == {key: stored[key] for key in live}
    for key in live | back:
        seen: list[str | None] = []
        node: str | None = key
        while node in parents:
            assert node not in seen
            seen.append(node)
            node = parents[node]
    for key in back:
        assert parents[key] is None or parents[key] in live | back


def test_a_message_comes_back_under_its_nearest_ancestor() -> None:
    stored = {"a": None, "b": "a", "c": "b", "d": "c"}
    assert _parents(stored, {"a", "d"}, {"d"}) == {"a": None, "d": "a"}

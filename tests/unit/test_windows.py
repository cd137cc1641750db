from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.windows import windows


def test_a_short_text_is_its_own_window_unchanged():
    assert windows("  un mot\n") == ["  un mot\n"]


@given(st.integers(1, 900), st.integers(2, 60), st.data())
def test_every_word_is_in_a_window_and_neighbours_overlap(
    count: int, size: int, data: st.DataObject
):
    overlap = data.draw(st.integers(0, size - 1))
    words = [f"w{i}" for i in range(count)]
    found = [window.split() for window in windows(" ".join(words), size, overlap)]
    assert {word for window in found for word in window} == set(words)
    assert all(len(window) == min(size, count) for window in found)
    for left, right in zip(found, found[1:], strict=False):
        assert len(set(left) & set(right)) >= overlap


def test_the_last_words_end_the_last_window():
    text = "bla " * 5000 + "il a une arme et arrive ce soir"
    assert windows(text)[-1].endswith("il a une arme et arrive ce soir")


def test_a_text_without_blanks_is_cut_too():
    text = "".join(chr(0x627 + i % 20) for i in range(50_000))
    found = windows(text)
    assert len(found) > 10
    assert text.startswith(found[0]) and text.endswith(found[-1])


def test_an_overlap_of_a_whole_window_would_never_end():
    with pytest.raises(ValueError, match="must be below"):
        windows("a", size=10, overlap=10)

"""Overlapping windows, so that the last line of a long report counts as much as the first."""

from __future__ import annotations

import re

WINDOW_WORDS = 180
OVERLAP_WORDS = 40

_WORD = re.compile(r"\S+")


def windows(text: str, size: int = WINDOW_WORDS, overlap: int = OVERLAP_WORDS) -> list[str]:
    """Cut a text into overlapping windows of whole words; see ``window_spans``.

    :return: The text itself where it is short enough, else its windows in order.
    """
    return [text[start:end] for start, end in window_spans(text, size, overlap)]


def window_spans(
    text: str, size: int = WINDOW_WORDS, overlap: int = OVERLAP_WORDS
) -> list[tuple[int, int]]:
    """Find where the overlapping windows of a text lie.

    The last window is as long as the others, and every word is in at least one. A run of
    characters without a blank counts as one word for every 20 of them, so that a text without
    any blank is cut too.

    :param text: Original text.
    :param size: Words in a window.
    :param overlap: Words that neighbouring windows share; below ``size``.
    :return: Start and end (exclusive) of each, in code points; the whole text where it is short.
    :raises ValueError: If the overlap is not below the size.
    """
    if not 0 <= overlap < size:
        raise ValueError(f"overlap {overlap} must be below the window's size {size}")
    pieces = [
        (start, min(start + 20, match.end()))
        for match in _WORD.finditer(text)
        for start in range(match.start(), match.end(), 20)
    ]
    if len(pieces) <= size:
        return [(0, len(text))]
    starts = list(range(0, len(pieces) - size, size - overlap)) + [len(pieces) - size]
    return [(pieces[first][0], pieces[first + size - 1][1]) for first in starts]

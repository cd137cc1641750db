"""Text that remembers which part of the original each of its characters came from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class SpannedText:
    """A rewritten text with the original span behind every character.

    Offsets count Unicode code points of the original, as Python's ``str`` does.

    :param text: The rewritten text.
    :param starts: For each of its characters, where the original span starts.
    :param ends: For each of its characters, where the original span ends (exclusive).
    """

    text: str
    starts: list[int]
    ends: list[int]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Find the part of the original behind ``text[start:end]``.

        :param start: First character of the rewritten text.
        :param end: One past the last character; above ``start``.
        :return: Start and end (exclusive) in the original, in code points.
        :raises ValueError: If the span is empty or outside the text.
        """
        if not 0 <= start < end <= len(self.text):
            raise ValueError(
                f"span {start}:{end} is outside 0:{len(self.text)}; give 0 <= start < end <= length"
            )
        return min(self.starts[start:end]), max(self.ends[start:end])

    def substitute(
        self, pattern: re.Pattern[str], replacement: Callable[[re.Match[str]], str | None]
    ) -> SpannedText:
        """Replace every match of a pattern, keeping the spans.

        A replacement as long as its match keeps the spans character by character;
        in any other, every new character stands for the whole match.

        :param pattern: What to look for.
        :param replacement: Gives the new text of a match, or None to leave it.
        :return: The rewritten text; the same object where nothing matched.
        """
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for match in pattern.finditer(self.text):
            new = replacement(match)
            first, last = match.span()
            if new is None or new == match.group() or first == last:
                continue
            pieces += (self.text[done:first], new)
            starts += self.starts[done:first]
            ends += self.ends[done:first]
            if len(new) == last - first:
                starts += self.starts[first:last]
                ends += self.ends[first:last]
            else:
                starts += [min(self.starts[first:last])] * len(new)
                ends += [max(self.ends[first:last])] * len(new)
            done = last
        if not pieces:
            return self
        pieces.append(self.text[done:])
        starts += self.starts[done:]
        ends += self.ends[done:]
        return SpannedText("".join(pieces), starts, ends)

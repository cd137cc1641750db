"""Writing systems of a text, by ISO 15924 code."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache

_BY_NAME = {
    "LATIN": "Latn",
    "ARABIC": "Arab",
    "TIFINAGH": "Tfng",
    "CYRILLIC": "Cyrl",
    "GREEK": "Grek",
    "HEBREW": "Hebr",
    "CJK": "Hani",
    "HIRAGANA": "Jpan",
    "KATAKANA": "Jpan",
    "HANGUL": "Hang",
    "DEVANAGARI": "Deva",
    "THAI": "Thai",
    "ARMENIAN": "Armn",
    "GEORGIAN": "Geor",
    "ETHIOPIC": "Ethi",
    "BENGALI": "Beng",
    "TAMIL": "Taml",
}
UNKNOWN = "Zyyy"
READ = ("Latn", "Arab", "Tfng")
"""Scripts that Farz reads."""


@lru_cache(maxsize=16384)
def _script(character: str) -> str:
    if "a" <= character <= "z" or "A" <= character <= "Z":
        return "Latn"
    name = unicodedata.name(character, "")
    return _BY_NAME.get(name.split(" ", 1)[0].split("-", 1)[0], UNKNOWN)


def script_shares(text: str) -> dict[str, float]:
    """Count the letters of a text by script.

    :param text: Any text.
    :return: Share of each script among the letters, adding up to 1; empty without letters.
    """
    counts = Counter(_script(character) for character in text if character.isalpha())
    total = sum(counts.values())
    return {script: count / total for script, count in counts.most_common()}


def main_script(text: str) -> str:
    """Name the script that most letters are in, or ``Zyyy`` for a text without letters."""
    return next(iter(script_shares(text)), UNKNOWN)

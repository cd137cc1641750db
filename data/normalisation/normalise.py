"""The one normalisation of text, with offsets into what the citizen wrote."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from data.normalisation.characters import HOMOGLYPHS, fold_character, read_as
from data.normalisation.spans import SpannedText

_COMBINING = re.compile(r"[^\W\d_][\u0300-\u036f\u0653-\u0655\u20d0-\u20f0]+")
_HOMOGLYPH_WORD = re.compile(r"\w*[\u0370-\u03ff\u0400-\u052f]\w*")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
# Bounded pieces: an unbounded pattern takes minutes on a hostile run of @ or dots.
_LINK_OR_MAIL = re.compile(
    r"(?:https?://|www\.)\S+|(?<![^\s@])[^\s@]{1,64}@[^\s@.]{1,63}(?:\.[^\s@.]{1,63}){1,8}"
    r"|(?<![\w.-])[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[a-z]{2,4}/\S*"
)

# Letters set apart by a separator: d.a.e.c.h, d-a-e-c-h, د_ا_ع_ش. Three single letters are
# enough where the separator is odd; blanks need four, since Arabizi strings short words (w f l).
_LETTER = r"[^\W\d_]"
_SEPARATED = re.compile(
    rf"(?<!\w){_LETTER}(?:([.\-_*·•~|/\\+])\1?{_LETTER})(?:\1{{1,2}}{_LETTER})+(?!\w)"
)
_SPACED = re.compile(rf"(?<!\w)(?:{_LETTER} ){{3,}}{_LETTER}(?!\w)")
# Separators strewn inside one word: da.e.ch, ex*plo*sif.
_STREWN = re.compile(rf"(?<![\w.@/-]){_LETTER}{{1,4}}(?:[.*·•~|_]{_LETTER}{{1,4}}){{2,}}(?![\w@/])")
_STARRED = re.compile(rf"(?<!\w){_LETTER}+(?:[*·•~|]{_LETTER}+)+(?!\w)")

# Only between letters: the digits 2 3 5 7 8 9 are letters of Arabizi, and "100dh" is an amount.
_LEET = {"0": "o", "1": "i", "@": "a", "$": "s", "€": "e", "|": "l"}
_LEET_WORD = re.compile(r"(?<![\w@$€|])(?:[^\W\d_]|\$(?=[^\W\d_]{2}))[\w@$€|]*(?![\w@$€|])")
_LEET_INSIDE = re.compile(r"(?<=[^\W\d_])[01@$€|]{1,3}(?=[^\W\d_])|^\$")
_LEET_LAST = re.compile(r"(?<=[^\W\d_])[01@$€]$")

_ELONGATED = re.compile(r"([^\W\d_])\1{2,}", re.IGNORECASE)
_REPEATED_SIGN = re.compile(r"([^\w\s])\1{2,}")
_BLANKS = re.compile(r"[ \n]{2,}| ?\n ?")
_VOWELS = frozenset("aeiouyàâäéèêëîïôöùûü")


def normalise(text: str) -> SpannedText:
    """Read a text as a careful person would, undoing the tricks and accidents of typing.

    In order: compatibility forms, invisible and bidirectional characters, tatweel and vowel
    signs, hamza, ya and look-alike letters, digits of other scripts, Tifinagh to Latin, Greek
    and Cyrillic homoglyphs in Latin words, spaced-out and dotted words, letters written as
    digits, elongations, and blanks. Case and Latin accents stay (``fold`` removes them).

    :param text: What the citizen wrote; it is not changed.
    :return: The normalised text with the original span behind each character.
    """
    spanned = _by_character(text)
    spanned = spanned.substitute(_COMBINING, _composed)
    spanned = spanned.substitute(_HOMOGLYPH_WORD, _without_homoglyphs)
    for pattern, reading in _TRICKS:
        spanned = _outside_links(spanned, pattern, reading)
    spanned = spanned.substitute(_ELONGATED, _shortened)
    spanned = spanned.substitute(_REPEATED_SIGN, lambda match: match.group(1))
    return spanned.substitute(_BLANKS, lambda match: "\n" if "\n" in match.group() else " ")


def fold(text: str) -> str:
    """Lower the case and drop Latin accents, character for character.

    :param text: A normalised text.
    :return: A text of the same length, so that offsets hold for both.
    """
    return "".join(map(fold_character, text))


def _by_character(text: str) -> SpannedText:
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for position, character in enumerate(text):
        reading = character if " " <= character <= "~" and character != "`" else read_as(character)
        if len(reading) == 1:
            pieces.append(reading)
            starts.append(position)
            ends.append(position + 1)
        else:
            pieces.append(reading)
            starts += [position] * len(reading)
            ends += [position + 1] * len(reading)
    return SpannedText("".join(pieces), starts, ends)


def _composed(match: re.Match[str]) -> str:
    """Compose a letter with its marks; a mark that composes with nothing is dropped."""
    composed = unicodedata.normalize("NFC", match.group())
    return "".join(read_as(c) for c in composed if not unicodedata.combining(c))


def _without_homoglyphs(match: re.Match[str]) -> str | None:
    """Read look-alikes as Latin where the word or its neighbours are Latin; real Russian stays."""
    word = match.group()
    if not _LATIN.search(word):
        beside = match.string[max(0, match.start() - 40) : match.end() + 40]
        letters = [c for c in beside if c.isalpha()]
        latin = sum(1 for c in letters if _LATIN.match(c))
        if latin * 2 < len(letters) or not all(c in HOMOGLYPHS for c in word if c.isalpha()):
            return None
    return "".join(HOMOGLYPHS.get(c, c) for c in word)


def _joined(match: re.Match[str]) -> str:
    """Close up spaced-out letters, with a blank kept where the script changes."""
    letters = [c for c in match.group() if c.isalpha()]
    return "".join(
        f" {c}" if i and (c >= "\u0600") != (letters[i - 1] >= "\u0600") else c
        for i, c in enumerate(letters)
    )


def _without_leet(match: re.Match[str]) -> str | None:
    word = match.group()
    read = _LEET_INSIDE.sub(lambda signs: "".join(_LEET[s] for s in signs.group()), word)
    return None if read == word else _LEET_LAST.sub(lambda sign: _LEET[sign.group()], read)


_TRICKS = (
    (_SEPARATED, _joined),
    (_SPACED, _joined),
    (_STREWN, _joined),
    (_STARRED, _joined),
    (_LEET_WORD, _without_leet),
)


def _outside_links(
    spanned: SpannedText, pattern: re.Pattern[str], reading: Callable[[re.Match[str]], str | None]
) -> SpannedText:
    """Substitute, but leave addresses as they are: their dots and digits are no trick."""
    may_link = any(sign in spanned.text for sign in ("/", "@", "www."))
    links = [m.span() for m in _LINK_OR_MAIL.finditer(spanned.text)] if may_link else []
    if not links:
        return spanned.substitute(pattern, reading)

    def outside(match: re.Match[str]) -> str | None:
        inside = any(first < match.end() and match.start() < last for first, last in links)
        return None if inside else reading(match)

    return spanned.substitute(pattern, outside)


def _shortened(match: re.Match[str]) -> str:
    letter = match.group(1)
    doubled_in_spelling = letter.lower() not in _VOWELS and letter < "\u0250"
    return letter * 2 if doubled_in_spelling else letter

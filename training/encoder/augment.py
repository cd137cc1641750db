"""Texts as they might also have been typed: noise that teaches the model to look past it.

Written for training alone. What the service undoes before it reads (dots and blanks inside
words, look-alike letters, invisible characters) is left out: the model never sees it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from data.normalisation import arabic_spelling
from data.records import LabelledReport
from model.views import ARABIZI
from training.dressing import load_dressing

DARIJA = "ary"

_NEAR = {
    "a": "qzs", "b": "vn", "c": "xv", "d": "sf", "e": "zr", "f": "dg", "g": "fh", "h": "gj",
    "i": "uo", "j": "hk", "k": "jl", "l": "km", "m": "ln", "n": "bm", "o": "ip", "p": "ol",
    "q": "as", "r": "et", "s": "dq", "t": "ry", "u": "yi", "v": "cb", "w": "xs", "x": "wc",
    "y": "tu", "z": "ae",
    "ا": "ىأ", "ب": "يل", "ت": "اة", "ج": "حد", "ح": "خج", "د": "ذج", "ر": "زو", "س": "شي",
    "ص": "ضث", "ع": "غه", "ف": "قغ", "ق": "فث", "ك": "مط", "ل": "اب", "م": "نك", "ن": "تم",
    "ه": "عخ", "و": "رة", "ي": "بس", "ى": "لا", "ة": "وى",
}  # fmt: skip
"""Neighbours on a phone's keyboard (French and Arabic layouts)."""

_ARABIZI = {
    "3": ("3", "a", "aa", "3a"), "7": ("7", "h"), "9": ("9", "q", "k"), "5": ("5", "kh"),
    "kh": ("kh", "5"), "gh": ("gh", "4", "rh"), "ch": ("ch", "sh", "x"), "sh": ("ch", "sh"),
    "ou": ("ou", "o", "u", "w"), "q": ("q", "9"),
}  # fmt: skip
"""Spellings of one sound in Darija in Latin letters."""

_LATIN = {
    "ا": ("a", "aa"), "أ": ("a", "2a"), "إ": ("i",), "آ": ("a",), "ى": ("a",), "ة": ("a", "e"),
    "ب": ("b",), "ت": ("t",), "ث": ("t",), "ج": ("j",), "ح": ("7", "h"), "خ": ("kh", "5"),
    "د": ("d",), "ذ": ("d",), "ر": ("r",), "ز": ("z",), "س": ("s",), "ش": ("ch", "sh"),
    "ص": ("s",), "ض": ("d",), "ط": ("t",), "ظ": ("d",), "ع": ("3", "a"), "غ": ("gh", "4"),
    "ف": ("f",), "ق": ("9", "q", "k"), "ك": ("k",), "ل": ("l",), "م": ("m",), "ن": ("n",),
    "ه": ("h",), "و": ("ou", "w", "o"), "ي": ("i", "y"), "ء": ("",), "ئ": ("i",), "ؤ": ("o",),
    "گ": ("g",), "پ": ("p",), "ڤ": ("v",), "ّ": ("",), "َ": ("a",), "ِ": ("i",), "ُ": ("o",),
    "؟": ("?",), "،": (",",), "؛": (";",),
}  # fmt: skip
"""Spellings of an Arabic letter by Moroccans who type Latin ones."""

_CONSONANTS = frozenset("بتثجحخدذرزسشصضطظعغفقكلمنهگپڤ")

# A digit is a letter only beside letters and in no number: "13 3am" is an age and a word, "1500dh"
# an amount. French qu- is no sound of Darija.
_SOUND = re.compile(r"kh|gh|ch|sh|ou|q(?!u)|(?<!\d)[3579](?=[^\W\d_])|(?<=[^\W\d_])[3579](?!\d)")


def noise(text: str, rng: np.random.Generator, rate: float) -> str:
    """Mistype some letters: a neighbour's key, one left out, doubled, or two swapped.

    :param text: The text.
    :param rng: Source of chance.
    :param rate: Share of the letters that are touched.
    """
    letters = list(text)
    at = 0
    for place in np.flatnonzero(rng.random(len(letters)) < rate).tolist():
        if place < at or not letters[place].isalpha():
            continue
        letter = letters[place]
        kind = rng.integers(4)
        if kind == 0:
            near = _NEAR.get(letter.lower())
            letters[place] = near[rng.integers(len(near))] if near else letter
        elif kind == 1:
            letters[place] = ""
        elif kind == 2:
            letters[place] = letter * 2
        elif place + 1 < len(letters) and letters[place + 1].isalpha():
            letters[place], letters[place + 1] = letters[place + 1], letter
            at = place + 2
    return "".join(letters)


def respell(text: str, rng: np.random.Generator, rate: float = 0.3) -> str:
    """Spell sounds of Arabizi in another usual way, here and there."""

    def another(match: re.Match[str]) -> str:
        ways = _ARABIZI[match.group()]
        return ways[rng.integers(len(ways))] if rng.random() < rate else match.group()

    return _SOUND.sub(another, text)


def latin_spelling(text: str, rng: np.random.Generator) -> str:
    """Spell the Arabic words of a Darija text in Latin letters, each writer in a way of their own.

    One spelling a letter is drawn for the whole text; short vowels, which Arabic leaves out, are
    put between some consonants.

    :param text: The text.
    :param rng: Source of chance.
    """
    way = {letter: str(rng.choice(ways)) for letter, ways in _LATIN.items()}
    vowel, rate = str(rng.choice(("e", "a", ""))), rng.uniform(0.2, 0.6)
    out: list[str] = []
    for place, letter in enumerate(text):
        latin = way.get(letter, letter)
        before = text[place - 1] if place else " "
        if before in _CONSONANTS and letter in _CONSONANTS and rng.random() < rate:
            out.append(vowel)
        out.append(latin)
    return "".join(out)


def without_accents(text: str) -> str:
    """Drop Latin accents, as on a keyboard without them."""
    parts = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(c for c in parts if not "\u0300" <= c <= "\u036f"))


def lower_unpunctuated(text: str) -> str:
    """Lower case and no punctuation, as in a message typed in haste."""
    return "".join(c for c in text.lower() if c not in ".,;:!?'’\"«»()،؛؟")


def typed_again(
    record: LabelledReport,
    rng: np.random.Generator,
    changed: float = 0.5,
    rates: Sequence[float] = (0.01, 0.03, 0.06),
) -> str:
    """Give a record's text as it stands, or as another hand might have typed it.

    :param record: The record.
    :param rng: Source of chance.
    :param changed: Share of the texts that are typed again.
    :param rates: Shares of the letters that may be mistyped; half of the changed texts have one.
    """
    text = record.text
    if rng.random() >= changed:
        return text
    if rng.random() < 0.4:
        text = lower_unpunctuated(text)
    if rng.random() < 0.4:
        text = without_accents(text)
    if record.language in ("ary-Latn", "mul") and rng.random() < 0.6:
        text = respell(text, rng)
    if rng.random() < 0.5:
        text = noise(text, rng, rng.choice(rates))
    return text


def in_arabic_script(record: LabelledReport, rng: np.random.Generator) -> str:
    """As ``typed_again``; half of the Arabizi is then spelt in Arabic letters.

    Which is how the model reads it too: once in each (``model.views``).
    """
    text = typed_again(record, rng)
    return arabic_spelling(text) if record.language == ARABIZI and rng.random() < 0.5 else text


def hasty(record: LabelledReport, rng: np.random.Generator) -> str:
    """As ``in_arabic_script``, with more texts mistyped, and worse."""
    text = typed_again(record, rng, 0.7, (0.02, 0.05, 0.1))
    return arabic_spelling(text) if record.language == ARABIZI and rng.random() < 0.5 else text


def in_either_script(record: LabelledReport, rng: np.random.Generator) -> str:
    """As ``hasty``; a quarter of the Darija in Arabic letters is then spelt in Latin ones."""
    text = hasty(record, rng)
    return latin_spelling(text, rng) if record.language == DARIJA and rng.random() < 0.25 else text


def in_other_dress(record: LabelledReport, rng: np.random.Generator) -> str:
    """As ``in_either_script``; two fifths of the texts first get other greetings, places, apps."""
    if rng.random() < 0.4:
        record = replace(record, text=load_dressing().dressed(record, rng))
    return in_either_script(record, rng)


class Switching:
    """Reports begun in one language and ended in another, from two tellings of one situation.

    :param records: Records whose situations are told more than once.
    """

    def __init__(self, records: Sequence[LabelledReport]) -> None:
        self.tellings: dict[tuple[object, ...], list[LabelledReport]] = defaultdict(list)
        for record in records:
            self.tellings[_matter(record)].append(record)

    def __call__(self, record: LabelledReport, rng: np.random.Generator) -> str:
        """As ``in_arabic_script``; a seventh goes on in another language after some sentences."""
        if rng.random() < 0.15:
            others = [t for t in self.tellings[_matter(record)] if t.language != record.language]
            if others:
                other = others[rng.integers(len(others))]
                begin, _ = _halves(record.text)
                _, end = _halves(other.text)
                return f"{begin} {end}"
        return in_arabic_script(record, rng)


def _matter(record: LabelledReport) -> tuple[object, ...]:
    """What two tellings must share so that halves of them make a report of the same labels."""
    return record.scenario, record.category, record.priority, record.flags


def _halves(text: str) -> tuple[str, str]:
    """Cut a text at the end of a sentence, or else of a word, near its middle."""
    ends = [m.end() for m in re.finditer(r"[.!?؟…،,\n]+\s*|\s+", text)]
    sentences = [m.end() for m in re.finditer(r"[.!?؟…\n]+\s+", text)]
    middle = len(text) / 2
    near = [end for end in sentences if 0.25 < end / len(text) < 0.75] or ends or [len(text)]
    at = min(near, key=lambda end: abs(end - middle))
    return text[:at].strip(), text[at:].strip()


Augment = Callable[[LabelledReport, np.random.Generator], str]

AUGMENT: dict[str, Callable[[Sequence[LabelledReport]], Augment | None]] = {
    "none": lambda _: None,
    "typed": lambda _: typed_again,
    "script": lambda _: in_arabic_script,
    "hasty": lambda _: hasty,
    "scripts": lambda _: in_either_script,
    "dressed": lambda _: in_other_dress,
    "switch": Switching,
}
"""By the name that a configuration gives: from training records to what changes one of them."""

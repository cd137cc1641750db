"""Darija typed in Latin letters and digits, in Arabic letters."""

from __future__ import annotations

import re

from data.normalisation.normalise import fold, normalise

_WORDS = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_WORD = re.compile(r"[a-z0-9'ɣɛ]*[a-zɣɛ][a-z0-9'ɣɛ]*")

# Longest first. Vowels written short in Arabic are dropped; see _transliterate.
_CLUSTERS = {
    "tch": "تش",
    "kh": "خ",
    "gh": "غ",
    "ch": "ش",
    "sh": "ش",
    "th": "ت",
    "dh": "د",
    "ph": "ف",
    "ou": "و",
    "oo": "و",
    "ee": "ي",
    "3'": "غ",
    "7'": "خ",
    "9'": "ق",
}
_LETTERS = {
    "a": "ا",
    "b": "ب",
    "c": "ك",
    "d": "د",
    "e": "",
    "f": "ف",
    "g": "ك",
    "h": "ه",
    "i": "ي",
    "j": "ج",
    "k": "ك",
    "l": "ل",
    "m": "م",
    "n": "ن",
    "o": "و",
    "p": "ب",
    "q": "ق",
    "r": "ر",
    "s": "س",
    "t": "ت",
    "u": "و",
    "v": "ف",
    "w": "و",
    "x": "ش",
    "y": "ي",
    "z": "ز",
    "2": "ا",
    "3": "ع",
    "4": "غ",
    "5": "خ",
    "6": "ط",
    "7": "ح",
    "8": "غ",
    "9": "ق",
    "'": "",
    "ɣ": "غ",
    "ɛ": "ع",
}
_TOKEN = re.compile("|".join([*_CLUSTERS, "."]))
_AMOUNT = re.compile(r"\d{2,}.*|\d+(?:dh|dhs|h|km|kg|ans)")
_DOUBLED = re.compile(r"(\D)\1+")
_WEAK = frozenset("اوي")


def arabic_view(folded: str) -> str:
    """Write the Latin words of a folded text in Arabic letters, word for word.

    The reading is rough on purpose: emphatic letters fall together (s for س and ص) and
    vowels inside a word are dropped in both scripts, since hardly two writers agree on
    them. What remains is a consonant skeleton that "bghit", "bghiit" and "بغيت" share.
    Letter values follow the usual chat alphabet (3 ع, 7 ح, 9 ق, 5 خ, 2 ء, gh غ, ch ش).

    :param folded: Output of ``fold(normalise(text).text)``.
    :return: The skeletons of its words, one for each run of letters, set apart by blanks.
    """
    return " ".join(filter(None, (skeleton(word) for word in _WORDS.findall(folded))))


def skeleton(word: str) -> str:
    """Reduce one word, in Latin or Arabic letters, to its consonants in Arabic letters.

    :param word: A folded word; amounts and other scripts are left as they are.
    :return: The consonant skeleton; empty if the word is all vowels.
    """
    if word.isdigit() or not word:
        return word
    letters = word.translate(_EMPHATIC) if word[0] >= "\u0600" else _transliterate(word)
    # A final h is mostly the feminine ending, which Latin letters leave out.
    letters = letters[:-1] if len(letters) > 2 and letters.endswith("ه") else letters
    first, rest = letters[:1], letters[1:]
    return _DOUBLED.sub(r"\1", first + "".join(c for c in rest if c not in _WEAK))


def arabic_spelling(text: str) -> str:
    """Spell the Latin words of a text in Arabic letters, vowels and all.

    Rougher than a person's spelling and near enough to it: "wa7ed lweld" becomes "واحد لولد".
    Punctuation, numbers and words in other scripts stay.

    :param text: Original text.
    :return: The text, normalised and folded, in Arabic letters.
    """
    return _WORDS.sub(lambda found: _transliterate(found.group()), fold(normalise(text).text))


def _transliterate(word: str) -> str:
    if not _WORD.fullmatch(word) or _AMOUNT.fullmatch(word):
        return word
    return "".join(_CLUSTERS.get(t) or _LETTERS.get(t, t) for t in _TOKEN.findall(word))


# Pairs that Latin letters do not tell apart.
_EMPHATIC = str.maketrans({"ص": "س", "ط": "ت", "ض": "د", "ظ": "د", "ذ": "د", "ث": "ت", "ء": ""})

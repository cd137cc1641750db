"""Character tables: what each odd character is read as."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# Marks that carry no meaning for us: Arabic vowel signs and Koranic marks.
ARABIC_MARKS = frozenset(
    [chr(c) for c in (*range(0x0610, 0x061B), *range(0x064B, 0x0660), 0x0670)]
    + [chr(c) for c in (*range(0x06D6, 0x06DD), *range(0x06DF, 0x06E9), *range(0x06EA, 0x06EE))]
)
TATWEEL = "\u0640"

# Hamza seats, alef and ya forms, ta marbuta, and Persian, Urdu or ornamental look-alikes,
# read as the plain letter that hurried writers type. ڭ گ ݣ are the Moroccan hard g.
_ARABIC = {
    **dict.fromkeys("أإآٱٲٳ", "ا"),
    **dict.fromkeys("ىئیېےۍ", "ي"),
    "ؤ": "و",
    **dict.fromkeys("ةہھەۃۀ", "ه"),
    **dict.fromkeys("کڪگڭݣ", "ك"),
    "پ": "ب",
    **dict.fromkeys("ڤڥ", "ف"),
    "چ": "ش",
    "ژ": "ج",
    **dict.fromkeys("۔", "."),
}

# Tifinagh to Latin after IRCAM's correspondence. The encoder knows no ẓ, so ⵥ is plain z.
_TIFINAGH = dict(
    zip(
        "ⴰⴱⴲⴳⴴⴵⴶⴷⴸⴹⴺⴻⴼⴽⴾⴿⵀⵁⵂⵃⵄⵅⵆⵇⵈⵉⵊⵋⵌⵍⵎⵏⵐⵑⵒⵓⵔⵕⵖⵗⵘⵙⵚⵛⵜⵝⵞⵟⵠⵡⵢⵣⵤⵥⵦⵧ",
        "abbggjjddḍḍefkkkhhhḥɛxxqqijjjlmnnnpurṛɣɣjsṣcttcṭvwyzzzeo",
        strict=True,
    )
)
_TIFINAGH |= {"ⵯ": "ʷ", "⵰": " ", "⵿": "", "ẓ": "z", "Ẓ": "Z"}

# Letters of other scripts, and of Latin's own curiosities, that look like plain Latin ones.
HOMOGLYPHS = {
    # Cyrillic
    **dict(zip("аеорсухіјѕһԁԛԝгпмтвнкзь", "aeopcyxijshdqwrnmtbhkзb", strict=True)),
    **dict(zip("АВЕКМНОРСТУХІЈЅԌЗ", "ABEKMHOPCTYXIJSGЗ", strict=True)),
    # Greek
    **dict(zip("αοερτυικνχωηγμ", "aoeptuikvxwnyu", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),
}
_LATIN_CURIOSITIES = {
    **dict(zip("ᴀʙᴄᴅᴇғɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprtuvwyz", strict=True)),
    **dict(zip("ıȷɑɡƖⅼ", "ijagll", strict=True)),
    "’": "'",
    "ʼ": "'",
    "`": "'",
    "´": "'",
}


@lru_cache(maxsize=65536)
def read_as(character: str) -> str:
    """Give what one character is read as, whatever stands beside it.

    :param character: One Unicode code point.
    :return: Its reading: NFKC, plain Arabic letters, Latin for Tifinagh; empty for invisible,
        bidirectional-control and vowel-sign characters.
    """
    if character in ARABIC_MARKS or character == TATWEEL:
        return ""
    direct = _ARABIC.get(character) or _LATIN_CURIOSITIES.get(character)
    if direct is not None:
        return direct
    if character in _TIFINAGH:
        return _TIFINAGH[character]
    category = unicodedata.category(character)
    if category in ("Cf", "Co", "Cs") or "\ufe00" <= character <= "\ufe0f" or character == "\u034f":
        return ""
    if category == "Cc":
        return "\n" if character in "\n\r" else " "
    if category.startswith("Z"):
        return "\n" if category in ("Zl", "Zp") else " "
    if category == "Nd":
        return str(unicodedata.decimal(character))
    compatible = unicodedata.normalize("NFKC", character)
    if compatible == character:
        return character
    return "".join(
        _ARABIC.get(c, "" if c in ARABIC_MARKS or c == TATWEEL else c) for c in compatible
    )


@lru_cache(maxsize=65536)
def fold_character(character: str) -> str:
    """Give a character in lower case without accent, always as exactly one character.

    :param character: One Unicode code point.
    :return: One code point, so that offsets into the text stay what they are.
    """
    base = unicodedata.normalize("NFKD", character)[0] if character >= "\x80" else character
    lowered = base.lower()
    return lowered if len(lowered) == 1 else lowered[0]

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.normalisation import arabic_spelling, arabic_view, fold, normalise

# What a phone keyboard, and somebody who hides words, can produce.
ODD = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from(list("aàe3790@$.-_* ادعش\u200b\u200f\u202e\u0640\u064eⴰⵣеаο!ʷ")),
    ),
    max_size=80,
)


@pytest.mark.parametrize(
    ("original", "read"),
    [
        ("ﻻ ﷲ", "لا الله"),  # presentation forms
        ("ｃｏｄｅ", "code"),  # full width
        ("me\u200bna\u00adce", "menace"),  # invisible characters
        ("\u202eabc\u202c \u2067د\u2069", "abc د"),  # bidirectional controls
        ("دـــاعـش", "داعش"),  # tatweel
        ("مُسْتَعْجَل", "مستعجل"),  # vowel signs
        ("أنا إلى آخر ٱسم", "انا الي اخر اسم"),  # hamza seats and ya
        ("مسؤول، شيء، مدرسة", "مسوول، شيء، مدرسه"),
        ("کتاب گاع ڭال", "كتاب كاع كال"),  # Persian letters, Moroccan g
        ("١٢٣ ۴۵۶", "123 456"),
        ("salaaaam nooon", "salam non"),  # elongations
        ("appelle", "appelle"),  # doubled letters stay
        ("hhhhhh", "hh"),
        ("10000 dh", "10000 dh"),  # amounts stay
        ("!!!!!", "!"),
        ("раураl", "paypal"),  # Cyrillic look-alikes in a Latin word
        ("b\u03bfmbe", "bombe"),  # Greek omicron
        ("привет мама", "привет мама"),  # real Russian stays
        ("d.a.e.c.h", "daech"),
        ("d a e c h", "daech"),
        ("د ا ع ش", "داعش"),
        ("د-ا-ع-ش", "داعش"),
        ("ex*plo*sif", "explosif"),
        ("da.e.ch", "daech"),
        ("w f l maghrib", "w f l maghrib"),  # short words of Arabizi stay
        ("fini.il est parti", "fini.il est parti"),  # a missing blank is no trick
        ("m0rt b@nque vi0lence", "mort banque violence"),
        ("3andi 7aja 9dima 100dh", "3andi 7aja 9dima 100dh"),  # digits that are letters stay
        ("@nom #tag", "@nom #tag"),
        ("https://exemple.com/a.b.c.d1e a@b.com", "https://exemple.com/a.b.c.d1e a@b.com"),
        ("ⴰⵣⵓⵍ ⴼⵍⵍⴰⵡⵏ", "azul fllawn"),  # Tifinagh
        ("ⵣⵥ ẓ", "zz z"),
        ("ɣuri taṛwa n ɛli ḥḍant", "ɣuri taṛwa n ɛli ḥḍant"),  # Amazigh Latin stays
        ("e\u0301cole", "école"),  # composed
        ("École À NOËL", "École À NOËL"),  # case and accents stay
        ("a  \n\n b", "a\nb"),
    ],
)
def test_it_reads_through_tricks_and_accidents(original: str, read: str):
    assert normalise(original).text == read


@given(ODD)
def test_every_character_comes_from_somewhere_in_the_original(original: str):
    spanned = normalise(original)
    assert len(spanned.text) == len(spanned.starts) == len(spanned.ends)
    for start, end in zip(spanned.starts, spanned.ends, strict=True):
        assert 0 <= start < end <= len(original)
    assert spanned.starts == sorted(spanned.starts)


@given(ODD)
def test_folding_keeps_the_length_so_offsets_hold_for_both(original: str):
    text = normalise(original).text
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded


@given(ODD)
def test_nothing_invisible_is_left(original: str):
    assert not set(normalise(original).text) & set("\u200b\u200e\u200f\u202e\u2066\u0640\u064e\x00")


@pytest.mark.parametrize(
    ("original", "word", "written"),
    [
        ("il dit d.a.e.c.h et rit", "daech", "d.a.e.c.h"),
        ("من دـــاعش كانو", "داعش", "دـــاعش"),
        ("une b\u200bo\u200bmbe ici", "bombe", "b\u200bo\u200bmbe"),
        ("salaaaam khoya", "salam", "salaaaam"),
        ("ⴰⵣⵓⵍ a", "azul", "ⴰⵣⵓⵍ"),
    ],
)
def test_a_word_is_marked_as_the_citizen_wrote_it(original: str, word: str, written: str):
    spanned = normalise(original)
    start = spanned.text.index(word)
    first, last = spanned.original_span(start, start + len(word))
    assert original[first:last] == written


def test_a_span_outside_the_text_is_refused():
    with pytest.raises(ValueError, match="outside 0:3"):
        normalise("abc").original_span(1, 9)


@pytest.mark.parametrize(
    ("latin", "arabic"),
    [
        ("bghit", "بغيت"),
        ("3andi", "عندي"),
        ("khoya", "خويا"),
        ("5oya", "خويا"),
        ("drari", "دراري"),
        ("chfara", "شفارة"),
        ("wa7ed", "واحد"),
        ("9tel", "قتل"),
        ("tswira", "تصويرة"),
    ],
)
def test_both_spellings_of_darija_meet_in_the_arabic_view(latin: str, arabic: str):
    assert arabic_view(fold(normalise(latin).text)) == arabic_view(fold(normalise(arabic).text))


def test_the_arabic_view_keeps_different_words_apart_and_amounts_whole():
    assert arabic_view("9tel") != arabic_view("ktab")
    assert arabic_view("1500") == "1500"


@pytest.mark.parametrize(
    ("latin", "arabic"),
    [
        ("wa7ed lweld", "واحد لولد"),
        ("Salam, bghit 2000dh f 17h!", "سالام, بغيت 2000dh ف 17h!"),
        ("قال liya", "قال لييا"),
        ("", ""),
    ],
)
def test_arabizi_is_spelt_in_arabic_letters(latin: str, arabic: str):
    assert arabic_spelling(latin) == arabic

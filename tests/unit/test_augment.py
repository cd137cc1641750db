from __future__ import annotations

import re
from dataclasses import replace
from difflib import SequenceMatcher

import numpy as np
import pytest

from data.records import LabelledReport
from training.encoder.augment import (
    AUGMENT,
    hasty,
    in_arabic_script,
    in_either_script,
    latin_spelling,
    lower_unpunctuated,
    noise,
    respell,
    typed_again,
    without_accents,
)
from training.encoder.config import AUGMENTATIONS

FRENCH = "Il m'a menacé hier à Fès, et il a publié la vidéo de ma sœur sur Facebook."
ARABIZI = "wa7d khona kaygol liya ghadi nchouf m3ak 9bel l3id, 3tini lflous wla nnchor tsawr"
DARIJA = "قال ليا غادي يسيفط التصاور ديالي لعائلتي وبغا 2000 درهم"


def report(text: str, language: str) -> LabelledReport:
    return LabelledReport("1", text, "other", language, "P4", (), "test", None)


@pytest.mark.parametrize("text", [FRENCH, ARABIZI, "قال ليا غادي يسيفط التصاور ديالي لعائلتي"])
def test_mistyped_text_is_near_the_text(text: str):
    typed = noise(text, np.random.default_rng(1), 0.06)
    assert typed != text
    assert SequenceMatcher(None, text, typed).ratio() > 0.85


def test_nothing_is_mistyped_at_rate_0():
    assert noise(FRENCH, np.random.default_rng(1), 0.0) == FRENCH


def test_arabizi_is_respelt_as_people_spell_it():
    spellings = {respell(ARABIZI, np.random.default_rng(seed)) for seed in range(20)}
    assert len(spellings) > 10
    assert any("5ona" in spelling for spelling in spellings)
    assert all(len(spelling.split()) == len(ARABIZI.split()) for spelling in spellings)


def test_ages_amounts_and_hours_stay_as_they_are():
    text = "bnti 3ndha 13 3am, khda 1500dh f 17h, 9arib 5 snin, w que 7 personnes"
    for seed in range(50):
        spelt = respell(text, np.random.default_rng(seed), rate=1.0)
        numbers = re.findall(r"(?<![^\W\d_])\d+(?=\b|dh|h\b)", spelt)
        assert [n for n in numbers if n in ("13", "1500", "17", "5", "7")] == [
            "13", "1500", "17", "5", "7",
        ], spelt  # fmt: skip
        assert " que " in spelt


def test_accents_and_punctuation_go_and_letters_stay():
    assert without_accents("menacé à Fès") == "menace a Fes"
    assert without_accents("قَالَ") == "قَالَ"  # Arabic marks are the normalisation's matter
    assert lower_unpunctuated("Il m'a dit: NON!") == "il ma dit non"


def test_half_of_the_texts_stay_as_they_are():
    rng = np.random.default_rng(3)
    kept = sum(typed_again(report(FRENCH, "fr"), rng) == FRENCH for _ in range(300))
    assert 130 < kept < 190


def test_every_augmentation_that_a_configuration_may_name_exists():
    assert set(AUGMENT) == set(AUGMENTATIONS)


def test_a_share_of_arabizi_is_shown_in_arabic_letters():
    rng = np.random.default_rng(5)
    shown = [in_arabic_script(report(ARABIZI, "ary-Latn"), rng) for _ in range(300)]
    arabic = sum(any("\u0600" <= c <= "\u06ff" for c in text) for text in shown)
    assert 120 < arabic < 180


def test_darija_is_spelt_in_latin_letters_in_many_ways_and_word_for_word():
    spellings = {latin_spelling(DARIJA, np.random.default_rng(seed)) for seed in range(20)}
    assert len(spellings) > 15
    for spelling in spellings:
        assert not re.search("[\u0600-\u06ff]", spelling)
        assert len(spelling.split()) == len(DARIJA.split())
        assert "2000" in spelling


def test_a_share_of_darija_is_shown_in_latin_letters_and_no_other_arabic():
    rng = np.random.default_rng(5)
    shown = [in_either_script(report(DARIJA, "ary"), rng) for _ in range(400)]
    assert 70 < sum(not re.search("[\u0600-\u06ff]", text) for text in shown) < 130
    shown = [in_either_script(report(DARIJA, "ar"), rng) for _ in range(50)]
    assert all(re.search("[\u0600-\u06ff]", text) for text in shown)


def test_hasty_texts_are_changed_more_often():
    rng = np.random.default_rng(3)
    kept = sum(hasty(report(FRENCH, "fr"), rng) == FRENCH for _ in range(300))
    assert 70 < kept < 140


def test_a_share_of_reports_goes_on_in_another_language():
    began = replace(report("Il m'a menacé. Il veut de l'argent.", "fr"), scenario="threat-1")
    ended = replace(report("He threatened me. He wants money.", "en"), scenario="threat-1")
    other = replace(report("No one must be mixed in. Never.", "es"), scenario="threat-2")
    switch = AUGMENT["switch"]([began, ended, other])
    rng = np.random.default_rng(5)
    shown = [switch(began, rng) for _ in range(300)]
    mixed = shown.count("Il m'a menacé. He wants money.")
    assert 25 < mixed < 70
    assert not any("Never" in text for text in shown)
    assert all("He wants" not in switch(other, rng) for _ in range(50))

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from data.records import LabelledReport
from evaluation.behaviour import load_swaps
from training.dressing import dressed_copies, load_dressing
from training.encoder.augment import in_other_dress

TEXT = "il m'a volé mon compte WhatsApp à Fès"
REPORT = LabelledReport("1", TEXT, "system_intrusion", "fr", "P3", (), "test", None)


def test_the_matter_stays_and_only_its_dress_changes():
    copies = dressed_copies([REPORT] * 200, 1)
    assert len({*copies}) > 100
    for text in copies:
        assert "il m'a volé mon compte " in text
    plain = [re.search(r"il m'a volé mon compte (\w+) à ([\w ]+?)(?= |\n|$)", t) for t in copies]
    assert all(plain)
    kept = sum(found.group(1) == "WhatsApp" for found in plain if found)
    assert 80 < kept < 140  # half stay, and a few draw themselves


def test_the_same_seed_gives_the_same_copies():
    assert dressed_copies([REPORT] * 20, 1) == dressed_copies([REPORT] * 20, 1)
    assert dressed_copies([REPORT] * 20, 1) != dressed_copies([REPORT] * 20, 2)


@pytest.mark.parametrize("language", ["fr", "ar", "ary", "ary-Latn", "en", "es", "zgh", "mul"])
def test_every_language_has_openings_and_endings(language: str):
    bare = replace(REPORT, text="0", language=language)
    copies = dressed_copies([bare] * 100, 1)
    opened = sum(not text.startswith("0") for text in copies)
    ended = sum(not text.endswith("0") for text in copies)
    assert 60 < opened < 90
    assert 35 < ended < 65


def test_a_text_in_an_unknown_language_is_left_alone():
    other = replace(REPORT, text="Привет", language=None)
    assert dressed_copies([other], 1) == ["Привет"]


def test_two_fifths_of_the_training_texts_are_dressed():
    rng = np.random.default_rng(1)
    bare = replace(REPORT, text="0000", language="en")
    dressed = sum("0000" != in_other_dress(bare, rng).strip() for _ in range(500))
    assert 130 < dressed < 240


def test_a_model_is_not_examined_with_the_courtesies_that_it_was_taught():
    raw = tomllib.loads(files("training").joinpath("dressing.toml").read_text("utf-8"))
    taught = {
        phrase for side in ("before", "after") for row in raw[side].values() for phrase in row
    }
    asked = {
        phrase.strip() for pair in load_swaps()["around"]["politeness"].values() for phrase in pair
    }
    assert not taught & asked


def test_words_are_found_whole():
    found = load_dressing().words.findall("une casaque fb et Fes, snapshot")
    assert found == ["fb", "Fes"]

from __future__ import annotations

import json

import numpy as np
import pytest

from data.normalisation import fold, normalise
from data.records import LabelledReport
from evaluation.perturbations import PERTURBATIONS, concerns
from evaluation.results_page import _robustness
from evaluation.robustness import robustness
from model.scorer import Scorer

FRENCH = "Il m'a menacé devant l'école et il a publié la photo de ma sœur"
DARIJA = "هددني وبغا يحط تصاوري فالفيسبوك إلا ما خلصتوش"
ARABIZI = "hddedni w bgha y7et tsawri f facebook ila ma khlstouch"
UNDONE = ("dotted words", "invisible characters", "look-alike letters")


@pytest.mark.parametrize("name", PERTURBATIONS)
@pytest.mark.parametrize("text", [FRENCH, DARIJA, ARABIZI, "ok", ""])
def test_each_changes_a_text_the_same_way_again(name: str, text: str):
    first = PERTURBATIONS[name](text, np.random.default_rng(1))
    assert first == PERTURBATIONS[name](text, np.random.default_rng(1))
    if text == FRENCH and name not in ("Darija in its other script",):
        assert first != text
        assert {*first.split()} & {*text.split()}, "nothing is left of it"


@pytest.mark.parametrize("name", UNDONE)
def test_what_the_service_promises_to_undo_it_undoes(name: str):
    typed = PERTURBATIONS[name](FRENCH, np.random.default_rng(2))
    assert fold(normalise(typed).text) == fold(normalise(FRENCH).text)


def test_darija_goes_into_its_other_script_and_only_darija():
    change = PERTURBATIONS["Darija in its other script"]
    rng = np.random.default_rng(0)
    assert not any("\u0600" <= c <= "\u06ff" for c in change(DARIJA, rng))
    assert any("\u0600" <= c <= "\u06ff" for c in change(ARABIZI, rng))
    french = LabelledReport("1", FRENCH, "other", "fr")
    assert not concerns("Darija in its other script", french)
    assert concerns("typing errors", french)


def test_losses_are_counted_over_what_is_concerned(scorer: Scorer, records: list[LabelledReport]):
    found = robustness(scorer, records, seed=3)
    assert found["typing errors"]["n"] == len(records)
    darija = sum(r.language in ("ary", "ary-Latn") for r in records)
    assert found["Darija in its other script"]["n"] == darija
    for told in found.values():
        assert told["loss"]["value"] == pytest.approx(told["before"] - told["after"])
    # What is undone before reading costs nothing; words of which a letter is lost cost something.
    assert found["invisible characters"]["loss"]["value"] == 0
    assert found["typing errors"]["before"] == 1
    assert found["typing errors"]["recall"]["child_grooming"]["before"] == 1
    page = "\n".join(_robustness(json.loads(json.dumps(found))))
    assert "| invisible characters | 1.000 | 1.000 | 0.000" in page
    assert _robustness({}) == []

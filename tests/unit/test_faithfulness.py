from __future__ import annotations

from dataclasses import replace

import pytest

from data.records import LabelledReport
from evaluation.faithfulness import faithfulness
from model.bundle import Parts


@pytest.fixture(scope="module")
def found(encoder_parts: Parts, records: list[LabelledReport]) -> dict:
    told = [
        replace(r, evidence=(" ".join(r.text.split()[2:5]),)) if r.flags else r for r in records
    ]
    return faithfulness(encoder_parts, told[::3])


def test_telling_words_tell_more_than_a_random_order(found: dict):
    random, served = found["random order"], found["as served"]
    assert served["comprehensiveness"]["value"] > 1.2 * random["comprehensiveness"]["value"]
    # What is left without them is less than what is left of random words.
    assert served["sufficiency"]["value"] < random["sufficiency"]["value"]
    assert found["every word taken out"]["comprehensiveness"]["value"] > 0


def test_every_method_is_measured_on_the_same_reports_and_by_language(found: dict):
    counts = {told["comprehensiveness"]["n"] for told in found.values()}
    assert len(counts) == 1
    for told in found.values():
        assert 0 <= told["evidence F1, flags"]["value"] <= 1
        by_language = told["comprehensiveness by language"]
        assert sum(figure["n"] for figure in by_language.values()) == counts.copy().pop()

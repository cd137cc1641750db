from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.language.identify import Language
from data.taxonomy import parse_taxonomy
from model.decision import Combined, combine, decide
from model.guarantees import FlagThreshold, GroupThreshold, SetThreshold, UrgentThreshold
from model.policy import load_policy
from model.score import Score
from model.thresholds import Thresholds

TAXONOMY = parse_taxonomy(
    {
        "categories": [{"code": c} for c in "abcde"],
        "flags": [{"code": "danger"}],
        "priorities": [{"code": "P1"}, {"code": "P2"}, {"code": "P3"}],
    }
)
FRENCH = Language("fr", "Latn", 0.9)


def scored(
    category: list[float], *, language: Language = FRENCH, known: bool = True, danger: float = 0.2
) -> Score:
    return decide(
        Combined(np.array(category), np.array([0.1, 0.7, 0.2]), {"danger": danger}, known),
        language,
        TAXONOMY,
        Thresholds(
            SetThreshold((0.1,) * 5, 0.95, (50,) * 5),
            {"danger": FlagThreshold(0.2, 0.02, 60, 0, 0.1, True)},
        ),
        version="v",
        digest="sha256:0",
    )


def test_the_set_holds_what_cannot_be_ruled_out_most_probable_first():
    score = scored([0.15, 0.05, 0.6, 0.12, 0.08])
    assert score.category.label == "c"
    assert score.category.prediction_set == ("c", "a", "d")
    assert score.manual_triage_reasons == ()
    assert score.priority is not None and score.priority.level == "P2"


def test_the_proposal_is_always_in_its_set():
    sure = Thresholds(
        SetThreshold((0.9,) * 5, 0.95, (50,) * 5),
        {"danger": FlagThreshold(0.2, 0.02, 60, 0, 0.1, True)},
    )
    combined = Combined(np.array([0.5, 0.2, 0.1, 0.1, 0.1]), None, {"danger": 0.0}, True)
    score = decide(combined, FRENCH, TAXONOMY, sure, version="v", digest="d")
    assert score.category.prediction_set == ("a",)
    assert score.priority is None


def test_a_flag_is_raised_at_its_threshold_and_not_below():
    assert scored([1, 0, 0, 0, 0], danger=0.2).flags["danger"].raised
    assert not scored([1, 0, 0, 0, 0], danger=0.1999).flags["danger"].raised


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([0.1, 0.7, 0.2], "P2"),
        # Neither of the ends that are likeliest, but the level between them.
        ([0.4, 0.2, 0.4], "P2"),
        ([0.5, 0.1, 0.4], "P1"),
        ([0.0, 0.0, 1.0], "P3"),
    ],
)
def test_the_priority_is_the_middle_of_what_is_likely(levels: list[float], expected: str):
    combined = Combined(np.array([1.0, 0, 0, 0, 0]), np.array(levels), {}, True)
    thresholds = Thresholds(SetThreshold((0.1,) * 5, 0.95, (50,) * 5), {})
    score = decide(combined, FRENCH, TAXONOMY, thresholds, version="v", digest="d")
    assert score.priority is not None and score.priority.level == expected


def test_a_flag_is_raised_at_the_threshold_of_its_language():
    darija = GroupThreshold(("ar", "ary"), 0.05, 60, 2, 0.2, True)
    flag = FlagThreshold(0.2, 0.02, 300, 5, 0.1, True, (darija,))
    thresholds = Thresholds(SetThreshold((0.1,) * 5, 0.95, (50,) * 5), {"danger": flag})
    combined = Combined(np.array([1.0, 0, 0, 0, 0]), None, {"danger": 0.1}, True)
    for code, raised, bar in (("ary", True, 0.05), ("fr", False, 0.2), ("und", False, 0.2)):
        language = Language(code, "Arab", 0.9)
        score = decide(combined, language, TAXONOMY, thresholds, version="v", digest="d")
        assert (score.flags["danger"].raised, score.flags["danger"].threshold) == (raised, bar)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"category": [0.3, 0.2, 0.2, 0.2, 0.1]}, "uncertain_category"),
        ({"language": Language("und", "Cyrl", 1.0)}, "unsupported_language"),
        ({"known": False}, "no_known_words"),
    ],
)
def test_it_says_when_it_does_not_know_and_scores_all_the_same(changes: dict, reason: str):
    score = scored(**{"category": [0.9, 0.025, 0.025, 0.025, 0.025], **changes})
    assert score.manual_triage_reasons == (reason,)
    body = score.as_dict()
    assert body["needs_manual_triage"] is True
    assert set(body["category"]["probabilities"]) == set("abcde")


def test_the_most_telling_window_decides_flags_and_the_most_urgent_the_priority():
    combined = combine(
        {
            "category": np.array([[0.21, 0.2, 0.2, 0.2, 0.19], [0.02, 0.9, 0.04, 0.02, 0.02]]),
            "priority": np.array([[0.0, 0.1, 0.9], [0.8, 0.1, 0.1]]),
            "flag:danger": np.array([[0.01], [0.97]]),
        },
        np.array([True, False]),
    )
    assert combined.flags == {"danger": 0.97}
    assert combined.priority is not None and combined.priority[0] == 0.8
    assert combined.category.argmax() == 1 and combined.category[1] > 0.8
    assert combined.category.sum() == pytest.approx(1)
    assert combined.known


def test_the_first_priority_is_given_from_its_threshold_on_though_another_is_likelier():
    combined = Combined(np.array([1.0, 0, 0, 0, 0]), np.array([0.3, 0.6, 0.1]), {}, True)

    def level(threshold: float) -> str:
        urgent = UrgentThreshold(threshold, 0.1, 90, 0.1, 10, 0.8)
        thresholds = Thresholds(SetThreshold((0.1,) * 5, 0.95, (50,) * 5), {}, urgent)
        score = decide(combined, FRENCH, TAXONOMY, thresholds, version="v", digest="d")
        assert score.priority is not None
        return score.priority.level

    assert [level(0.29), level(0.3), level(0.31)] == ["P1", "P1", "P2"]


def test_an_urgency_that_is_possible_rather_than_likely_says_so():
    combined = Combined(np.array([1.0, 0, 0, 0, 0]), np.array([0.3, 0.6, 0.1]), {}, True)
    urgent = UrgentThreshold(0.2, 0.1, 90, 0.1, 10, 0.8)
    thresholds = Thresholds(SetThreshold((0.1,) * 5, 0.95, (50,) * 5), {}, urgent)

    def codes(levels: list[float]) -> list[str]:
        given = replace(combined, priority=np.array(levels))
        score = decide(
            given, FRENCH, TAXONOMY, thresholds, version="v", digest="d", policy=load_policy()
        )
        assert score.priority is not None and score.priority.level == "P1"
        return [reason.code for reason in score.priority.reasons]

    assert codes([0.3, 0.6, 0.1]) == ["urgent_possible"]
    assert codes([0.8, 0.1, 0.1]) == []  # likely: its probability says it

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from hashlib import sha256

import pytest

from data.records import LabelledReport
from data.splits import groups, near_duplicates, split


def make(count: int, scenarios: int) -> list[LabelledReport]:
    """Texts of hexadecimal noise: no two are near-duplicates."""
    return [
        LabelledReport(
            id=str(i),
            text=sha256(str(i).encode()).hexdigest(),
            category=("fraud", "other", "terrorism")[i % scenarios % 3],
            scenario=f"s-{i % scenarios}",
        )
        for i in range(count)
    ]


def test_a_scenario_never_stands_on_two_sides():
    records = make(600, 80)
    sides = split(records, seed=3)
    where = [
        {records[i].scenario for i in side} for side in (sides.train, sides.calibration, sides.test)
    ]
    assert not where[0] & where[1] and not where[0] & where[2] and not where[1] & where[2]
    assert sorted((*sides.train, *sides.calibration, *sides.test)) == list(range(600))


def test_sides_have_about_their_share_of_each_category():
    records = make(600, 80)
    sides = split(records, calibration=0.2, test=0.1, seed=1)
    for category, total in Counter(r.category for r in records).items():
        in_calibration = sum(records[i].category == category for i in sides.calibration)
        assert in_calibration / total == pytest.approx(0.2, abs=0.06)


def test_the_seed_decides_the_split():
    records = make(300, 60)
    assert split(records, seed=1) == split(records, seed=1)
    assert split(records, seed=1) != split(records, seed=2)


def test_a_twin_stays_with_its_scenario():
    records = make(4, 4)
    records[1] = replace(records[1], scenario="s-0-twin")
    found = groups(records)
    assert found[0] == found[1] != found[2]


def test_near_duplicates_stay_together_whatever_their_scenario():
    long = "J'ai versé un acompte de 1200 dh pour un canapé et la page m'a bloqué lundi matin"
    records = [
        LabelledReport("a", long, "fraud", scenario="x"),
        LabelledReport("b", long.replace("lundi", "mardi"), "fraud", scenario="y"),
        LabelledReport("c", "Tout autre chose, une question sur vos horaires", "other"),
    ]
    found = groups(records)
    assert found[0] == found[1] != found[2]
    ((first, second, similarity),) = near_duplicates([r.text for r in records])
    assert (first, second) == (0, 1)
    assert 0.5 < similarity < 1


def test_disguised_copies_are_found():
    pairs = near_duplicates(["un message de menace", "UN   MESSAGE de me\u200bnace", "autre chose"])
    assert [(a, b) for a, b, _ in pairs] == [(0, 1)]


@pytest.mark.parametrize(("calibration", "test"), [(0.6, 0.5), (-0.1, 0), (1, 0)])
def test_shares_that_leave_nothing_are_refused(calibration: float, test: float):
    with pytest.raises(ValueError, match="leave nothing"):
        split(make(10, 5), calibration=calibration, test=test)

from __future__ import annotations

from datetime import date, datetime

import pytest

from model.times import days_named, signs_of_time

SENT = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("il viendra le 25/11/2026 chez moi", ["2026-11-25"]),
        ("il viendra le 25/11 chez moi", ["2026-11-25"]),
        ("virement fait le 3 janvier", ["2027-01-03"]),
        ("virement fait le 22 novembre 2025", ["2025-11-22"]),
        ("le 1er décembre", ["2026-12-01"]),
        ("on November 25, he wrote", ["2026-11-25"]),
        ("on the 25th November", ["2026-11-25"]),
        ("el 25 de noviembre", ["2026-11-25"]),
        ("يوم 25 نونبر غادي يجي", ["2026-11-25"]),
        ("يوم ٢٥ نونبر", ["2026-11-25"]),
        ("nhar 25 nouanbir", ["2026-11-25"]),
        ("2026-11-23 10:00", ["2026-11-23"]),
        ("je publie tout le 25/11/2026.", ["2026-11-25"]),
        ("avant le 25/11/26!", ["2026-11-25"]),
        ("2026/11/25", ["2026-11-25"]),
        ("23rd of November", ["2026-11-23"]),
        ("يوم 25 من نونبر", ["2026-11-25"]),
        ("25 شهر نونبر", ["2026-11-25"]),
        ("3 جويلية", ["2026-07-03"]),
        ("Nov. 25", ["2026-11-25"]),
        ("en novembre 25 000 dh ont été virés, prix 24/11 dh, 10/12 ans", []),
        ("novembre 24 personnes", []),
        ("31/02/2026", []),
        ("j'ai payé 25.5 dh, 10-12 personnes, 3/4 des gens, rdv à 18/20", []),
        ("may 2500 dh be enough, mar 7ba", []),
        ("il y a 2 mars", ["2027-03-02"]),
    ],
)
def test_days_are_read_as_moroccans_write_them(text: str, days: list[str]):
    assert [str(day) for day, _ in days_named(text, SENT)] == days


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("avant le 25/11/2026", {"deadline"}),
        ("avant le 24/11/2026", {"deadline", "recent"}),
        ("Fait à Rabat le 24/11/2026", {"recent"}),
        ("fait le 22/11/2026", {"recent"}),
        ("fait le 20/11/2026", set()),
        ("avant le 27/11/2026", set()),
    ],
)
def test_a_day_is_near_ahead_or_just_past(text: str, signs: set[str]):
    assert signs_of_time(text, datetime(2026, 11, 24, 20, 0)) == signs


def test_without_a_time_of_sending_nothing_is_told():
    assert signs_of_time("avant le 25/11/2026", None) == frozenset()

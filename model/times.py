"""Dates that a report names, told against the day on which it was sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from data.normalisation import fold, normalise

SOON = timedelta(days=2)
"""A day named so near ahead is a deadline."""

RECENT = timedelta(days=3)
"""A matter of so few days ago is recent: money may still be stopped."""

_MONTHS = {
    1: "janvier january jan enero يناير جانفي janvye",
    2: "fevrier february feb febrero فبراير فيفري fevrye",
    3: "mars march mar marzo مارس",
    4: "avril april apr abril ابريل افريل",
    5: "mai may mayo ماي مايو",
    6: "juin june jun junio يونيو جوان youniou",
    7: "juillet july jul julio يوليوز يوليو جويلية youlyouz",
    8: "aout august aug agosto غشت اغسطس ghocht",
    9: "septembre september sep sept septiembre شتنبر سبتمبر choutanbir",
    10: "octobre october oct octubre اكتوبر oktobr",
    11: "novembre november nov noviembre نونبر نوفمبر nouanbir",
    12: "decembre december dec diciembre دجنبر ديسمبر doujanbir",
}
_NAMED = {
    fold(normalise(name).text): month for month, names in _MONTHS.items() for name in names.split()
}
_NAMES = "|".join(sorted(_NAMED, key=len, reverse=True))
_DAY = r"(?P<day>[12]\d|3[01]|0?[1-9])"
_YEAR = r"(?P<year>20\d\d)"
_OF = r"(?:de\s+|of\s+|من\s+|شهر\s+)?"
_END = r"(?!\w|[/.-]\d)"
# What follows a number that counts something else: money, ages, people.
_COUNTED = r"(?!\s*(?:dh|dhs|mad|درهم|ans|aam|3am|عام|personnes|people|h\b|%)|\s+\d{3}(?!\d))"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?<![\d/.-]){_DAY}[/.-](?P<month>1[0-2]|0?[1-9])[/.-](?P<year>(?:20)?\d\d){_END}",
        # Without a year a slash alone: "2.5" is an amount, "10-12" a span.
        rf"(?<![\d/.-]){_DAY}/(?P<month>1[0-2]|0[1-9]){_END}{_COUNTED}",
        rf"(?<![\d/.-]){_YEAR}[/-](?P<month>1[0-2]|0[1-9])[/-]{_DAY}{_END}",
        rf"(?<!\w){_DAY}(?:er|st|nd|rd|th)?\s+{_OF}(?P<name>{_NAMES})(?!\w)"
        rf"(?:\s+{_OF}{_YEAR})?",
        rf"(?<!\w)(?P<name>{_NAMES})\.?\s+{_DAY}(?:st|nd|rd|th)?{_END}{_COUNTED}(?:,?\s+{_YEAR})?",
    )
)
_BEFORE = re.compile(
    r"(?<!\w)(?:avant|before|by|antes del?|قبل|9bel|qbel|d'ici)(?:\s+\w{1,4})?\s*$"
)


def days_named(text: str, sent: date) -> Iterator[tuple[date, bool]]:
    """Find the days that a text names with a date, and whether it says "before" them.

    Day before month, as in Morocco. A date without a year is taken for the nearest one to the
    day of sending.

    :param text: Original text, in any of the portal's languages.
    :param sent: When it was sent.
    :return: The days, as they are found, each with whether it is a term ("before the 25th").
    """
    folded = fold(normalise(text).text)
    for form in _FORMS:
        for found in form.finditer(folded):
            named = found.groupdict()
            month = _NAMED[named["name"]] if "name" in named else int(named["month"])
            years = (
                [int(named["year"]) % 100 + 2000]
                if named.get("year")
                else [sent.year - 1, sent.year, sent.year + 1]
            )
            possible = [
                day for year in years if (day := _day(year, month, int(named["day"]))) is not None
            ]
            if possible:
                term = _BEFORE.search(folded[: found.start()]) is not None
                yield min(possible, key=lambda day: abs(day - sent)), term


def signs_of_time(text: str, sent: datetime | None) -> frozenset[str]:
    """Tell whether a text names a day just ahead or just past.

    :param text: Original text.
    :param sent: When it was sent; None where the report does not say: nothing is told then.
    :return: ``deadline`` for ``SOON`` ahead, and for today where the text says "before"; ``recent``
        for today and ``RECENT`` before. A letter that bears today's date sets no term.
    """
    if sent is None:
        return frozenset()
    signs = set()
    for day, term in days_named(text, sent.date()):
        ahead = day - sent.date()
        if timedelta(0) < ahead <= SOON or (term and not ahead):
            signs.add("deadline")
        if -RECENT <= ahead <= timedelta(0):
            signs.add("recent")
    return frozenset(signs)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None

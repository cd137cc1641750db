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
_NAMED = {name: month for month, names in _MONTHS.items() for name in names.split()}
_NAMES = "|".join(sorted(_NAMED, key=len, reverse=True))
_DAY = r"(?P<day>[12]\d|3[01]|0?[1-9])"
_YEAR = r"(?P<year>20\d\d)"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?<![\d/.-]){_DAY}[/.-](?P<month>1[0-2]|0?[1-9])[/.-]{_YEAR}(?![\d/.-])",
        # Without a year a slash alone: "2.5" is an amount, "10-12" a span.
        rf"(?<![\d/.-]){_DAY}/(?P<month>1[0-2]|0[1-9])(?![\d/.-]|\s*h\b)",
        rf"(?<![\d/.-]){_YEAR}-(?P<month>1[0-2]|0[1-9])-{_DAY}(?![\d/.-])",
        rf"(?<!\w){_DAY}(?:er|st|nd|rd|th)?\s+(?:de\s+)?(?P<name>{_NAMES})(?!\w)"
        rf"(?:\s+(?:de\s+)?{_YEAR})?",
        rf"(?<!\w)(?P<name>{_NAMES})\s+{_DAY}(?:st|nd|rd|th)?(?![\w/.-])(?:,?\s+{_YEAR})?",
    )
)


def days_named(text: str, sent: date) -> Iterator[date]:
    """Find the days that a text names with a date.

    Day before month, as in Morocco. A date without a year is taken for the nearest one to the
    day of sending.

    :param text: Original text, in any of the portal's languages.
    :param sent: When it was sent.
    :return: The days, as they are found.
    """
    folded = fold(normalise(text).text)
    for form in _FORMS:
        for found in form.finditer(folded):
            named = found.groupdict()
            month = _NAMED[named["name"]] if "name" in named else int(named["month"])
            years = (
                [int(named["year"])]
                if named.get("year")
                else [sent.year - 1, sent.year, sent.year + 1]
            )
            possible = [
                day for year in years if (day := _day(year, month, int(named["day"]))) is not None
            ]
            if possible:
                yield min(possible, key=lambda day: abs(day - sent))


def signs_of_time(text: str, sent: datetime | None) -> frozenset[str]:
    """Tell whether a text names a day just ahead or just past.

    :param text: Original text.
    :param sent: When it was sent; None where the report does not say: nothing is told then.
    :return: ``deadline`` for today and ``SOON`` ahead, ``recent`` for today and ``RECENT`` before.
    """
    if sent is None:
        return frozenset()
    signs = set()
    for day in days_named(text, sent.date()):
        ahead = day - sent.date()
        if timedelta(0) <= ahead <= SOON:
            signs.add("deadline")
        if -RECENT <= ahead <= timedelta(0):
            signs.add("recent")
    return frozenset(signs)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None

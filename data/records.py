"""Reports and labelled reports as typed records, checked on the way in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data.errors import FieldError, shown
from data.taxonomy import Taxonomy

LANGUAGES = ("fr", "ar", "ary", "ary-Latn", "en", "es", "zgh", "mul", "und")
"""Codes that a report's language may take; ``und`` is anything Farz does not read."""

MAX_TEXT_CHARACTERS = 50_000
"""Longest text scored, in Unicode code points: about 8,000 words, far above any report seen."""

_GOOD_TEXT = 'send what the citizen wrote, for example "On m\'a volé mon compte"'


def check_text(value: object, field: str = "text", limit: int = MAX_TEXT_CHARACTERS) -> str:
    """Check that a value is a text that can be scored, and return it unchanged.

    :param value: What was sent.
    :param field: Name of the field, for the error message.
    :param limit: Longest text taken, in Unicode code points.
    :return: The same text; not a character is altered.
    :raises FieldError: If it is no string, blank, too long, or holds NUL or lone surrogates.
    """
    if not isinstance(value, str):
        raise FieldError(field, f"is {type(value).__name__}, not text", _GOOD_TEXT)
    if len(value) > limit:
        raise FieldError(
            field,
            f"is {len(value):,} characters long",
            f"send at most {limit:,} characters, split over several reports if need be",
        )
    if not value.strip():
        raise FieldError(field, "is empty or blank", _GOOD_TEXT)
    position = value.find("\x00")
    if position >= 0:
        raise FieldError(
            field, f"holds a NUL character at position {position}", "send plain text without U+0000"
        )
    for position, character in enumerate(value):
        if "\ud800" <= character <= "\udfff":
            raise FieldError(
                field,
                f"holds a lone surrogate U+{ord(character):04X} at position {position}",
                "send well-formed Unicode, for example valid UTF-8",
            )
    return value


def check_id(value: object, field: str = "id") -> str | int:
    """Check a report's id, which comes back with its score.

    :param value: What was sent.
    :param field: Name of the field, for the error message.
    :return: The same id.
    :raises FieldError: If it is neither a number nor a text of 1 to 200 printable characters.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable():
        raise FieldError(field, f"{shown(value)} is no id", 'use for example "2024-000123"')
    return value


def check_language(value: object, field: str = "language") -> str:
    """Check a declared language code.

    :param value: What was sent.
    :param field: Name of the field, for the error message.
    :return: The code.
    :raises FieldError: If it is none of ``LANGUAGES``.
    """
    if not isinstance(value, str) or value not in LANGUAGES:
        raise FieldError(
            field, f"{shown(value)} is not known", f"use one of {', '.join(LANGUAGES)}"
        )
    return value


@dataclass(frozen=True)
class Report:
    """What a citizen sent, as the scorer sees it.

    :param text: The citizen's words, unchanged.
    :param quoted_content: Messages of others that the citizen attached.
    :param urls: Addresses that the citizen gave.
    :param language: Language declared by the intake system, if any.
    :param submitted_at: When the report was sent.
    :param occurred_at: When the matter happened, as far as known.
    """

    text: str
    quoted_content: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    language: str | None = None
    submitted_at: datetime | None = None
    occurred_at: datetime | None = None


@dataclass(frozen=True)
class LabelledReport:
    """A report with the labels that a person gave it.

    :param id: Identifier, unique within a data set.
    :param text: The citizen's words, unchanged.
    :param category: Category code.
    :param language: Language code, or None where the source has none.
    :param priority: Priority code, or None where the source has none.
    :param flags: Codes of the raised flags, or None where the source has none.
    :param source: Where the record comes from.
    :param scenario: Name of the situation told; records of one scenario stay together in a split.
    :param writer: Who wrote the text, for figures on writers unseen in training.
    :param evidence: Exact substrings of the text that justify the labels.
    :param awkward: Kind of obfuscation or awkwardness, where the record was written to have one.
    """

    id: str
    text: str
    category: str
    language: str | None = None
    priority: str | None = None
    flags: tuple[str, ...] | None = None
    source: str = "unknown"
    scenario: str | None = None
    writer: str | None = None
    evidence: tuple[str, ...] = ()
    awkward: str | None = None


def parse_labelled(raw: Mapping[str, Any], taxonomy: Taxonomy, where: str) -> LabelledReport:
    """Check one labelled record against a taxonomy.

    :param raw: The record, with at least ``id``, ``text`` and ``category``.
    :param taxonomy: The label sets that it must follow.
    :param where: File and line, put before the field's name in an error.
    :return: The record.
    :raises FieldError: If a field is missing, of a wrong type or not in the taxonomy.
    """
    record_id = raw.get("id")
    if not isinstance(record_id, str) or not record_id.strip():
        raise FieldError(
            f"{where}: id", f"{shown(record_id)} is no id", 'use for example "fr-000123"'
        )
    text = check_text(raw.get("text"), f"{where}: text")
    category = _one_of(raw.get("category"), taxonomy.category_codes, f"{where}: category")
    priority = raw.get("priority")
    if priority is not None:
        priority = _one_of(priority, taxonomy.priority_codes, f"{where}: priority")
    flags = raw.get("flags")
    if flags is not None:
        flags = tuple(
            _one_of(flag, taxonomy.flag_codes, f"{where}: flags")
            for flag in _strings(flags, f"{where}: flags")
        )
    language = raw.get("lang")
    evidence = _strings(raw.get("evidence") or (), f"{where}: evidence")
    for quote in evidence:
        if quote not in text:
            raise FieldError(
                f"{where}: evidence",
                "holds a quote that is not in the text",
                "copy an exact substring",
            )
    return LabelledReport(
        id=record_id,
        text=text,
        category=category,
        language=None if language is None else check_language(language, f"{where}: lang"),
        priority=priority,
        flags=flags,
        source=str(raw.get("source") or "unknown"),
        scenario=raw.get("scenario") or None,
        writer=raw.get("writer") or None,
        evidence=evidence,
        awkward=raw.get("awkward") or None,
    )


def _one_of(value: object, known: Sequence[str], field: str) -> str:
    if not isinstance(value, str) or value not in known:
        raise FieldError(
            field, f"{shown(value)} is not in the taxonomy", f"use one of {', '.join(known)}"
        )
    return value


def _strings(value: object, field: str) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        kind = type(value).__name__
        raise FieldError(field, f"is {kind}, not a list", 'use for example ["minor_involved"]')
    for item in value:
        if not isinstance(item, str):
            raise FieldError(field, f"holds {shown(item)}", "list strings only")
    return tuple(value)

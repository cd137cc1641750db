from __future__ import annotations

import pytest

from data.errors import FieldError
from data.records import MAX_TEXT_CHARACTERS, check_id, check_language, check_text, parse_labelled
from data.taxonomy import Taxonomy

GOOD = {"id": "1", "text": "On m'a volé mon compte", "category": "fraud"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "empty or blank"),
        (" \n\t\u200f ", None),  # invisible characters are no blank to Python: it is scored
        ("   \n ", "empty or blank"),
        (None, "NoneType"),
        (12, "int"),
        ("a\x00b", "NUL character at position 1"),
        ("ab\ud800", r"lone surrogate U\+D800 at position 2"),
        ("x" * 1_000_000, "1,000,000 characters"),
    ],
)
def test_a_text_that_cannot_be_scored_is_refused_by_name(text: object, named: str | None):
    if named is None:
        assert check_text(text) == text
        return
    with pytest.raises(FieldError, match=named) as caught:
        check_text(text, "reports.3.text")
    assert caught.value.field == "reports.3.text"
    assert caught.value.good


def test_a_text_is_returned_unchanged_up_to_the_limit():
    text = "\u202e" + "é" * (MAX_TEXT_CHARACTERS - 1)
    assert check_text(text) is text


def test_an_error_never_quotes_the_text():
    with pytest.raises(FieldError) as caught:
        check_text("my secret story\x00")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("code", ["de", "", "FR", None, 3])
def test_an_unknown_language_is_refused_and_the_known_are_listed(code: object):
    with pytest.raises(FieldError, match="ary-Latn"):
        check_language(code)


@pytest.mark.parametrize("value", ["", "x" * 201, "a\u202eb", "a\nb", None, True, 1.5, "\ud800"])
def test_an_id_that_could_not_be_given_back_is_refused(value: object):
    with pytest.raises(FieldError, match="is no id"):
        check_id(value)


@pytest.mark.parametrize("value", ["2024-1", 17, "بلاغ-1"])
def test_ids_may_be_numbers_or_any_printable_text(value: object):
    assert check_id(value) == value


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"category": "theft"}, "'theft' is not in the taxonomy"),
        ({"category": None}, "category"),
        ({"text": " "}, "text: is empty"),
        ({"id": ""}, "id"),
        ({"priority": "P5"}, "P1, P2, P3, P4"),
        ({"flags": ["grooming"]}, "'grooming'"),
        ({"flags": "minor_involved"}, "is str, not a list"),
        ({"lang": "de"}, "lang"),
        ({"evidence": ["not there"]}, "is not in the text"),
    ],
)
def test_a_broken_labelled_record_is_refused_by_place_and_field(
    taxonomy: Taxonomy, change: dict, named: str
):
    with pytest.raises(FieldError, match=named) as caught:
        parse_labelled({**GOOD, **change}, taxonomy, "mine.jsonl record 4")
    assert "mine.jsonl record 4" in caught.value.field


def test_labels_that_a_source_lacks_stay_unknown_rather_than_empty(taxonomy: Taxonomy):
    record = parse_labelled(GOOD, taxonomy, "x")
    assert (record.priority, record.flags, record.language) == (None, None, None)
    assert parse_labelled({**GOOD, "flags": []}, taxonomy, "x").flags == ()

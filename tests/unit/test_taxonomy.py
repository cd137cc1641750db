from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import FieldError
from data.taxonomy import NAME_LANGUAGES, Taxonomy, dump_taxonomy, load_taxonomy, parse_taxonomy

MINIMAL = {"categories": [{"code": "a"}, {"code": "b"}]}


def test_the_shipped_taxonomy_has_the_mission_labels_in_order(taxonomy: Taxonomy):
    assert taxonomy.category_codes[0] == "fraud"
    assert taxonomy.category_codes[-1] == "other"
    assert len(taxonomy.category_codes) == 11
    assert taxonomy.flag_codes[:2] == ("terrorism_apology", "child_grooming")
    assert taxonomy.priority_codes == ("P1", "P2", "P3", "P4")


def test_every_label_is_named_and_described_in_the_portal_languages(taxonomy: Taxonomy):
    for label in (*taxonomy.categories, *taxonomy.flags, *taxonomy.priorities):
        names = [label.names[language] for language in NAME_LANGUAGES]
        assert all(names), label.code
        assert label.description, label.code


def test_only_the_two_flags_of_the_mission_have_the_strict_target(taxonomy: Taxonomy):
    strict = {flag.code for flag in taxonomy.flags if flag.max_miss_rate == 0.02}
    assert strict == {"terrorism_apology", "child_grooming"}


def test_shares_are_the_communiques(taxonomy: Taxonomy):
    assert taxonomy.group_shares["fraud"] == pytest.approx(0.6 * 6788 / 7083, abs=1e-3)
    assert taxonomy.group_shares["terrorism"] == pytest.approx(295 / 7083, abs=1e-3)
    assert sum(taxonomy.group_shares.values()) == pytest.approx(1, abs=1e-3)


def test_it_travels_as_plain_data_and_back(taxonomy: Taxonomy):
    assert parse_taxonomy(dump_taxonomy(taxonomy)) == taxonomy


def test_another_agency_may_have_categories_alone():
    other = parse_taxonomy(MINIMAL)
    assert other.category_codes == ("a", "b")
    assert other.flags == other.priorities == ()
    assert other.categories[0].name("fr") == "a"


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ({"categories": [{"code": "a"}]}, "at least two"),
        ({"categories": [{"code": "a"}, {"code": "a"}]}, "taxonomy.categories.a"),
        ({"categories": [{"name": "a"}, {"code": "b"}]}, "no code"),
        ({"categories": [{"code": 1}, {"code": "b"}]}, "no code"),
        ({**MINIMAL, "flag": []}, "'flag'"),
        ({"categories": [{"code": "a", "colour": "red"}, {"code": "b"}]}, "'colour'"),
        ({**MINIMAL, "flags": [{"code": "f", "max_miss_rate": 2}]}, "max_miss_rate"),
        ({**MINIMAL, "groups": [{"code": "g", "share": 0.5}]}, "add up to"),
        (
            {
                "groups": [{"code": "g", "share": 1}],
                "categories": [{"code": "a", "group": "h"}, {"code": "b"}],
            },
            "'h' is no group",
        ),
    ],
)
def test_a_broken_taxonomy_is_refused_by_name(raw: dict, named: str):
    with pytest.raises(FieldError, match=named):
        parse_taxonomy(raw)


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path):
    path = tmp_path / "mine.toml"
    path.write_text("categories = [")
    with pytest.raises(FieldError, match="not TOML"):
        load_taxonomy(path)

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from data.check import check, distinct_trigrams
from data.errors import FieldError
from data.records import LabelledReport
from data.targets import load_targets, shortfalls
from data.taxonomy import Taxonomy

CLEAN = [
    LabelledReport(
        "a",
        "J'ai payé 300 dh sur exemple.com et rien n'arrive depuis",
        "fraud",
        "fr",
        "P3",
        (),
        "authored",
        "one",
        "w",
    ),
    LabelledReport(
        "b",
        "بغيت نسول على التوقيت ديالكم نهار السبت",
        "other",
        "ary",
        "P4",
        (),
        "authored",
        "two",
        "w",
    ),
]


def findings(taxonomy: Taxonomy, *records: LabelledReport, **options: object) -> list[str]:
    return check([*CLEAN, *records], taxonomy, **options).errors  # type: ignore[arg-type]


def test_a_clean_set_has_no_error_and_is_counted(taxonomy: Taxonomy):
    report = check(CLEAN, taxonomy)
    assert report.errors == []
    assert report.counts["language"] == {"fr": 1, "ary": 1}
    assert report.counts["category"]["fraud"] == 1
    assert report.counts["category"]["terrorism"] == 0
    assert any("category terrorism has 0" in w for w in report.warnings)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (CLEAN[0].text, "duplicate text: a, c"),
        (CLEAN[0].text.replace("300", "350"), "near-duplicate: a and c"),
        ("allez voir sur vraisite.com tout de suite", "link: c"),
        ("écrivez à quelqun@maboite.ma svp merci", "e-mail: c"),
        ("appelez le 06 12 34 56 78 c'est lui", "full phone number: c"),
        ("appelez le +212 6 12 34 56 78 c'est lui", "full phone number: c"),
    ],
)
def test_what_a_careful_reader_would_find(taxonomy: Taxonomy, text: str, named: str):
    found = findings(taxonomy, replace(CLEAN[0], id="c", text=text))
    assert any(finding.startswith(named) for finding in found), found


def test_masked_numbers_and_example_addresses_are_fine(taxonomy: Taxonomy):
    text = "il écrit du 06xxxxxx12 et de moi@example.com, page exemple.ma, perdu 12.500 dh"
    assert findings(taxonomy, replace(CLEAN[0], id="c", text=text)) == []


def test_a_leak_from_the_kept_out_set_is_found(taxonomy: Taxonomy):
    kept = replace(
        CLEAN[1], id="v", text="un tout autre texte du jeu de validation, assez long pour voir"
    )
    near = replace(CLEAN[0], id="c", text=kept.text.replace("assez", "plutôt"))
    assert any("leak: c is near v" in f for f in findings(taxonomy, near, against=[kept]))
    phrase = replace(
        CLEAN[0],
        id="d",
        text="Bonjour monsieur le commissaire, ma cousine de Fès a lu hier dans le journal "
        "un tout autre texte du jeu de validation, elle en rit encore avec ses voisines",
    )
    assert any(
        "leak: d shares wording with v" in f for f in findings(taxonomy, phrase, against=[kept])
    )


def test_a_flagged_authored_record_without_evidence_is_warned_about(taxonomy: Taxonomy):
    flagged = replace(
        CLEAN[0], id="c", text="elle a quatorze ans seulement", flags=("minor_involved",)
    )
    assert any("evidence: c" in w for w in check([*CLEAN, flagged], taxonomy).warnings)


def test_templates_drive_distinct_trigrams_down():
    written = ["mon voisin a coupé le fil hier", "elle a perdu sa carte au marché de Salé"]
    template = [f"je signale une fraude de {n} dh sur internet merci" for n in "abcdefghij"]
    assert distinct_trigrams(template) < distinct_trigrams(written) / 1.5
    assert distinct_trigrams([]) == 0


def test_a_set_that_holds_too_little_says_what_is_missing(taxonomy: Taxonomy, tmp_path: Path):
    path = tmp_path / "targets.toml"
    path.write_text("total = 3\n[language]\nfr = 1\nes = 2\n[flag]\nminor_involved = 1\n")
    found = shortfalls(CLEAN, taxonomy, load_targets(path))
    assert found == [
        "too few: records all has 2 of 3",
        "too few: language es has 0 of 2",
        "too few: flag minor_involved has 0 of 1",
    ]
    path.write_text("flag_categories = 2\n[flag]\nminor_involved = 0\n")
    assert "too narrow: flag minor_involved is in 0 categories of 2" in shortfalls(
        CLEAN, taxonomy, load_targets(path)
    )
    path.write_text("langage = 3")
    with pytest.raises(FieldError, match="langage: is not known"):
        load_targets(path)


def test_templates_are_an_error_beside_a_kept_out_set(taxonomy: Taxonomy):
    template = [
        replace(
            CLEAN[0], id=f"t{i}", text="je signale une fraude de dh sur internet merci " * 9 + w
        )
        for i, w in enumerate(["un", "deux"])
    ]
    kept = [replace(CLEAN[1], id="v", text="elle a perdu sa carte au marché de Salé hier soir")]
    assert any(e.startswith("templates") for e in check(template, taxonomy, against=kept).errors)

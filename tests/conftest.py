"""Tiny models and data, built in memory: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from data.records import LabelledReport
from data.taxonomy import Taxonomy, load_taxonomy
from model.bundle import Parts, load_scorer, save_bundle
from model.encoder import Encoder
from model.features import LexicalFeatures
from model.pipeline import Pipeline
from model.scorer import Scorer
from tests import tiny
from training.config import HeadConfig
from training.fit import fit_heads
from training.thresholds import choose_thresholds
from training.train import label_shares

ROOT = Path(__file__).parent.parent
VALIDATION = ROOT.parent / "shared" / "data" / "validation"

# Two plain tellings of each category, told apart by their words alone.
TELLINGS = {
    "fraud": ("fr", "P3", (), "J'ai payé un canapé à une boutique qui a disparu avec mon argent"),
    "sexual_blackmail": (
        "en",
        "P2",
        (),
        "He wants money or he will send my private pictures to my family",
    ),
    "insult_defamation": (
        "es",
        "P3",
        (),
        "Mi vecina escribe mentiras y burlas sobre mí en el grupo",
    ),
    "violence_threats": (
        "fr",
        "P1",
        ("imminent_danger",),
        "Il dit qu'il vient ce soir avec un couteau chez ma soeur",
    ),
    "incitement": ("ar", "P3", (), "صفحة تدعو الناس إلى كراهية المهاجرين وطردهم من الحي"),
    "illicit_trade": ("ary", "P3", (), "كاين واحد كيبيع القرقوبي فتيليغرام وكيوصلو للدار"),
    "sexual_exploitation": (
        "en",
        "P1",
        ("minor_involved",),
        "A woman rents out a girl of 15 to men in a flat",
    ),
    "child_grooming": (
        "ary-Latn",
        "P2",
        ("child_grooming", "minor_involved"),
        "wa7d rajl kbir kaysift messages l bnti 12 ans w kaygol liha matgolich l mama",
    ),
    "terrorism": (
        "fr",
        "P2",
        ("terrorism_apology",),
        "Mon cousin partage des vidéos de daech et dit du bien des attentats",
    ),
    "system_intrusion": (
        "en",
        "P3",
        (),
        "Someone hacked my email account and changed the password",
    ),
    "other": ("fr", "P4", (), "Bonjour, quels sont vos horaires d'ouverture le samedi"),
}
DETAILS = (
    "hier",
    "depuis lundi",
    "يوم الأحد",
    "last week",
    "hadi simana",
    "ayer",
    "ce matin",
    "اليوم",
)


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


@pytest.fixture(scope="session")
def records() -> list[LabelledReport]:
    return [
        LabelledReport(
            id=f"{category}-{number}",
            text=f"{text}, {detail}",
            category=category,
            language=language,
            priority=priority,
            flags=flags + (("self_harm_risk",) if category == "fraud" and number == 0 else ()),
            source="test",
            scenario=f"{category}-{number // 2}",
        )
        for category, (language, priority, flags, text) in TELLINGS.items()
        for number, detail in enumerate(DETAILS)
    ]


@pytest.fixture(scope="session")
def parts(taxonomy: Taxonomy, records: list[LabelledReport]) -> Parts:
    features = LexicalFeatures(min_df=1, max_terms=20_000)
    matrix = features.fit_transform([r.text for r in records])
    heads = fit_heads(matrix, records, taxonomy, HeadConfig(inverse_penalty=100.0))
    return Parts(
        recipe="lexical",
        taxonomy=taxonomy,
        pipeline=Pipeline(features),
        heads=heads,
        thresholds=choose_thresholds(Pipeline(features), heads, records, taxonomy),
        provenance={"label_shares": label_shares(records, taxonomy), "languages": ["fr"]},
        splits={"train": [r.id for r in records], "calibration": [], "test": []},
    )


@pytest.fixture(scope="session")
def encoder_parts(parts: Parts, taxonomy: Taxonomy, records: list[LabelledReport]) -> Parts:
    """As ``parts``, with a tiny encoder beside the words."""
    pipeline = Pipeline(parts.pipeline.lexical, Encoder(tiny.graph(), tiny.tokenizer()))
    matrix = pipeline.transform([r.text for r in records]).matrix
    heads = fit_heads(matrix, records, taxonomy, HeadConfig(inverse_penalty=100.0))
    thresholds = choose_thresholds(pipeline, heads, records, taxonomy)
    return replace(parts, recipe="frozen", pipeline=pipeline, heads=heads, thresholds=thresholds)


@pytest.fixture(scope="session")
def encoder_bundle(encoder_parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("bundles") / "tiny-encoder"
    save_bundle(encoder_parts, directory)
    return directory


@pytest.fixture(scope="session")
def bundle(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle on disk; tests that alter it copy it first."""
    directory = tmp_path_factory.mktemp("bundles") / "tiny"
    save_bundle(parts, directory)
    return directory


@pytest.fixture(scope="session")
def scorer(bundle: Path) -> Scorer:
    return load_scorer(bundle)


@pytest.fixture
def client(bundle: Path, tmp_path: Path) -> Iterator[TestClient]:
    """A service in development mode with a store of its own."""
    from serving.app import create_app
    from serving.settings import Settings

    settings = Settings(model=bundle, database_url=f"sqlite:///{tmp_path}/farz.db")
    with TestClient(create_app(settings), raise_server_exceptions=False) as opened:
        yield opened

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import FieldError
from training.config import load_config


def test_the_shipped_recipe_is_complete():
    config = load_config()
    assert config.recipe == "lexical"
    assert 0 < config.split.calibration < 1


def test_what_a_file_leaves_out_has_a_default(tmp_path: Path):
    path = tmp_path / "mine.toml"
    path.write_text("seed = 4\n[features]\nword_ngrams = 3\n")
    config = load_config(path)
    assert (config.seed, config.features.word_ngrams, config.features.min_df) == (4, 3, 2)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("recipe = 'magic'", "recipe: 'magic' is not known; use one of lexical"),
        ("sead = 4", "configuration.sead: is not known"),
        ("[features]\nwordngrams = 4", "features.wordngrams"),
        ("[features]\nword_ngrams = 40", "features.word_ngrams: 40 is out of range; use 0 to 5"),
        ("[features]\nword_ngrams=0\ncharacter_ngrams=0\nskeleton_ngrams=0", "all blocks"),
        ("[split]\ncalibration = 0.6\ntest = 0.5", "leave nothing"),
        ("[heads]\ninverse_penalty = 0", "heads.inverse_penalty"),
        ("seed = 'x'", "seed: 'x' is no whole number"),
        ("seed = -1", "seed: -1"),
        ("[heads]\ninverse_penalty = 'a'", "heads.inverse_penalty: 'a' is no number"),
        ("[heads]\nbalanced = 'no'", "heads.balanced: 'no' is neither"),
        ("[heads]\ndressed = 1", "heads.dressed: 1 is neither"),
        ("[split]\ncalibration = 'a'", "split.calibration: 'a' is no number"),
        ("features = 3", "features: 3 is no section"),
        ("seed = ", "is not TOML"),
    ],
)
def test_a_mistake_is_named_with_a_good_value(tmp_path: Path, content: str, named: str):
    path = tmp_path / "mine.toml"
    path.write_text(content)
    with pytest.raises(FieldError, match=named):
        load_config(path)

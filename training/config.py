"""The configuration of one training run, from one TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from data.errors import FieldError, shown
from training.encoder.config import EncoderConfig, FinetuneConfig, check_number

RECIPES = ("lexical", "frozen", "finetuned")
"""Words alone; an encoder as it comes beside words; an encoder fine-tuned on the labels."""


@dataclass(frozen=True)
class SplitConfig:
    """Shares of the data set.

    :param calibration: For calibration and thresholds.
    :param test: Kept out of training altogether.
    """

    calibration: float = 0.15
    test: float = 0.10

    def __post_init__(self) -> None:
        for name in ("calibration", "test"):
            check_number(f"split.{name}", getattr(self, name), 0, 1)
        if not (0 < self.calibration < 1 and 0 <= self.test < 1 - self.calibration):
            raise FieldError(
                "split",
                f"calibration {self.calibration} and test {self.test} leave nothing to train on",
                "use for example calibration = 0.15 and test = 0.10",
            )


@dataclass(frozen=True)
class FeatureConfig:
    """Lexical features; see ``model.features.LexicalFeatures``."""

    word_ngrams: int = 2
    character_ngrams: int = 5
    skeleton_ngrams: int = 0
    min_df: int = 2
    max_terms: int = 60_000

    def __post_init__(self) -> None:
        for name, low, high in (
            ("word_ngrams", 0, 5),
            ("character_ngrams", 0, 8),
            ("skeleton_ngrams", 0, 5),
            ("min_df", 1, 100),
            ("max_terms", 100, 1_000_000),
        ):
            value = getattr(self, name)
            if not isinstance(value, int) or not low <= value <= high:
                raise FieldError(
                    f"features.{name}", f"{shown(value)} is out of range", f"use {low} to {high}"
                )
        if not (self.word_ngrams or self.character_ngrams or self.skeleton_ngrams):
            raise FieldError("features", "all blocks are left out", "set word_ngrams = 2")


@dataclass(frozen=True)
class HeadConfig:
    """Linear heads.

    :param inverse_penalty: Inverse strength of the ridge penalty (scikit-learn's ``C``).
    :param balanced: Whether rare labels weigh as much as common ones.
    :param dressed: Whether a copy of each text with other greetings, thanks, places and apps
        (``training.dressing``) is learnt from too.
    """

    inverse_penalty: float = 3.0
    balanced: bool = True
    dressed: bool = False

    def __post_init__(self) -> None:
        check_number("heads.inverse_penalty", self.inverse_penalty, 1e-6, 1e6)
        for name in ("balanced", "dressed"):
            if not isinstance(getattr(self, name), bool):
                raise FieldError(
                    f"heads.{name}", f"{shown(getattr(self, name))} is neither", "use true"
                )


@dataclass(frozen=True)
class PriorityConfig:
    """How the most urgent priority is given.

    :param review_cost: Share of the less urgent reports that officers accept to read first, so
        that fewer urgent ones wait.
    """

    review_cost: float = 0.1

    def __post_init__(self) -> None:
        check_number("priority.review_cost", self.review_cost, 0, 1)


@dataclass(frozen=True)
class TrainingConfig:
    """One training run.

    :param recipe: One of ``RECIPES``.
    :param seed: Seed of the split and of every random step.
    :param split: Shares of the data set.
    :param features: Lexical features.
    :param heads: Linear heads.
    :param priority: How the most urgent priority is given.
    :param encoder: The embedding's weight in the ``frozen`` recipe.
    :param finetune: Fine-tuning, in the ``finetuned`` recipe.
    """

    recipe: str = "lexical"
    seed: int = 0
    split: SplitConfig = field(default_factory=SplitConfig)
    features: FeatureConfig = field(default_factory=FeatureConfig)
    heads: HeadConfig = field(default_factory=HeadConfig)
    priority: PriorityConfig = field(default_factory=PriorityConfig)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    finetune: FinetuneConfig = field(default_factory=FinetuneConfig)

    def __post_init__(self) -> None:
        if type(self.seed) is not int or self.seed < 0:
            raise FieldError("seed", f"{shown(self.seed)} is no whole number from 0", "use 7")
        if self.recipe not in RECIPES:
            raise FieldError(
                "recipe", f"{shown(self.recipe)} is not known", f"use one of {', '.join(RECIPES)}"
            )


_SECTIONS = {
    "split": SplitConfig,
    "features": FeatureConfig,
    "heads": HeadConfig,
    "priority": PriorityConfig,
    "encoder": EncoderConfig,
    "finetune": FinetuneConfig,
}

C = TypeVar("C")


def load_config(path: Path | None = None) -> TrainingConfig:
    """Read a training configuration.

    :param path: A TOML file; None reads the shipped ``lexical`` recipe.
    :return: The checked configuration.
    :raises FieldError: If a key is unknown or a value is out of range.
    """
    source = files("training").joinpath("recipes/lexical.toml") if path is None else path
    try:
        raw = tomllib.loads(source.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise FieldError(
            str(path), f"is not TOML ({error})", "see training/recipes/lexical.toml for the form"
        ) from error
    values = {
        name: _build(_SECTIONS[name], value, name) if name in _SECTIONS else value
        for name, value in raw.items()
    }
    return _build(TrainingConfig, values, "configuration")


def _build(kind: type[C], values: object, where: str) -> C:
    known = [f.name for f in fields(kind)]  # type: ignore[arg-type]
    if not isinstance(values, Mapping):
        raise FieldError(where, f"{shown(values)} is no section", f"write [{where}]")
    for name in values:
        if name not in known:
            raise FieldError(f"{where}.{name}", "is not known", f"known are {', '.join(known)}")
    return kind(**values)

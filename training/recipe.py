"""Fit features and heads by a recipe: words alone, an encoder as it comes, or one fine-tuned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from scipy.sparse import csr_array

from data.errors import FieldError
from data.language import load_identifier
from data.records import LabelledReport
from data.taxonomy import Taxonomy
from model.features import LexicalFeatures
from model.heads import Heads
from model.pipeline import Pipeline, joined
from model.views import embed_views
from training.config import TrainingConfig
from training.dressing import dressed_copies
from training.embedding import Scale
from training.encoder.folder import EncoderFolder, load_folder, side_digest
from training.fit import fit_heads, truth_of
from training.mixture import mix

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Fitted:
    """What a recipe gives.

    :param pipeline: Fitted features.
    :param heads: Heads over them.
    :param about: How the encoder was made and joined; None without one.
    :param dev: Ids of training records that decided when to stop and how to join.
    """

    pipeline: Pipeline
    heads: Heads
    about: dict[str, Any] | None = None
    dev: frozenset[str] = frozenset()


def fit(
    training: Sequence[LabelledReport],
    taxonomy: Taxonomy,
    config: TrainingConfig,
    encoder: Path | None = None,
    progress: Progress = lambda _: None,
    *,
    reference: bool = False,
) -> Fitted:
    """Fit features and heads by the configuration's recipe.

    :param training: Records to fit on.
    :param taxonomy: The label sets.
    :param config: The run's configuration.
    :param encoder: Encoder folder, for the recipes that have one.
    :param progress: Called with the name of each step as it begins.
    :param reference: Use the encoder's float32 graph instead of the small one.
    :return: Features and heads.
    :raises FieldError: If the encoder folder is not of the recipe's kind.
    """
    progress("features")
    lexical = LexicalFeatures(**asdict(config.features))
    if encoder is None:
        learnt = _learnt_from(training, config)
        matrix = lexical.fit_transform([r.text for r in learnt])
        return Fitted(Pipeline(lexical), _heads(matrix, learnt, taxonomy, config, progress))
    folder = load_folder(encoder, reference=reference)
    if config.recipe == "frozen":
        return _frozen(folder, lexical, training, taxonomy, config, progress)
    return _finetuned(folder, lexical, training, taxonomy, config, progress)


def check_encoder(config: TrainingConfig, encoder: Path | None) -> None:
    """Refuse an encoder that the recipe does not use, or its absence where it does.

    :raises FieldError: Then.
    """
    if (config.recipe == "lexical") != (encoder is None):
        raise FieldError(
            "encoder",
            f"is {'given' if encoder else 'missing'}, and the recipe is {config.recipe}",
            "leave --encoder out" if encoder else "give --encoder and a folder of `farz encoder`",
        )


def _frozen(
    folder: EncoderFolder,
    lexical: LexicalFeatures,
    training: Sequence[LabelledReport],
    taxonomy: Taxonomy,
    config: TrainingConfig,
    progress: Progress,
) -> Fitted:
    """Fit heads on the embedding as it comes, beside the words."""
    if folder.heads is not None:
        raise FieldError(
            "encoder",
            "was fine-tuned: it knows training texts by heart, and heads refitted on them would "
            "trust it too much",
            "use recipe finetuned, or a folder of `farz encoder prepare`",
        )
    learnt = _learnt_from(training, config)
    texts = [r.text for r in learnt]
    words = lexical.fit_transform(texts)
    progress("embeddings")
    embedding = embed_views(folder.encoder.embed, texts, codes_of(learnt))
    scale = Scale.of(embedding, config.encoder.scale)
    heads = _heads(joined(scale.apply(embedding), words), learnt, taxonomy, config, progress)
    folded = Heads([head.rounded() for head in scale.fold(heads).heads])
    return Fitted(Pipeline(lexical, folder.encoder), folded, folder.about)


def _finetuned(
    folder: EncoderFolder,
    lexical: LexicalFeatures,
    training: Sequence[LabelledReport],
    taxonomy: Taxonomy,
    config: TrainingConfig,
    progress: Progress,
) -> Fitted:
    """Join the fine-tuned encoder's own heads with heads of words, on the dev records."""
    if folder.heads is None:
        raise FieldError(
            "encoder", "was not fine-tuned", "run `farz encoder finetune`, or use recipe frozen"
        )
    held = set(folder.about["dev"])
    dev = [r for r in training if r.id in held]
    rest = [r for r in training if r.id not in held]
    if side_digest(training) != folder.about["training_side"]:
        raise FieldError(
            "encoder",
            "was fine-tuned on another split: what it learnt from could calibrate or test it now",
            "use the data, seed and split that it was fine-tuned with",
        )
    learnt = _learnt_from(rest, config)
    words = lexical.fit_transform([r.text for r in learnt])
    heads = _heads(words, learnt, taxonomy, config, progress)
    progress("mixture")
    texts = [r.text for r in dev]
    mixed, shares = mix(
        folder.heads,
        heads,
        embed_views(folder.encoder.embed, texts, codes_of(dev)),
        lexical.transform(texts),
        truth_of(dev, taxonomy),
    )
    about = {name: value for name, value in folder.about.items() if name not in ("dev", "heads")}
    return Fitted(
        Pipeline(lexical, folder.encoder),
        mixed,
        about | {"encoder_and_words": shares},
        frozenset(held),
    )


def _learnt_from(records: Sequence[LabelledReport], config: TrainingConfig) -> list[LabelledReport]:
    """Give the records, and where the configuration says so a copy of each in another dress."""
    if not config.heads.dressed:
        return [*records]
    copies = zip(records, dressed_copies(records, config.seed), strict=True)
    return [*records, *(replace(record, text=text) for record, text in copies)]


def codes_of(records: Sequence[LabelledReport]) -> list[str]:
    """Give the language of each record as the service would see it, not as it is labelled."""
    return [language.code for language in load_identifier().identify([r.text for r in records])]


def _heads(
    matrix: csr_array,
    records: Sequence[LabelledReport],
    taxonomy: Taxonomy,
    config: TrainingConfig,
    progress: Progress,
) -> Heads:
    return fit_heads(
        matrix, records, taxonomy, config.heads, lambda name: progress(f"fitted {name}")
    )

"""One training run: labelled files and a configuration in, a bundle out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from data.errors import FieldError
from data.labelled import expand, read_labelled
from data.provenance import provenance
from data.records import LabelledReport
from data.splits import split
from data.taxonomy import Taxonomy
from model.bundle import Manifest, Parts, check_replaceable, save_bundle
from model.decision import Thresholds
from model.features import LexicalFeatures
from model.guarantees import flag_threshold, set_threshold
from model.heads import Heads
from model.pipeline import Pipeline, joined
from training.config import TrainingConfig
from training.embedding import Scale
from training.encoder.folder import EncoderFolder, load_folder
from training.fit import fit_heads, truth_of
from training.mixture import mix

Progress = Callable[[str], None]


def train(
    paths: Sequence[Path],
    taxonomy: Taxonomy,
    config: TrainingConfig,
    directory: Path,
    *,
    encoder: Path | None = None,
    progress: Progress = lambda _: None,
) -> Manifest:
    """Read, split, fit, choose thresholds, and write the bundle.

    Records in languages that Farz does not read (``und``) teach the heads nothing: they are
    left out here, and serve language identification alone.

    :param paths: Labelled files or folders.
    :param taxonomy: The label sets.
    :param config: The run's configuration.
    :param directory: Where the bundle goes.
    :param encoder: Folder that ``farz encoder`` wrote; for the recipes that have one.
    :param progress: Called with the name of each step as it begins.
    :return: The manifest written.
    :raises FieldError: If the data break the form.
    :raises BundleError: If the folder holds something that is no bundle.
    """
    check_replaceable(directory.resolve())
    _check_encoder(config, encoder)
    started = time.perf_counter()
    progress("read")
    records = [r for r in read_labelled(paths, taxonomy) if r.language != "und"]
    progress("split")
    sides = split(
        records, calibration=config.split.calibration, test=config.split.test, seed=config.seed
    )
    training = [records[i] for i in sides.train]
    calibration = [records[i] for i in sides.calibration]
    if not training or not calibration:
        raise FieldError(
            "data",
            f"{len(records)} records leave {len(training)} to train on and {len(calibration)} "
            "to calibrate with",
            "give at least some dozens, of many scenarios",
        )
    fitted = fit(training, taxonomy, config, encoder, progress)
    progress("thresholds")
    thresholds = choose_thresholds(fitted.pipeline, fitted.heads, calibration, taxonomy)
    made = provenance(expand(paths), Path(__file__).parent)
    made |= {
        "configuration": asdict(config),
        "records": {side: len(getattr(sides, side)) for side in ("train", "calibration", "test")},
        "encoder": fitted.about,
        "languages": sorted({r.language for r in records if r.language}),
        "label_shares": label_shares(training, taxonomy),
        "training_seconds": round(time.perf_counter() - started, 2),
    }
    progress("write")
    ids = {
        side: [records[i].id for i in getattr(sides, side)]
        for side in ("train", "calibration", "test")
    }
    return save_bundle(
        Parts(config.recipe, taxonomy, fitted.pipeline, fitted.heads, thresholds, made, ids),
        directory,
    )


@dataclass(frozen=True)
class Fitted:
    """What a recipe gives.

    :param pipeline: Fitted features.
    :param heads: Heads over them.
    :param about: How the encoder was made and joined; None without one.
    """

    pipeline: Pipeline
    heads: Heads
    about: dict[str, Any] | None = None


def fit(
    training: Sequence[LabelledReport],
    taxonomy: Taxonomy,
    config: TrainingConfig,
    encoder: Path | None = None,
    progress: Progress = lambda _: None,
) -> Fitted:
    """Fit features and heads by the configuration's recipe.

    :param training: Records to fit on.
    :param taxonomy: The label sets.
    :param config: The run's configuration.
    :param encoder: Encoder folder, for the recipes that have one.
    :param progress: Called with the name of each step as it begins.
    :return: Features and heads.
    :raises FieldError: If the encoder folder is not of the recipe's kind.
    """
    progress("features")
    lexical = LexicalFeatures(**asdict(config.features))
    if encoder is None:
        matrix = lexical.fit_transform([r.text for r in training])
        return Fitted(Pipeline(lexical), _heads(matrix, training, taxonomy, config, progress))
    folder = load_folder(encoder)
    if config.recipe == "frozen":
        return _frozen(folder, lexical, training, taxonomy, config, progress)
    return _finetuned(folder, lexical, training, taxonomy, config, progress)


def _frozen(
    folder: EncoderFolder,
    lexical: LexicalFeatures,
    training: Sequence[LabelledReport],
    taxonomy: Taxonomy,
    config: TrainingConfig,
    progress: Progress,
) -> Fitted:
    """Fit heads on the embedding as it comes, beside the words."""
    texts = [r.text for r in training]
    words = lexical.fit_transform(texts)
    progress("embeddings")
    embedding = folder.encoder.embed(texts)
    scale = Scale.of(embedding, config.encoder.scale)
    heads = _heads(joined(scale.apply(embedding), words), training, taxonomy, config, progress)
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
    if len(dev) != len(held):
        raise FieldError(
            "encoder",
            f"was fine-tuned on another split: {len(held) - len(dev)} of its {len(held)} dev "
            "records are not on the training side",
            "use the data, seed and split that it was fine-tuned with",
        )
    words = lexical.fit_transform([r.text for r in rest])
    heads = _heads(words, rest, taxonomy, config, progress)
    progress("mixture")
    texts = [r.text for r in dev]
    mixed, shares = mix(
        folder.heads,
        heads,
        folder.encoder.embed(texts),
        lexical.transform(texts),
        truth_of(dev, taxonomy),
    )
    return Fitted(
        Pipeline(lexical, folder.encoder), mixed, folder.about | {"encoder_and_words": shares}
    )


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


def _check_encoder(config: TrainingConfig, encoder: Path | None) -> None:
    if (config.recipe == "lexical") != (encoder is None):
        raise FieldError(
            "encoder",
            f"is {'given' if encoder else 'missing'}, and the recipe is {config.recipe}",
            "leave --encoder out" if encoder else "give --encoder and a folder of `farz encoder`",
        )


def choose_thresholds(
    pipeline: Pipeline,
    heads: Heads,
    records: Sequence[LabelledReport],
    taxonomy: Taxonomy,
) -> Thresholds:
    """Choose all thresholds on calibration records.

    :param pipeline: Fitted features.
    :param heads: Fitted heads.
    :param records: Records used for nothing else.
    :param taxonomy: Labels and each flag's target.
    :return: The thresholds with their guarantees.
    """
    probabilities = heads.probabilities(pipeline.transform([r.text for r in records]).matrix)
    codes = taxonomy.category_codes
    truth = np.array([codes.index(r.category) for r in records])
    flags = {}
    for head in heads.heads:
        if head.name.startswith("flag:"):
            code = head.labels[0]
            known = np.array([r.flags is not None for r in records])
            raised = np.array([code in (r.flags or ()) for r in records])
            flags[code] = flag_threshold(
                probabilities[head.name][known, 0],
                raised[known],
                taxonomy.flag(code).max_miss_rate,
            )
    return Thresholds(set_threshold(probabilities["category"], truth), flags)


def label_shares(records: Sequence[LabelledReport], taxonomy: Taxonomy) -> dict[str, Any]:
    """Give the share of each label among the training records.

    These are what a model without any text would answer, and the baseline in every table.
    """
    total = len(records)
    rated = [r for r in records if r.priority is not None]
    return {
        "category": {
            code: sum(r.category == code for r in records) / total
            for code in taxonomy.category_codes
        },
        "priority": {
            code: sum(r.priority == code for r in rated) / len(rated) if rated else 0.0
            for code in taxonomy.priority_codes
        },
        "flags": {
            code: sum(code in (r.flags or ()) for r in records) / total
            for code in taxonomy.flag_codes
        },
    }

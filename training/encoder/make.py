"""Make encoder folders: one as the encoder comes, one fine-tuned on labelled reports."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn

from data.errors import FieldError
from data.labelled import expand, read_labelled
from data.provenance import provenance
from data.records import LabelledReport
from data.splits import split
from data.taxonomy import Taxonomy
from model.encoder import Encoder
from training.config import TrainingConfig
from training.encoder.export import export, fuse
from training.encoder.finetune import STATE, Finetuning
from training.encoder.folder import (
    ABOUT,
    GRAPH,
    REFERENCE,
    TOKENIZER,
    fresh_folder,
    save_heads,
    side_digest,
)
from training.encoder.network import load_encoder
from training.encoder.quantise import quantise
from training.encoder.trim import pieces_to_keep, trim

TRIMMED = "checkpoint"
"""Sub-folder of a prepared encoder that fine-tuning starts from."""

Progress = Callable[[str], None]
Steps = Callable[[int, int, str], None]

_PACKAGES = ("torch", "transformers", "onnx")


def prepare(
    checkpoint: Path,
    paths: Sequence[Path],
    taxonomy: Taxonomy,
    directory: Path,
    *,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """Trim a fetched encoder to our languages and make it small and fast.

    :param checkpoint: Folder that ``training.encoder.sources.fetch`` wrote.
    :param paths: Labelled files or folders, whose pieces are kept whatever their frequency; some
        hundreds of their texts are what the small graph is compared on.
    :param taxonomy: Their label sets.
    :param directory: New encoder folder.
    :param progress: Called with the name of each step as it begins.
    :return: What ``about.json`` says of it.
    :raises FieldError: If the folder exists.
    """
    with fresh_folder(directory) as fresh:
        progress("vocabulary")
        texts = [r.text for r in read_labelled(paths, taxonomy) if r.language != "und"]
        tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
        keep = pieces_to_keep(tokenizer, texts)
        pieces = trim(checkpoint, fresh / TRIMMED, keep)
        source = json.loads((checkpoint / "source.json").read_text(encoding="utf-8"))
        about = {"encoder": source, "pieces": pieces} | _made(paths)
        progress("export")
        network = load_encoder(fresh / TRIMMED, eager=True)
        about |= write_graphs(network, fresh / TRIMMED / "tokenizer.json", fresh, texts)
        _write(fresh, about)
    return about


def finetune(
    prepared: Path,
    paths: Sequence[Path],
    taxonomy: Taxonomy,
    config: TrainingConfig,
    directory: Path,
    *,
    progress: Steps = lambda *_: None,
) -> dict[str, Any]:
    """Fine-tune a prepared encoder on the training side of labelled data.

    An interrupted run leaves its state beside the target and goes on from its last whole epoch.

    :param prepared: Folder that ``prepare`` wrote.
    :param paths: Labelled files or folders.
    :param taxonomy: The label sets.
    :param config: The run's configuration; its seed and split must be those of ``farz train``.
    :param directory: New encoder folder.
    :param progress: Called after each step.
    :return: What ``about.json`` says of it.
    :raises FieldError: If the folder exists, or the data break the form.
    """
    records = [r for r in read_labelled(paths, taxonomy) if r.language != "und"]
    sides = split(
        records, calibration=config.split.calibration, test=config.split.test, seed=config.seed
    )
    side = [records[i] for i in sides.train]
    training, dev = hold_out(side, config.finetune.dev, config.seed)
    if not dev:
        raise FieldError(
            "finetune.dev",
            f"{config.finetune.dev} of {len(side)} training records sets none apart",
            "use a larger share, or give records of more scenarios",
        )
    checkpoint = prepared / TRIMMED
    state = directory.with_name(f".{directory.name}.{STATE}")
    with fresh_folder(directory) as fresh:
        started = time.perf_counter()
        run = Finetuning(checkpoint, training, dev, taxonomy, config.finetune, config.seed)
        before = time.perf_counter() - started
        network = run.run(state, progress)
        about = json.loads((prepared / ABOUT).read_text(encoding="utf-8"))
        seconds = before + sum(row["seconds"] for row in run.history)
        about |= _made(paths) | {
            "finetune": asdict(config.finetune),
            "seed": config.seed,
            "records": {"train": len(training), "dev": len(dev)},
            "dev": [r.id for r in dev],
            "training_side": side_digest(side),
            "history": run.history,
            "way_back": {str(share): score for share, score in run.way_back.items()},
            "minutes": round(seconds / 60, 1),
        }
        texts = [r.text for r in dev]
        about |= write_graphs(network.encoder.cpu(), checkpoint / "tokenizer.json", fresh, texts)
        about["heads"] = save_heads(fresh, run.heads())
        _write(fresh, about)
    state.unlink(missing_ok=True)
    return about


def hold_out(
    records: Sequence[LabelledReport], share: float, seed: int
) -> tuple[list[LabelledReport], list[LabelledReport]]:
    """Set some situations of the training side apart.

    :param records: The training side.
    :param share: Share to set apart.
    :param seed: Seed of the choice.
    :return: What is left, and what was set apart.
    """
    sides = split(records, calibration=share, test=0.0, seed=seed + 1)
    return [records[i] for i in sides.train], [records[i] for i in sides.calibration]


def write_graphs(
    encoder: nn.Module, tokenizer: Path, directory: Path, texts: Sequence[str]
) -> dict[str, Any]:
    """Write the float32 and the small graph of an encoder, and say how near they are.

    :param encoder: A torch encoder with plain attention.
    :param tokenizer: Its tokenizer file.
    :param directory: Where they go.
    :param texts: Some hundreds of texts to compare on.
    :return: Sizes and cosines.
    """
    shape = encoder.config
    whole = fuse(export(encoder), shape.num_attention_heads, shape.hidden_size)
    onnx.save(whole, directory / REFERENCE)
    onnx.save(quantise(onnx.load(directory / REFERENCE)), directory / GRAPH)
    shutil.copyfile(tokenizer, directory / TOKENIZER)
    some = list(texts[:: max(1, len(texts) // 300)])[:300]
    pieces = tokenizer.read_bytes()
    exact = Encoder((directory / REFERENCE).read_bytes(), pieces).embed(some)
    small = Encoder((directory / GRAPH).read_bytes(), pieces).embed(some)
    near = cosines(exact, small)
    return {
        "bytes": {name: (directory / name).stat().st_size for name in (GRAPH, REFERENCE)},
        "cosine_to_float32": {
            "least": round(float(near.min()), 5),
            "mean": round(float(near.mean()), 5),
            "texts": len(some),
        },
    }


def cosines(one: NDArray[np.float32], two: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give the cosine between rows, both centred on the first's mean.

    Embeddings of one encoder all point about the same way: uncentred cosines hide differences.
    """
    centre = one.mean(axis=0)
    a, b = (one - centre).astype(np.float64), (two - centre).astype(np.float64)
    return (a * b).sum(1) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), 1e-12)


def _write(directory: Path, about: dict[str, Any]) -> None:
    (directory / ABOUT).write_text(
        json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )


def _made(paths: Sequence[Path]) -> dict[str, Any]:
    made = provenance(expand(paths), Path(__file__).parent)
    made["packages"] |= {name: version(name) for name in _PACKAGES}
    return made

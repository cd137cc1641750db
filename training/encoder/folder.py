"""An encoder on disk, between its making and the fitting of heads: a folder of plain files."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from data.errors import FieldError
from data.records import LabelledReport
from model.encoder import Encoder
from model.heads import Head, Heads

GRAPH, TOKENIZER, HEADS, ABOUT = "encoder.onnx", "tokenizer.json", "heads.safetensors", "about.json"
REFERENCE = "reference.onnx"
"""The float32 graph, kept beside the small one for those who want it."""


@dataclass(frozen=True)
class EncoderFolder:
    """What an encoder folder holds.

    :param encoder: The encoder, ready to embed.
    :param heads: The heads that it was fine-tuned with, over its embedding; None if it was not.
    :param about: How it was made: source, steps, figures; of a fine-tuned one also ``dev``, the
        records that it was not trained on, and ``training_side``, the digest of both.
    """

    encoder: Encoder
    heads: Heads | None
    about: dict[str, Any]


@contextmanager
def fresh_folder(directory: Path) -> Iterator[Path]:
    """Give a folder to fill, which appears under its name only once it is whole.

    :param directory: The name; it must not exist.
    :return: A context that gives the folder to fill.
    :raises FieldError: If the name exists.
    """
    if directory.exists():
        raise FieldError("out", f"{directory} exists", "name a new folder, or remove that one")
    directory.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{directory.name}."
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=prefix) as scratch:
        folder = Path(scratch) / "folder"
        folder.mkdir()
        yield folder
        folder.rename(directory)


def side_digest(records: Iterable[LabelledReport]) -> str:
    """Hash the ids of a side, so that a later run can tell whether it split alike."""
    told = "\n".join(sorted(record.id for record in records))
    return hashlib.sha256(told.encode()).hexdigest()


def load_folder(folder: Path, *, reference: bool = False) -> EncoderFolder:
    """Read an encoder folder.

    :param folder: The folder.
    :param reference: Read the float32 graph instead of the small one.
    :raises FieldError: If a file is missing.
    """
    graph = REFERENCE if reference else GRAPH
    for name in (graph, TOKENIZER, ABOUT):
        if not (folder / name).is_file():
            raise FieldError(
                "encoder", f"{folder} holds no {name}", "name a folder that `farz encoder` wrote"
            )
    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    encoder = Encoder((folder / graph).read_bytes(), (folder / TOKENIZER).read_bytes())
    return EncoderFolder(encoder, _heads(folder, about), about)


def save_heads(folder: Path, heads: Heads) -> list[dict[str, Any]]:
    """Write the heads of a fine-tuned encoder.

    :return: Their names and labels, to be kept in ``about.json`` under ``heads``.
    """
    save_file(
        {
            key: np.ascontiguousarray(values)
            for head in heads.heads
            for key, values in (
                (f"{head.name}.weights", head.weights),
                (f"{head.name}.intercepts", head.intercepts),
            )
        },
        folder / HEADS,
    )
    return [{"name": head.name, "labels": head.labels} for head in heads.heads]


def _heads(folder: Path, about: dict[str, Any]) -> Heads | None:
    if "heads" not in about:
        return None
    tensors = load_file(folder / HEADS)
    return Heads(
        [
            Head(
                raw["name"],
                tuple(raw["labels"]),
                tensors[f"{raw['name']}.weights"],
                tensors[f"{raw['name']}.intercepts"],
            )
            for raw in about["heads"]
        ]
    )

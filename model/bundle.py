"""A model on disk: plain data files, a manifest with their hashes, nothing that runs code."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from data.language import load_identifier
from data.taxonomy import Taxonomy, dump_taxonomy, parse_taxonomy
from model.encoder import Encoder
from model.features import LexicalFeatures, LexicalState
from model.heads import Head, Heads
from model.novelty import Novelty
from model.pipeline import Pipeline
from model.policy import load_policy
from model.scorer import Scorer
from model.shares import TRAINED, correction, wanted_shares
from model.thresholds import Thresholds, dump_thresholds, parse_thresholds

FORMAT = 4
"""Format number. Raise it when a reader of the old number could not read the new files, keep
the old loader under its number, and add a test with a bundle of the old format."""

READABLE = (1, 2, 3, FORMAT)
"""Formats that are read. A bundle of format 1 has no encoder; in one of format 2 the encoder reads
Arabizi as it was typed alone; up to 3 a flag has one threshold for all languages."""

MANIFEST = "manifest.json"
FILES = (
    "features.json",
    "features.safetensors",
    "heads.json",
    "heads.safetensors",
    "provenance.json",
    "splits.json",
    "taxonomy.json",
    "thresholds.json",
)
"""Files that every bundle has beside its manifest."""

ENCODER_FILES = ("encoder.onnx", "tokenizer.json")
"""Files of a bundle with an encoder: both or neither."""

NOVELTY = "novelty.safetensors"
"""File of a bundle that finds texts unlike its training data."""


class BundleError(Exception):
    """A bundle is missing, altered, incomplete or of an unknown format; the message says what."""


@dataclass(frozen=True)
class Parts:
    """What a bundle is made of, before it is written or after it is read.

    :param recipe: Name of the recipe that made it.
    :param taxonomy: Its labels.
    :param pipeline: Fitted features, with the encoder where there is one.
    :param heads: Fitted heads.
    :param thresholds: Chosen thresholds.
    :param provenance: How it was made: data hashes, seed, commit, versions, figures.
    :param splits: Record ids by side.
    """

    recipe: str
    taxonomy: Taxonomy
    pipeline: Pipeline
    heads: Heads
    thresholds: Thresholds
    provenance: dict[str, Any]
    splits: dict[str, list[str]]


@dataclass(frozen=True)
class Manifest:
    """A bundle's table of contents.

    :param format: Format number.
    :param recipe: Name of the recipe.
    :param version: Recipe, day and the first digits of the digest.
    :param created: UTC time of writing, ISO 8601.
    :param files: SHA-256 by file name.
    """

    format: int
    recipe: str
    version: str
    created: str
    files: dict[str, str]

    @property
    def digest(self) -> str:
        """SHA-256 over names and hashes of all files, as ``sha256:…``."""
        return digest_of(self.files)


def digest_of(files: dict[str, str]) -> str:
    """Hash the sorted names and hashes of files."""
    listing = "".join(f"{files[name]}  {name}\n" for name in sorted(files))
    return f"sha256:{hashlib.sha256(listing.encode()).hexdigest()}"


def save_bundle(parts: Parts, directory: Path) -> Manifest:
    """Write a bundle, whole or not at all.

    :param parts: What to write.
    :param directory: Where; an existing bundle there is replaced, anything else is not.
    :return: The manifest written.
    :raises BundleError: If the directory holds something that is no bundle, or the parts were
        loaded from a bundle with an encoder.
    """
    directory = directory.resolve()
    check_replaceable(directory)
    contents = _serialise(parts)
    files = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    now = datetime.now(UTC)
    short = digest_of(files).removeprefix("sha256:")[:8]
    manifest = Manifest(
        FORMAT, parts.recipe, f"{parts.recipe}-{now:%Y%m%d}-{short}", now.isoformat(), files
    )
    directory.parent.mkdir(parents=True, exist_ok=True)
    fresh = directory.with_name(f".{directory.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for name, data in contents.items():
        (fresh / name).write_bytes(data)
    (fresh / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n", encoding="utf-8")
    old = directory.with_name(f".{directory.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if directory.exists():
        directory.rename(old)
    fresh.rename(directory)
    shutil.rmtree(old, ignore_errors=True)
    return manifest


def check_replaceable(directory: Path) -> None:
    """Refuse a folder that a bundle must not replace.

    :param directory: Where a bundle shall go.
    :raises BundleError: If it holds anything that no bundle holds, or is a file.
    """
    if directory.is_file():
        raise BundleError(f"{directory} is a file; name an empty or new folder")
    if directory.is_dir():
        there = {path.name for path in directory.iterdir()}
        strange = sorted(there - {*FILES, *ENCODER_FILES, NOVELTY, MANIFEST})
        if strange or (there and MANIFEST not in there):
            what = strange[0] if strange else "no manifest"
            raise BundleError(
                f"{directory} holds files that are no bundle ({what}); name an empty or new folder"
            )


def verify_bundle(directory: Path) -> tuple[Manifest, dict[str, bytes]]:
    """Read a bundle's files and check each against the manifest.

    :param directory: The bundle.
    :return: The manifest, and the contents that were hashed (so that nothing is read twice).
    :raises BundleError: If a file is missing, altered or not listed, or the format is unknown.
    """
    path = directory / MANIFEST
    if not path.is_file():
        raise BundleError(f"{path} is missing; name a folder that `farz train --out DIR` wrote")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        manifest = Manifest(**raw)
    except (ValueError, TypeError) as error:
        raise BundleError(
            f"{path} is not a manifest ({error}); train or copy the bundle anew"
        ) from error
    if manifest.format not in READABLE:
        raise BundleError(
            f"{path} has format {manifest.format!r}, this version of Farz reads "
            f"{', '.join(map(str, READABLE))}; "
            "train the bundle anew or install the version of Farz that wrote it"
        )
    contents: dict[str, bytes] = {}
    further: tuple[str, ...] = ENCODER_FILES if {*ENCODER_FILES} & {*manifest.files} else ()
    further += (NOVELTY,) if NOVELTY in manifest.files else ()
    for name in sorted({*FILES, *further, *manifest.files}):
        if name not in manifest.files:
            raise BundleError(f"{path} does not list {name}; train or copy the bundle anew")
        if name not in (*FILES, *further):
            raise BundleError(f"{path} lists {name!r}, which is no file of format {FORMAT}")
        file = directory / name
        if not file.is_file():
            raise BundleError(f"{file} is missing; copy the bundle anew")
        contents[name] = file.read_bytes()
        if hashlib.sha256(contents[name]).hexdigest() != manifest.files[name]:
            raise BundleError(f"{file} was altered: its hash is not the manifest's; copy it anew")
    return manifest, contents


def load_bundle(directory: Path) -> tuple[Manifest, Parts]:
    """Verify a bundle and build its parts.

    :param directory: The bundle.
    :return: The manifest and the parts.
    :raises BundleError: As ``verify_bundle``.
    """
    manifest, contents = verify_bundle(directory)
    try:
        parts = _parse(manifest, contents)
    except Exception as error:
        # Whatever a library says of a part that it cannot read: the files are as they were
        # written, so another version of Farz or of the library wrote them.
        raise BundleError(
            f"{directory} cannot be read ({type(error).__name__}: {error}); "
            "train the bundle anew or install the versions in its provenance.json"
        ) from error
    if parts.heads.width != parts.pipeline.width:
        raise BundleError(
            f"{directory}: the heads read {parts.heads.width} features, the pipeline gives "
            f"{parts.pipeline.width}; train the bundle anew"
        )
    return manifest, parts


def load_scorer(directory: Path, class_shares: str = TRAINED) -> Scorer:
    """Verify a bundle and make it ready to score.

    :param directory: The bundle.
    :param class_shares: As ``model.shares.wanted_shares`` takes it.
    :return: A scorer.
    :raises BundleError: As ``verify_bundle``.
    :raises FieldError: If the class shares cannot be had.
    """
    return scorer_of(*load_bundle(directory), class_shares)


def scorer_of(manifest: Manifest, parts: Parts, class_shares: str = TRAINED) -> Scorer:
    """Make a loaded bundle ready to score; as ``load_scorer``."""
    trained = parts.provenance.get("label_shares", {}).get("category", {})
    wanted = wanted_shares(class_shares, parts.taxonomy, trained)
    return Scorer(
        version=manifest.version,
        digest=manifest.digest,
        taxonomy=parts.taxonomy,
        pipeline=parts.pipeline,
        heads=parts.heads,
        thresholds=parts.thresholds,
        languages=load_identifier(),
        policy=load_policy().only(parts.taxonomy),
        factors=None if wanted is None else correction(parts.taxonomy, trained, wanted),
    )


def _serialise(parts: Parts) -> dict[str, bytes]:
    lexical, encoder = parts.pipeline.lexical, parts.pipeline.encoder
    state = lexical.state()
    heads = {}
    for head in parts.heads.heads:
        # Half precision halves the bundle; heads come rounded to it (see Head.rounded).
        # In C order, since safetensors writes the buffer as it lies.
        heads[f"{head.name}.weights"] = np.ascontiguousarray(head.weights, dtype=np.float16)
        heads[f"{head.name}.intercepts"] = head.intercepts.astype(np.float32)
    files = {}
    if encoder is not None:
        if encoder.source is None:
            raise BundleError(
                "the encoder was loaded to serve and holds no files to write; copy the bundle's "
                "folder, or make it anew with `farz train`"
            )
        files = dict(zip(ENCODER_FILES, encoder.source, strict=True))
    novelty = parts.thresholds.novelty
    if novelty is not None:
        arrays = {"centre": novelty.centre, "axes": novelty.axes, "means": novelty.means}
        files[NOVELTY] = save_tensors({n: np.ascontiguousarray(a) for n, a in arrays.items()})
    return files | {
        "features.json": _json({"parameters": lexical.get_params(), "terms": state.terms}),
        "features.safetensors": save_tensors(dict(state.idf)),
        "heads.json": _json([{"name": h.name, "labels": h.labels} for h in parts.heads.heads]),
        "heads.safetensors": save_tensors(heads),
        "provenance.json": _json(parts.provenance),
        "splits.json": _json(parts.splits),
        "taxonomy.json": _json(dump_taxonomy(parts.taxonomy)),
        "thresholds.json": _json(dump_thresholds(parts.thresholds)),
    }


def _parse(manifest: Manifest, contents: dict[str, bytes]) -> Parts:
    lexical = json.loads(contents["features.json"])
    tensors = load_tensors(contents["heads.safetensors"])
    thresholds = json.loads(contents["thresholds.json"])
    features = LexicalFeatures(**lexical["parameters"]).restore(
        LexicalState(lexical["terms"], load_tensors(contents["features.safetensors"]))
    )
    heads = [
        Head(
            raw["name"],
            tuple(raw["labels"]),
            tensors[f"{raw['name']}.weights"].astype(np.float32),
            tensors[f"{raw['name']}.intercepts"],
        )
        for raw in json.loads(contents["heads.json"])
    ]
    encoder = None
    if ENCODER_FILES[0] in contents:
        graph, tokenizer = (contents[name] for name in ENCODER_FILES)
        encoder = Encoder(graph, tokenizer, keep=False)
    return Parts(
        recipe=manifest.recipe,
        taxonomy=parse_taxonomy(json.loads(contents["taxonomy.json"])),
        pipeline=Pipeline(features, encoder, views=manifest.format > 2),
        heads=Heads(heads),
        thresholds=parse_thresholds(thresholds, _novelty(contents, thresholds.get("novelty"))),
        provenance=json.loads(contents["provenance.json"]),
        splits=json.loads(contents["splits.json"]),
    )


def _novelty(contents: dict[str, bytes], chosen: dict[str, float] | None) -> Novelty | None:
    if chosen is None:
        return None
    arrays = load_tensors(contents[NOVELTY])
    return Novelty(arrays["centre"], arrays["axes"], arrays["means"], **chosen)


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()

"""Keep the vocabulary that our languages use: a third of the parameters, the same answers."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from data.normalisation import normalise

EMBEDDING = "embeddings.word_embeddings.weight"

FULL_LISTS = ("en", "fr", "es", "ar")
"""Languages whose whole word list is kept: those that reports are written in."""

SHORT_LISTS = ("it", "nl", "pt", "de")
"""Languages whose words emigrants and tourists mix in: their commonest words are kept."""

SHORT = 50_000

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
_BERBER = frozenset("ɣɛḥṭḍṣẓčǧṛḏṯ")


def pieces_in_use(tokenizer: Tokenizer, texts: Iterable[str]) -> set[str]:
    """Collect every piece that the tokenizer cuts texts into, as written and capitalised."""
    found: set[str] = set()
    batch = list(texts)
    for start in range(0, len(batch), 10_000):
        some = batch[start : start + 10_000]
        for encoding in tokenizer.encode_batch(some + [text.capitalize() for text in some]):
            found.update(encoding.tokens)
    return found


def pieces_to_keep(tokenizer: Tokenizer, texts: Iterable[str]) -> set[str]:
    """Choose the vocabulary.

    Kept are the pieces of the given texts (normalised), of word lists of our languages (the
    ``wordfreq`` library, which knows words by their frequency in large text), every single
    character of the Latin and Arabic scripts, so that no word becomes unknown, and whatever
    holds a letter of written Tamazight.

    :param tokenizer: The full tokenizer.
    :param texts: Original texts, such as the corpus.
    :return: Pieces, special ones included.
    """
    from wordfreq import top_n_list

    keep = {*SPECIAL} | pieces_in_use(tokenizer, ("query: " + normalise(t).text for t in texts))
    for language in FULL_LISTS:
        keep |= pieces_in_use(tokenizer, top_n_list(language, 1_000_000, "best"))
    for language in SHORT_LISTS:
        keep |= pieces_in_use(tokenizer, top_n_list(language, SHORT, "best"))
    for piece in tokenizer.get_vocab():
        letters = piece.strip("▁")
        if (len(letters) <= 1 and _ours(letters)) or _BERBER & set(letters):
            keep.add(piece)
    return keep


def trim(source: Path, target: Path, keep: set[str]) -> int:
    """Write a checkpoint that holds only some pieces.

    :param source: Checkpoint folder: ``config.json``, ``model.safetensors``, ``tokenizer.json``.
    :param target: New checkpoint folder.
    :param keep: Pieces to keep; others are cut into smaller ones from now on.
    :return: Number of pieces kept.
    """
    raw = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    old = [piece for piece, _ in raw["model"]["vocab"]]
    rows = [row for row, piece in enumerate(old) if piece in keep]
    new = {old[row]: number for number, row in enumerate(rows)}
    raw["model"]["vocab"] = [raw["model"]["vocab"][row] for row in rows]
    raw["model"]["unk_id"] = new["<unk>"]
    # The mask token serves pre-training alone.
    raw["added_tokens"] = [
        token | {"id": new[token["content"]]}
        for token in raw["added_tokens"]
        if token["content"] in new
    ]
    for special in raw["post_processor"]["special_tokens"].values():
        special["ids"] = [new[token] for token in special["tokens"]]
    tensors = load_file(source / "model.safetensors")
    tensors[EMBEDDING] = np.ascontiguousarray(tensors[EMBEDDING][rows])
    config: dict[str, Any] = json.loads((source / "config.json").read_text(encoding="utf-8"))
    config |= {"vocab_size": len(rows), "pad_token_id": new["<pad>"]}
    target.mkdir(parents=True, exist_ok=True)
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    (target / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    (target / "tokenizer.json").write_text(
        json.dumps(raw, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )
    return len(rows)


def _ours(letter: str) -> bool:
    if not letter or not letter.isalpha():
        return True  # digits, signs, emoji
    name = unicodedata.name(letter, "")
    return name.startswith(("LATIN", "ARABIC"))

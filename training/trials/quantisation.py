"""What was tried to make the encoder small and fast: size, nearness to float32, speed.

Speeds are of random pieces, 64 to a text, each text alone: one text at a time, and many side by
side. Variants take turns, so that a slow moment hits all alike.

``python -m training.trials.quantisation --prepared DIR --data data/corpus --out FILE``
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from data.labelled import expand, read_labelled
from data.provenance import provenance
from data.taxonomy import load_taxonomy
from model.encoder import Encoder
from training.encoder.folder import REFERENCE, TOKENIZER
from training.encoder.make import cosines
from training.encoder.quantise import dynamic, feed_forward_outputs, in_blocks, quantise

TEXTS, TOKENS, ROUNDS = 64, 64, 5


def main() -> None:
    """Build each variant, compare it with float32, and time all in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    texts = [r.text for r in read_labelled(given.data, load_taxonomy())][::40][:300]
    tokenizer = (given.prepared / TOKENIZER).read_bytes()
    graphs = {
        name: build(onnx.load(given.prepared / REFERENCE)).SerializeToString()
        for name, build in VARIANTS.items()
    }
    encoders = {name: Encoder(graph, tokenizer) for name, graph in graphs.items()}
    exact = encoders["float32"].embed(texts)
    speeds = timed(encoders)
    rows = []
    for name, encoder in encoders.items():
        near = cosines(exact, encoder.embed(texts))
        rows.append(
            {
                "name": name,
                "megabytes": round(len(graphs[name]) / 1e6, 1),
                "least_cosine": round(float(near.min()), 4),
                "mean_cosine": round(float(near.mean()), 4),
                **speeds[name],
            }
        )
    done = provenance(expand(given.data), Path(__file__).parent) | {
        "title": "The encoder made small",
        "texts": len(texts),
        "tokens": TOKENS,
        "trials": rows,
    }
    given.out.write_text(json.dumps(done, ensure_ascii=False, indent=1) + "\n", "utf-8")


def timed(encoders: dict[str, Encoder]) -> dict[str, dict[str, float]]:
    """Time every encoder in turn, several times; give medians."""
    rng = np.random.default_rng(0)
    pieces = [[0, *rng.integers(5, 60_000, TOKENS - 2).tolist(), 2] for _ in range(TEXTS)]
    one: dict[str, list[float]] = {name: [] for name in encoders}
    many: dict[str, list[float]] = {name: [] for name in encoders}
    for turn in range(ROUNDS + 1):
        for name, encoder in encoders.items():
            for piece in pieces[:8]:
                started = time.perf_counter()
                encoder.embed_pieces([piece])
                if turn:  # the first turn warms up
                    one[name].append(time.perf_counter() - started)
            started = time.perf_counter()
            encoder.embed_pieces(pieces)
            if turn:
                many[name].append(TEXTS / (time.perf_counter() - started))
    return {
        name: {
            "one_text_ms": round(1000 * float(np.median(one[name])), 1),
            "texts_per_second": round(float(np.median(many[name])), 1),
        }
        for name in encoders
    }


VARIANTS: dict[str, Callable[[onnx.ModelProto], Any]] = {
    "float32": lambda graph: graph,
    "int8": lambda graph: dynamic(graph, []),
    "int8, feed-forward output in float32": lambda g: dynamic(g, feed_forward_outputs(g)),
    "int8, feed-forward output in 8-bit blocks": lambda g: in_blocks(
        dynamic(g, feed_forward_outputs(g)), "MatMul", bits=8
    ),
    "int8, feed-forward output in 4-bit blocks": lambda g: in_blocks(
        dynamic(g, feed_forward_outputs(g)), "MatMul", bits=4
    ),
    "as released: 8-bit blocks, vocabulary in 4-bit blocks": quantise,
}


if __name__ == "__main__":
    main()

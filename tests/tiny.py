"""A tiny encoder, built in memory: a tokenizer of letters, and a graph that averages vectors."""

from __future__ import annotations

import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789ابتجحخدذرزسشصضطظعغفقكلمنهويىةɣḥṭɛ'"
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")


def tokenizer(words: tuple[str, ...] = ()) -> bytes:
    """A sentencepiece-like tokenizer of single letters and some words, as JSON."""
    pieces = [*SPECIAL, "▁", *LETTERS, *(f"▁{letter}" for letter in LETTERS), *words]
    made = Tokenizer(
        models.Unigram([(piece, -len(piece) / (1 + len(piece))) for piece in pieces], unk_id=3)
    )
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    made.add_special_tokens(list(SPECIAL))
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return made.to_str().encode()


def graph(width: int = 16, seed: int = 0, rows: int | None = None) -> bytes:
    """An ONNX graph: one vector a piece, averaged over the mask."""
    pieces = rows or len(json.loads(tokenizer())["model"]["vocab"])
    table = np.random.default_rng(seed).normal(size=(pieces, width)).astype(np.float32)
    axis, last = np.array([1], dtype=np.int64), np.array([2], dtype=np.int64)
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["vectors"]),
        helper.make_node("Cast", ["mask"], ["mask32"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask32", "last"], ["weights"]),
        helper.make_node("Mul", ["vectors", "weights"], ["masked"]),
        helper.make_node("ReduceSum", ["masked", "axis"], ["sum"], keepdims=0),
        helper.make_node("ReduceSum", ["weights", "axis"], ["count"], keepdims=0),
        helper.make_node("Div", ["sum", "count"], ["embedding"]),
    ]
    made = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"]),
            helper.make_tensor_value_info("mask", TensorProto.INT64, ["texts", "tokens"]),
        ],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["texts", width])],
        [
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(axis, "axis"),
            numpy_helper.from_array(last, "last"),
        ],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 10
    onnx.checker.check_model(model)
    return model.SerializeToString()

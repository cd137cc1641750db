"""Make an encoder's graph small and fast, each step named and measured.

What was measured (``evaluation/results/trials-int8.json``): ONNX Runtime's dynamic int8 scales
activations over everything that it is given at once. The feed-forward output, whose inputs hold
outliers, loses most by it: there weights alone are made small, in blocks, and activations are
scaled row by row. The vocabulary is kept in 4 bits, in blocks of 32, as it was published.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import (
    DefaultWeightOnlyQuantConfig,
    MatMulNBitsQuantizer,
)
from onnxruntime.quantization.quant_utils import QuantFormat

BLOCK = 32
_INT8_ACTIVATIONS = 4  # ONNX Runtime's "accuracy level": activations in int8, row by row
_FLOAT32 = onnx.TensorProto.FLOAT


def quantise(graph: onnx.ModelProto) -> onnx.ModelProto:
    """Quantise a fused float32 graph.

    :param graph: From ``training.encoder.export.fuse``.
    :return: A graph of about a fifth of the size.
    """
    done = dynamic(graph, feed_forward_outputs(graph))
    return in_blocks(in_blocks(done, "MatMul", bits=8), "Gather", bits=4)


def dynamic(graph: onnx.ModelProto, kept: list[str]) -> onnx.ModelProto:
    """Quantise weights and activations to int8, each product's activations on one scale.

    :param graph: A fused float32 graph.
    :param kept: Names of products that stay in float32.
    :return: A new graph.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "float32.onnx", Path(folder) / "int8.onnx"
        onnx.save(graph, source)
        quantize_dynamic(
            source,
            target,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Attention"],
            nodes_to_exclude=kept,
            extra_options={"DefaultTensorType": _FLOAT32},
        )
        return onnx.load(target)


def feed_forward_outputs(graph: onnx.ModelProto) -> list[str]:
    """Name the products that lead out of each layer's feed-forward part."""
    gelu = {name for node in graph.graph.node if node.op_type == "BiasGelu" for name in node.output}
    return [
        node.name
        for node in graph.graph.node
        if node.op_type == "MatMul" and gelu & set(node.input)
    ]


def in_blocks(graph: onnx.ModelProto, operator: str, *, bits: int) -> onnx.ModelProto:
    """Keep the weights of one kind of operator in few bits, with a scale for each block.

    :param graph: The graph; it is changed.
    :param operator: ``MatMul`` or ``Gather``.
    :param bits: 4 or 8.
    :return: The changed graph.
    """
    axes = (("MatMul", 0), ("Gather", 1))
    settings = {
        "block_size": BLOCK,
        "is_symmetric": True,
        "accuracy_level": _INT8_ACTIVATIONS,
        "quant_format": QuantFormat.QOperator,
        "op_types_to_quantize": (operator,),
        "quant_axes": axes,
    }
    quantiser = MatMulNBitsQuantizer(
        graph,
        bits=bits,
        **settings,
        algo_config=DefaultWeightOnlyQuantConfig(bits=bits, **settings),
    )
    with np.errstate(invalid="ignore"):  # a block of zeros (the padding's row) is 0 / 0 there
        quantiser.process()
    return quantiser.model.model

"""From a torch encoder to an ONNX graph that two cores run fast."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import onnx
import torch
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions
from torch import Tensor, nn

from training.encoder.network import pooled

OPSET = 17
_CONTRIBUTED = "com.microsoft"


class _Pooled(nn.Module):
    """An encoder with its mean pooling, in and out as the graph has them."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        return pooled(self.encoder, ids, mask)


def export(encoder: nn.Module) -> onnx.ModelProto:
    """Trace an encoder with its pooling into an ONNX graph, float32.

    :param encoder: A BERT encoder with plain attention, which traces cleanly.
    :return: The graph: ``ids`` and ``mask`` in, ``embedding`` out, any batch and length.
    """
    ids = torch.tensor([[0, 5, 6, 7, 2], [0, 5, 2, 1, 1]])
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    dynamic = {0: "texts", 1: "tokens"}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # The tracing exporter is marked as old; the new one writes graphs that ONNX Runtime's
        # optimiser does not recognise as BERT.
        warnings.simplefilter("ignore")
        path = Path(folder) / "encoder.onnx"
        torch.onnx.export(
            _Pooled(encoder).eval(),
            (ids, mask),
            str(path),
            input_names=["ids", "mask"],
            output_names=["embedding"],
            dynamic_axes={"ids": dynamic, "mask": dynamic, "embedding": {0: "texts"}},
            opset_version=OPSET,
            dynamo=False,
        )
        return onnx.load(str(path))


def fuse(graph: onnx.ModelProto, heads: int, hidden: int) -> onnx.ModelProto:
    """Fuse attention, layer norms and activations into ONNX Runtime's own operators.

    :param graph: From ``export``.
    :param heads: Attention heads.
    :param hidden: Width of the states.
    :return: A graph with the same answers.
    """
    options = FusionOptions("bert")
    options.enable_embed_layer_norm = False  # the vocabulary is quantised on its own
    done = optimizer.optimize_model(
        graph,
        "bert",
        num_heads=heads,
        hidden_size=hidden,
        optimization_options=options,
        opt_level=0,
    ).model
    if not any(imported.domain == _CONTRIBUTED for imported in done.opset_import):
        done.opset_import.append(onnx.helper.make_opsetid(_CONTRIBUTED, 1))
    return done

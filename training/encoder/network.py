"""The encoder with a linear layer for each head, as a torch module."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoModel

from data.errors import FieldError


class Network(nn.Module):
    """Mean-pooled encoder states, brought to unit size, then one linear layer for each head.

    Mean pooling over the mask is what the e5 family was trained with (Wang et al. 2024). Its
    embeddings all point about the same way; the heads learn from what is left once the mean of
    the training texts is taken off and each column scaled (``scale``).

    :param encoder: A BERT-like encoder without pooler.
    :param heads: Number of outputs by head name.
    :param dropout: Dropout before the heads.
    """

    def __init__(self, encoder: nn.Module, heads: Mapping[str, int], dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        hidden = encoder.config.hidden_size
        self.heads = nn.ModuleDict(
            {name: nn.Linear(hidden, width) for name, width in heads.items()}
        )
        self.register_buffer("mean", torch.zeros(hidden))
        self.register_buffer("factor", torch.ones(hidden))

    def embed(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Give the mean-pooled states.

        :param ids: Token ids, shape (texts, tokens).
        :param mask: 1 for tokens, 0 for padding, same shape.
        :return: Shape (texts, hidden).
        """
        return pooled(self.encoder, ids, mask)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Give the embedding, and every head's logits, shape (texts, outputs)."""
        embedding = self.embed(ids, mask).float()
        dropped = self.dropout((embedding - self.mean) * self.factor)
        return embedding, {name: head(dropped) for name, head in self.heads.items()}


def pooled(encoder: nn.Module, ids: Tensor, mask: Tensor) -> Tensor:
    """Average an encoder's last states over the mask; shapes as in ``Network.embed``."""
    states = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)


def load_encoder(checkpoint: Path, *, layers: int | None = None, eager: bool = False) -> nn.Module:
    """Load an encoder from a checkpoint folder.

    :param checkpoint: Folder with ``config.json`` and ``model.safetensors``.
    :param layers: Keep this many layers, spread evenly; None keeps all.
    :param eager: Plain attention, which exports cleanly, instead of the fused one.
    :return: The encoder, in training mode.
    """
    encoder = AutoModel.from_pretrained(
        checkpoint,
        add_pooling_layer=False,
        attn_implementation="eager" if eager else "sdpa",
        use_safetensors=True,
        local_files_only=True,
    )
    if layers is not None:
        stack = encoder.encoder.layer
        if layers > len(stack):
            raise FieldError(
                "finetune.layers",
                f"{layers} of {len(stack)} layers",
                f"use 1 to {len(stack)}, or 0",
            )
        step = len(stack) / layers
        kept = [stack[round((number + 1) * step) - 1] for number in range(layers)]
        encoder.encoder.layer = nn.ModuleList(kept)
        encoder.config.num_hidden_layers = layers
    return encoder.train()

"""How the encoder is fine-tuned, and how much its embedding weighs beside the words."""

from __future__ import annotations

from dataclasses import dataclass, fields

from data.errors import FieldError, shown

AUGMENTATIONS = ("none", "typed", "script", "hasty", "scripts", "dressed", "switch")
"""``typed``: as another hand might have typed it; ``script``: also Arabizi in Arabic script;
``switch``: also begun in one language and ended in another."""


@dataclass(frozen=True)
class EncoderConfig:
    """An encoder as it comes, beside lexical features.

    :param scale: Standard deviation of the whole embedding beside words of length one: how
        cheaply the penalty lets the heads use it.
    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        check_number("encoder.scale", self.scale, 0.01, 100)


@dataclass(frozen=True)
class FinetuneConfig:
    """Fine-tuning of the encoder on all heads at once.

    :param epochs: Readings of the training data.
    :param batch_tokens: Tokens of one step, padding included.
    :param max_tokens: A longer training text keeps its first and its last tokens.
    :param rate: Peak learning rate of the top layer.
    :param head_rate: Peak learning rate of the heads.
    :param layer_decay: Each lower layer learns at this share of the rate above it (Howard and
        Ruder 2018).
    :param weight_decay: Of matrices (Loshchilov and Hutter 2019).
    :param warmup: Share of the steps in which the rate rises; then it falls as a cosine.
    :param probe: Inverse penalty of the linear probe that the heads start from: first fit them
        on the encoder as it comes, then move both (Kumar et al. 2022). 0 starts at random.
    :param dropout: Before the heads. None inside the encoder: noise in the texts does its work
        at a third of the time.
    :param label_smoothing: Of category and priority.
    :param balance: Weight of rare categories: 0 as they come, 1 all alike.
    :param language_balance: Weight of rare languages, on the same scale.
    :param flag_balance: Weight of raised flags beside the many that are not, on the same scale.
    :param priority_weight: Weight of the priority's loss beside the category's.
    :param flag_weight: Weight of the flags' loss beside the category's.
    :param contrast: Weight of the supervised contrastive loss (Khosla et al. 2020) that draws
        reports of one situation together, whatever their language; 0 leaves it out.
    :param distil: Weight of a teacher's answers beside the labels, 0 to 1 (Hinton et al. 2015);
        trials alone have a teacher.
    :param average: Decay of the running mean of the weights that is kept; 0 keeps the last.
    :param way_back: Furthest that the weights may go back towards those they came from, once
        trained (Wortsman et al. 2022); the dev score chooses among six steps. 0 stays.
    :param augmentation: One of ``AUGMENTATIONS``.
    :param frozen_layers: Lowest layers that stay as they came.
    :param layers: Layers kept of the encoder, spread evenly; 0 keeps all.
    :param dev: Share of the training situations that early stopping and the mixing with words
        look at; never the calibration side.
    :param patience: Epochs without a better dev score before it stops.
    """

    epochs: int = 5
    batch_tokens: int = 2048
    max_tokens: int = 192
    rate: float = 1e-4
    head_rate: float = 1e-3
    layer_decay: float = 0.9
    weight_decay: float = 0.01
    warmup: float = 0.06
    probe: float = 1.0
    dropout: float = 0.1
    label_smoothing: float = 0.0
    balance: float = 0.5
    language_balance: float = 0.0
    flag_balance: float = 0.0
    priority_weight: float = 0.5
    flag_weight: float = 1.0
    contrast: float = 0.0
    distil: float = 0.0
    average: float = 0.0
    way_back: float = 0.0
    augmentation: str = "typed"
    frozen_layers: int = 0
    layers: int = 0
    dev: float = 0.05
    patience: int = 3

    def __post_init__(self) -> None:
        for name, low, high in _RANGES:
            value = getattr(self, name)
            check_number(f"finetune.{name}", value, low, high)
            if isinstance(low, int) and not isinstance(value, int):
                raise FieldError(
                    f"finetune.{name}", f"{shown(value)} is no whole number", f"use {low} to {high}"
                )
        if self.augmentation not in AUGMENTATIONS:
            raise FieldError(
                "finetune.augmentation",
                f"{shown(self.augmentation)} is not known",
                f"use one of {', '.join(AUGMENTATIONS)}",
            )


_RANGES = (
    ("epochs", 1, 100),
    ("batch_tokens", 64, 65_536),
    ("max_tokens", 16, 512),
    ("rate", 1e-7, 1e-2),
    ("head_rate", 1e-7, 1e-1),
    ("layer_decay", 0.1, 1.0),
    ("weight_decay", 0.0, 1.0),
    ("warmup", 0.0, 0.5),
    ("probe", 0.0, 1000.0),
    ("dropout", 0.0, 0.9),
    ("label_smoothing", 0.0, 0.5),
    ("balance", 0.0, 1.0),
    ("language_balance", 0.0, 1.0),
    ("flag_balance", 0.0, 1.0),
    ("priority_weight", 0.0, 10.0),
    ("flag_weight", 0.0, 10.0),
    ("contrast", 0.0, 10.0),
    ("distil", 0.0, 1.0),
    ("average", 0.0, 0.9999),
    ("way_back", 0.0, 1.0),
    ("frozen_layers", 0, 48),
    ("layers", 0, 48),
    ("dev", 0.01, 0.5),
    ("patience", 1, 100),
)
assert {name for name, *_ in _RANGES} | {"augmentation"} == {
    field.name for field in fields(FinetuneConfig)
}, "every number has its range"


def check_number(where: str, value: object, low: float, high: float) -> None:
    """Refuse what is no number between two bounds, naming a good one.

    :raises FieldError: If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FieldError(where, f"{shown(value)} is no number", f"use {low} to {high}")
    if not low <= value <= high:
        raise FieldError(where, f"{value} is out of range", f"use {low} to {high}")

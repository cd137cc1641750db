"""All thresholds of a model, and the form in which a bundle keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from model.guarantees import FlagThreshold, GroupThreshold, SetThreshold, UrgentThreshold
from model.novelty import Novelty


@dataclass(frozen=True)
class Thresholds:
    """All thresholds of a model.

    :param category: For the prediction set.
    :param flags: By flag code.
    :param urgent: For the most urgent priority; None where there are no priorities.
    :param novelty: Finds texts unlike the training data; None without an encoder.
    """

    category: SetThreshold
    flags: Mapping[str, FlagThreshold]
    urgent: UrgentThreshold | None = None
    novelty: Novelty | None = None


def dump_thresholds(thresholds: Thresholds) -> dict[str, Any]:
    """Give thresholds as plain data; of the detector of novelty, its threshold alone."""
    novelty = thresholds.novelty
    return {
        "category": asdict(thresholds.category),
        "flags": {code: asdict(flag) for code, flag in thresholds.flags.items()},
        "urgent": asdict(thresholds.urgent) if thresholds.urgent else None,
        "novelty": {"threshold": novelty.threshold, "false_alarms": novelty.false_alarms}
        if novelty
        else None,
    }


def parse_thresholds(raw: Mapping[str, Any], novelty: Novelty | None) -> Thresholds:
    """Build thresholds from what ``dump_thresholds`` gave.

    :param raw: Plain data; formats before 4 have no groups of languages.
    :param novelty: The detector, built from its arrays.
    """
    category, urgent = raw["category"], raw.get("urgent")
    return Thresholds(
        SetThreshold(
            tuple(category["thresholds"]), category["coverage"], tuple(category["counts"])
        ),
        {code: _flag(flag) for code, flag in raw["flags"].items()},
        UrgentThreshold(**urgent) if urgent else None,
        novelty,
    )


def _flag(raw: Mapping[str, Any]) -> FlagThreshold:
    groups = tuple(
        GroupThreshold(**{**group, "languages": tuple(group["languages"])})
        for group in raw.get("groups", ())
    )
    return FlagThreshold(**{**raw, "groups": groups})

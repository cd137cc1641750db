"""Agreement between two readers of the corpus, who labelled the same reports independently."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.errors import FieldError
from data.taxonomy import Taxonomy


@dataclass(frozen=True)
class Labels:
    """One reader's labels of one report.

    :param category: Category code.
    :param priority: Priority code.
    :param flags: Codes of the raised flags.
    """

    category: str
    priority: str
    flags: frozenset[str]


@dataclass(frozen=True)
class Reading:
    """A report read twice.

    :param id: The report's id.
    :param first: The writer's labels.
    :param second: The labels of a reader who saw the text alone.
    :param settled: What a third reader settled on where they part; else the labels of both.
    """

    id: str
    first: Labels
    second: Labels
    settled: Labels


@dataclass(frozen=True)
class Agreement:
    """Agreement on one label.

    :param label: A code, or ``category`` or ``priority`` as a whole.
    :param first: Reports that carry it by the first reading.
    :param second: Reports that carry it by the second.
    :param both: Reports that carry it by both.
    :param kappa: Cohen's kappa; 1 is perfect, 0 is chance. NaN where neither uses the label.
    """

    label: str
    first: int
    second: int
    both: int
    kappa: float


def read_readings(path: Path) -> list[Reading]:
    """Read a file of readings.

    :param path: JSON Lines with ``id``, ``first``, ``second`` and ``settled``.
    :return: The readings in order.
    :raises FieldError: If a line lacks a field.
    """
    readings = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        raw = json.loads(line)
        try:
            readings.append(
                Reading(
                    raw["id"],
                    *(
                        Labels(
                            raw[side]["category"],
                            raw[side]["priority"],
                            frozenset(raw[side]["flags"]),
                        )
                        for side in ("first", "second", "settled")
                    ),
                )
            )
        except KeyError as error:
            raise FieldError(
                f"{path.name} line {number}", f"lacks {error}", "write id, first, second, settled"
            ) from error
    return readings


def agreement(readings: Sequence[Reading], taxonomy: Taxonomy) -> list[Agreement]:
    """Compare first and second readings label by label.

    :param readings: Reports read twice.
    :param taxonomy: The labels, in order.
    :return: The category as a whole and each category, the priority likewise, each flag.
    """
    found = []
    for name, codes in (
        ("category", taxonomy.category_codes),
        ("priority", taxonomy.priority_codes),
    ):
        first = np.array([getattr(reading.first, name) for reading in readings])
        second = np.array([getattr(reading.second, name) for reading in readings])
        same = int(np.sum(first == second))
        found.append(Agreement(name, len(first), len(second), same, kappa(first, second)))
        found += [_label(code, first == code, second == code) for code in codes]
    for code in taxonomy.flag_codes:
        found.append(
            _label(
                f"flag {code}",
                np.array([code in reading.first.flags for reading in readings]),
                np.array([code in reading.second.flags for reading in readings]),
            )
        )
    return found


def kappa(first: NDArray[np.generic], second: NDArray[np.generic]) -> float:
    """Cohen's kappa (Cohen 1960) of two readings of the same reports.

    :param first: First labels.
    :param second: Second labels.
    :return: At most 1; NaN where both readings know one label alone.
    """
    labels = np.unique(np.concatenate([first, second]))
    seen = float(np.mean(first == second))
    chance = float(sum(np.mean(first == label) * np.mean(second == label) for label in labels))
    return (seen - chance) / (1 - chance) if chance < 1 else float("nan")


def agreement_block(readings: Sequence[Reading], taxonomy: Taxonomy) -> str:
    """Render agreements as the datasheet shows them.

    :param readings: Reports read twice.
    :param taxonomy: The labels, in order.
    :return: Markdown.
    """
    lines = [
        "| label | first reading | second reading | both | kappa |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for row in agreement(readings, taxonomy):
        shown = f"{row.kappa:.2f}" if np.isfinite(row.kappa) else "–"
        lines.append(f"| `{row.label}` | {row.first} | {row.second} | {row.both} | {shown} |")
    parted = [r for r in readings if r.first != r.second]
    kept = sum(r.settled == r.first for r in parted)
    changed = sum(r.settled == r.second for r in parted)
    lines += [
        "",
        f"{len(readings)} reports were read twice; on {len(parted)} the readers parted in some "
        f"label. A third reader kept the first reading in {kept} of them, took the second in "
        f"{changed}, and settled on something else in {len(parted) - kept - changed}.",
    ]
    return "\n".join(lines)


def _label(code: str, first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Agreement:
    both = int(np.sum(first & second))
    return Agreement(code, int(first.sum()), int(second.sum()), both, kappa(first, second))

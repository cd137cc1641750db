"""Agreement between the first labels of a data set and a blind second reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.errors import FieldError
from data.records import LabelledReport
from data.taxonomy import Taxonomy


@dataclass(frozen=True)
class Agreement:
    """Agreement on one label, among the reports read twice.

    :param label: Category, flag or priority code, or ``category``/``priority`` as a whole.
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


def agreement(
    records: Sequence[LabelledReport],
    readings: Mapping[str, LabelledReport],
    taxonomy: Taxonomy,
) -> list[Agreement]:
    """Compare two readings label by label.

    :param records: The data set with its first labels.
    :param readings: Second labels by record id.
    :param taxonomy: The labels, in order.
    :return: The category as a whole and each category, the priority likewise, each flag.
    :raises FieldError: If a reading is of a record that is not there.
    """
    known = {record.id: record for record in records}
    for record_id in readings:
        if record_id not in known:
            raise FieldError("id", f"{record_id!r} was read twice and is not there", "remove it")
    pairs = [(known[key], reading) for key, reading in readings.items()]
    found = []
    for name, codes in (
        ("category", taxonomy.category_codes),
        ("priority", taxonomy.priority_codes),
    ):
        first, second = (np.array([getattr(pair[side], name) for pair in pairs]) for side in (0, 1))
        same = int(np.sum(first == second))
        found.append(Agreement(name, len(pairs), len(pairs), same, kappa(first, second)))
        found += [_label(code, first == code, second == code) for code in codes]
    for code in taxonomy.flag_codes:
        carried = [[code in (pair[side].flags or ()) for pair in pairs] for side in (0, 1)]
        found.append(_label(code, np.array(carried[0]), np.array(carried[1]), prefix="flag "))
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


def table(found: Sequence[Agreement]) -> str:
    """Render agreements as a Markdown table."""
    lines = [
        "| label | first reading | second reading | both | kappa |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for row in found:
        shown = f"{row.kappa:.2f}" if np.isfinite(row.kappa) else "–"
        lines.append(f"| `{row.label}` | {row.first} | {row.second} | {row.both} | {shown} |")
    return "\n".join(lines)


def _label(
    code: str, first: NDArray[np.bool_], second: NDArray[np.bool_], prefix: str = ""
) -> Agreement:
    both = int(np.sum(first & second))
    return Agreement(prefix + code, int(first.sum()), int(second.sum()), both, kappa(first, second))

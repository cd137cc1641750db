"""Class shares: the corpus is balanced, a portal is not.

A model's probabilities carry the shares of the labels that it was fitted on. Where reports come in
other shares, and each kind of report looks as it did, the probabilities are corrected by the ratio
of the shares (Saerens, Latinne and Decaestecker 2002). The same work gives the shares of recent
traffic that no one has labelled, by expectation and maximisation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.errors import FieldError, shown
from data.taxonomy import Taxonomy

TRAINED, PORTAL = "trained", "portal"
_LEAST = 1e-6


def wanted_shares(
    choice: str, taxonomy: Taxonomy, trained: Mapping[str, float]
) -> dict[str, float] | None:
    """Give the shares that a setting asks for.

    :param choice: ``trained``; ``portal``, the taxonomy's groups; or a JSON file of a share for
        each category, as ``farz shares`` writes it.
    :param taxonomy: The model's labels.
    :param trained: Share of each category that the model was fitted on. A group is divided among
        its categories as they were; categories without a group keep their share.
    :return: The share of each category, adding up to 1; None leaves the probabilities as they are.
    :raises FieldError: If the file or its shares are not of that form.
    """
    if choice == TRAINED:
        return None
    if choice == PORTAL:
        return _portal(taxonomy, trained)
    path = Path(choice)
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FieldError(
            "class_shares", f"{shown(choice)} is no JSON file ({error})", "use trained or portal"
        ) from error
    codes = taxonomy.category_codes
    if not isinstance(given, Mapping) or set(given) != set(codes):
        raise FieldError("class_shares", f"{path} does not name every category", ", ".join(codes))
    for code, share in given.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise FieldError(f"class_shares.{code}", f"{shown(share)} is no share", "use 0 to 1")
    total = sum(given.values())
    if abs(total - 1) > 0.01:
        raise FieldError("class_shares", f"add up to {total:.3f}", "they must add up to 1")
    return {code: given[code] / total for code in codes}


def correction(
    taxonomy: Taxonomy, trained: Mapping[str, float], wanted: Mapping[str, float]
) -> NDArray[np.float64]:
    """Give the factor of each category's odds, in the taxonomy's order."""
    codes = taxonomy.category_codes
    return np.array([wanted[code] / max(trained.get(code, 0.0), _LEAST) for code in codes])


def corrected(
    probabilities: NDArray[np.float64], factors: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Correct probabilities, shape (categories,) or (reports, categories), for other shares."""
    odds = probabilities * factors
    total: NDArray[np.float64] = odds.sum(axis=-1, keepdims=True)
    # Where all that is possible has share 0, the model's word stands.
    fixed = np.where(total > 0, odds / np.where(total > 0, total, 1.0), probabilities)
    return np.asarray(fixed, dtype=np.float64)


def estimated_shares(
    probabilities: NDArray[np.float64],
    trained: NDArray[np.float64],
    *,
    steps: int = 1000,
    tolerance: float = 1e-6,
) -> NDArray[np.float64]:
    """Estimate the shares of unlabelled reports by expectation and maximisation.

    :param probabilities: Under the trained shares, shape (reports, categories).
    :param trained: The trained shares, shape (categories,).
    :param steps: At most so many.
    :param tolerance: Largest change of a share at which it stops.
    :return: The shares under which the reports are most likely, shape (categories,).
    :raises ValueError: If there is no report.
    """
    if not len(probabilities):
        raise ValueError("no report to estimate from; give some hundreds")
    safe = np.maximum(trained, _LEAST)
    shares: NDArray[np.float64] = safe / safe.sum()
    for _ in range(steps):
        new = np.asarray(corrected(probabilities, shares / safe).mean(axis=0), dtype=np.float64)
        moved = float(np.abs(new - shares).max())
        shares = new
        if moved < tolerance:
            break
    return shares


def estimate(
    probabilities: Sequence[Mapping[str, float]], trained: Mapping[str, float]
) -> dict[str, float]:
    """As ``estimated_shares``, by category code.

    :raises FieldError: If there is no report.
    """
    if not probabilities:
        raise FieldError("input", "holds no report that can be scored", "give some hundreds")
    codes = list(probabilities[0])
    shares = estimated_shares(
        np.array([[row[code] for code in codes] for row in probabilities]),
        np.array([trained.get(code, 0.0) for code in codes]),
    )
    return {code: round(float(share), 6) for code, share in zip(codes, shares, strict=True)}


def _portal(taxonomy: Taxonomy, trained: Mapping[str, float]) -> dict[str, float]:
    if not taxonomy.group_shares:
        raise FieldError("class_shares", "portal: the model's taxonomy has no groups", "trained")
    members: dict[str | None, list[str]] = {}
    for label in taxonomy.categories:
        members.setdefault(label.group, []).append(label.code)
    outside = sum(trained.get(code, 0.0) for code in members.get(None, ()))
    shares = {code: trained.get(code, 0.0) for code in members.get(None, ())}
    for group, share in taxonomy.group_shares.items():
        own = {code: max(trained.get(code, 0.0), _LEAST) for code in members.get(group, ())}
        for code, part in own.items():
            shares[code] = (1 - outside) * share * part / sum(own.values())
    total = sum(shares.values())
    return {code: shares[code] / total for code in taxonomy.category_codes}

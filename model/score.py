"""The score of a report: what Farz proposes, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from data.language.identify import Language


@dataclass(frozen=True)
class CategoryScore:
    """The proposed category.

    :param label: Most probable category.
    :param probability: Its probability.
    :param probabilities: Probability of every category, adding up to 1.
    :param prediction_set: Categories that cannot be ruled out at the stated coverage,
        most probable first; never empty.
    """

    label: str
    probability: float
    probabilities: Mapping[str, float]
    prediction_set: tuple[str, ...]


@dataclass(frozen=True)
class Reason:
    """Why a priority is what it is.

    :param code: Stable identifier.
    :param text: A sentence for the reviewer, in English.
    :param texts: The same in every language that reviewers read.
    """

    code: str
    text: str
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PriorityScore:
    """The proposed priority.

    :param level: Proposed level.
    :param probabilities: Probability of every level, adding up to 1.
    :param reasons: Why, where more than the model's word is behind it.
    :param own: The model's own level, before the policy table raised it; what is explained.
    """

    level: str
    probabilities: Mapping[str, float]
    reasons: tuple[Reason, ...] = ()
    own: str | None = None


@dataclass(frozen=True)
class FlagScore:
    """One flag.

    :param probability: Probability that the flag applies.
    :param raised: Whether it is raised.
    :param threshold: Probability from which it is raised.
    """

    probability: float
    raised: bool
    threshold: float


@dataclass(frozen=True)
class Score:
    """All that Farz proposes for one report.

    :param model_version: Version of the bundle that gave it.
    :param model_digest: Digest of that bundle's manifest.
    :param language: Language of the text.
    :param category: Proposed category.
    :param priority: Proposed priority; None where the taxonomy has none.
    :param flags: Flags by code.
    :param manual_triage_reasons: Why a human must look first; empty where none must.
    :param truncated: Whether any part of the report was left unread (never, at present).
    """

    model_version: str
    model_digest: str
    language: Language
    category: CategoryScore
    priority: PriorityScore | None
    flags: Mapping[str, FlagScore]
    manual_triage_reasons: tuple[str, ...] = ()
    truncated: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Give the score in the form of the API and of ``farz score``, without the id."""
        priority = None
        if self.priority is not None:
            priority = {
                "level": self.priority.level,
                "probabilities": _rounded(self.priority.probabilities),
                "reasons": [
                    {"code": r.code, "text": r.text, "texts": dict(r.texts)}
                    for r in self.priority.reasons
                ],
            }
        return {
            "model": {"version": self.model_version, "digest": self.model_digest},
            "language": {
                "code": self.language.code,
                "script": self.language.script,
                "confidence": round(self.language.confidence, 4),
            },
            "category": {
                "label": self.category.label,
                "probability": round(self.category.probability, 6),
                "probabilities": _rounded(self.category.probabilities),
                "prediction_set": list(self.category.prediction_set),
            },
            "priority": priority,
            "flags": {
                code: {
                    "probability": round(flag.probability, 6),
                    "raised": flag.raised,
                    "threshold": round(flag.threshold, 6),
                }
                for code, flag in self.flags.items()
            },
            "needs_manual_triage": bool(self.manual_triage_reasons),
            "manual_triage_reasons": list(self.manual_triage_reasons),
            "truncated": self.truncated,
        }


def _rounded(probabilities: Mapping[str, float]) -> dict[str, float]:
    return {label: round(value, 6) for label, value in probabilities.items()}

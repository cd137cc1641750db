"""What the review routes read and write."""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from serving.review import Decided, Decision, Entry, Outcome, Place, Status
from serving.schemas import REPORT_ID, ReportId, ScoreOut, Strict

_PRINTED, _NO_NUL = r"^[^\x00-\x1f]*$", r"^[^\x00]*$"


class DecisionIn(Strict):
    """A reviewer's decision about a report."""

    reviewer: ReportId = Field(
        description="Who decides, as the caller says: the key proves the caller alone.",
        examples=["officer-17"],
    )
    category: str = Field(description="The category that the case is opened for.")
    priority: str | None = Field(None, description="Its priority, where the model has priorities.")
    flags: list[str] = Field(default_factory=list, description="Flags that apply.")
    outcome: Outcome
    service: Annotated[str, Field(min_length=1, max_length=200, pattern=_PRINTED)] | None = Field(
        None, description="Where the report is referred to; required to refer it."
    )
    duplicate_of: ReportId | None = Field(
        None, description="The report that it repeats; required for a duplicate."
    )
    note: Annotated[str, Field(max_length=10_000, pattern=_NO_NUL)] | None = Field(
        None, description="Free words, encrypted at rest."
    )
    last_seen: int = Field(
        0, ge=0, description="Number of the last decision that the reviewer saw; 0 for none."
    )

    @model_validator(mode="after")
    def _whole(self) -> DecisionIn:
        if (self.outcome == "refer") != (self.service is not None):
            raise ValueError("give service with outcome refer, and with no other")
        if (self.outcome == "duplicate") != (self.duplicate_of is not None):
            raise ValueError("give duplicate_of with outcome duplicate, and with no other")
        return self

    def as_decision(self) -> Decision:
        """Give what the store keeps."""
        return Decision(
            self.category,
            self.priority,
            tuple(sorted(set(self.flags))),
            self.outcome,
            self.service,
            self.duplicate_of,
            self.note,
        )


class DecisionOut(BaseModel):
    """A stored decision. Stable."""

    number: int = Field(description="Rises with each decision; see last_seen.")
    decided_at: datetime
    reviewer: str
    model_version: str = Field(description="The model whose score the reviewer saw.")
    category: str
    priority: str | None
    flags: list[str]
    outcome: Outcome
    service: str | None
    duplicate_of: str | None
    note: str | None
    note_unreadable: bool = Field(description="Its key is no longer in the ring.")

    @classmethod
    def of(cls, decided: Decided) -> DecisionOut:
        """Give a stored decision as the API does."""
        own = vars(decided.decision) | {"flags": list(decided.decision.flags)}
        return cls(
            number=decided.id,
            decided_at=decided.decided_at,
            reviewer=decided.reviewer,
            model_version=decided.model_version,
            note_unreadable=decided.note_unreadable,
            **own,
        )


class ReviewOut(BaseModel):
    """A report's status and its decisions, the oldest first. Stable."""

    report_id: str
    status: Status
    decisions: list[DecisionOut]


class EntryOut(BaseModel):
    """One report in the queue. Stable."""

    report_id: str
    status: Status
    received_at: datetime
    score: ScoreOut


class QueueOut(BaseModel):
    """A page of the queue, the most urgent first. Stable."""

    entries: list[EntryOut]
    next: str | None = Field(description="Give it as `after` for the next page; null at the end.")


class GroupOut(BaseModel):
    """One row of the communiqué."""

    reports: int
    share: float


class StatisticsOut(BaseModel):
    """The communiqué's table for a period. Stable."""

    since: datetime | None
    until: datetime | None
    reports: int
    by_group: dict[str, GroupOut] = Field(
        description="Rows of the communiqué, with their share; out of scope is not counted."
    )
    by_category: dict[str, int]
    by_priority: dict[str, int]
    by_language: dict[str, int]
    by_status: dict[str, int]
    by_outcome: dict[str, int]
    raised_flags: dict[str, int]
    identified: int
    from_abroad: int
    reporter_unknown: int


def cursor_of(entry: Entry) -> str:
    """Give an entry's place as an opaque word."""
    place = [entry.place.level, entry.place.received_at.isoformat(), entry.place.report_id]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def place_of(cursor: str) -> Place:
    """Read a cursor.

    :raises ValueError: If it is none that this service gave.
    """
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    level, received, report_id = json.loads(raw)
    if type(level) is not int or not 0 <= level < 1000:
        raise ValueError(cursor)
    if not isinstance(report_id, str) or not re.fullmatch(REPORT_ID, report_id):
        raise ValueError(cursor)
    moment = datetime.fromisoformat(received)
    if moment.tzinfo is None:
        raise ValueError(cursor)
    return Place(level, moment, report_id)

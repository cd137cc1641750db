"""What reviewers see and decide: the queue, decisions and their history.

Decisions are never changed: a correction is a new one. Making less of a report that
is urgent or raises a flag asks for a second reviewer, who must come to the same end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Engine, Select, and_, or_, select, update
from sqlalchemy.orm import Session

from data.errors import FieldError
from serving.encryption import ReportCipher
from serving.tables import DecisionRow, QueueRow, RaisedFlagRow, ScoreRow

OPEN, SECOND, CLOSED = "open", "second_opinion", "closed"
Status = Literal["open", "second_opinion", "closed"]
Outcome = Literal["refer", "ask_for_more", "no_offence", "duplicate"]
DISMISSING = ("no_offence", "duplicate")


@dataclass(frozen=True)
class Decision:
    """What a reviewer decided about a report.

    :param category: The category that the case is opened for.
    :param priority: Its priority; None where the taxonomy has none.
    :param flags: Flags that apply.
    :param outcome: One of ``Outcome``.
    :param service: Where it is referred to.
    :param duplicate_of: The report that it repeats.
    :param note: Free words, sealed in the store.
    """

    category: str
    priority: str | None
    flags: tuple[str, ...]
    outcome: str
    service: str | None = None
    duplicate_of: str | None = None
    note: str | None = None

    def agrees_with(self, row: DecisionRow) -> bool:
        """Whether it comes to the same end as a stored one."""
        return (
            self.category,
            self.priority,
            sorted(self.flags),
            self.outcome,
            self.duplicate_of,
        ) == (row.category, row.priority, sorted(row.flags), row.outcome, row.duplicate_of)


@dataclass(frozen=True)
class Decided:
    """A stored decision.

    :param id: Its number.
    :param report_id: The report.
    :param decided_at: When.
    :param reviewer: Who.
    :param model_version: The model whose score was seen.
    :param decision: What was decided.
    :param note_unreadable: Whether its note was sealed with a key that the ring no longer holds.
    """

    id: int
    report_id: str
    decided_at: datetime
    reviewer: str
    model_version: str
    decision: Decision
    note_unreadable: bool = False


@dataclass(frozen=True)
class Reviewed:
    """A report's status and the decisions about it.

    :param status: One of ``Status``.
    :param decisions: The oldest first.
    """

    status: str
    decisions: tuple[Decided, ...]


class Stale(Exception):
    """The reviewer did not see the last decision.

    :param last: Its number; 0 where there is none.
    :param reviewer: Who decided it, or None.
    """

    def __init__(self, last: int, reviewer: str | None) -> None:
        super().__init__("the last decision was not seen")
        self.last, self.reviewer = last, reviewer


@dataclass(frozen=True)
class Filters:
    """Which entries of the queue are wanted; what is None does not matter.

    :param status: One of ``Status``.
    :param priority: A level.
    :param category: A category.
    :param flag: A raised flag.
    :param language: A language code.
    :param since: Received at or after.
    :param until: Received before.
    """

    status: str | None = OPEN
    priority: str | None = None
    category: str | None = None
    flag: str | None = None
    language: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def apply(self, query: Select[Any]) -> Select[Any]:
        """Narrow a query over the queue."""
        for name in ("status", "priority", "category", "language"):
            if (value := getattr(self, name)) is not None:
                query = query.where(getattr(QueueRow, name) == value)
        if self.since is not None:
            query = query.where(QueueRow.received_at >= self.since)
        if self.until is not None:
            query = query.where(QueueRow.received_at < self.until)
        if self.flag is not None:
            query = query.join(
                RaisedFlagRow,
                and_(
                    RaisedFlagRow.report_id == QueueRow.report_id,
                    RaisedFlagRow.flag == self.flag,
                ),
            )
        return query


@dataclass(frozen=True)
class Place:
    """Where a page of the queue ended: the next one begins after it."""

    level: int
    received_at: datetime
    report_id: str


@dataclass(frozen=True)
class Entry:
    """One report in the queue."""

    report_id: str
    status: str
    received_at: datetime
    score: Mapping[str, Any]
    place: Place = field(repr=False)


class Review:
    """Reads and writes the queue and decisions; every method is one transaction, and blocks.

    :param engine: The store's database.
    :param cipher: Seals notes.
    """

    def __init__(self, engine: Engine, cipher: ReportCipher) -> None:
        self._engine, self._cipher = engine, cipher

    def page(self, filters: Filters, *, after: Place | None = None, limit: int = 50) -> list[Entry]:
        """Give entries, the most urgent first, of the same urgency the longest waiting first.

        :param filters: Which ones.
        :param after: Where the page before ended.
        :param limit: How many at most.
        """
        order = (QueueRow.level, QueueRow.received_at, QueueRow.report_id)
        query = select(QueueRow, ScoreRow.score).join(
            ScoreRow, ScoreRow.report_id == QueueRow.report_id
        )
        query = filters.apply(query)
        if after is not None:
            level, received, name = order
            query = query.where(
                or_(
                    level > after.level,
                    and_(level == after.level, received > after.received_at),
                    and_(
                        level == after.level,
                        received == after.received_at,
                        name > after.report_id,
                    ),
                )
            )
        with Session(self._engine) as session:
            rows = session.execute(query.order_by(*order).limit(limit)).all()
            return [
                Entry(
                    row.report_id,
                    row.status,
                    _aware(row.received_at),
                    score,
                    Place(row.level, _aware(row.received_at), row.report_id),
                )
                for row, score in rows
            ]

    def find(self, report_id: str) -> Reviewed | None:
        """Give a report's status and decisions, or None where it is not stored."""
        with Session(self._engine) as session:
            row = session.get(QueueRow, report_id)
            return None if row is None else self._reviewed(session, report_id, row.status)

    def decide(
        self, report_id: str, reviewer: str, decision: Decision, *, last_seen: int
    ) -> Reviewed:
        """Store a decision.

        :param report_id: A stored report.
        :param reviewer: Who decides.
        :param decision: What is decided.
        :param last_seen: Number of the last decision that the reviewer saw; 0 for none.
        :return: The report's status and all decisions now.
        :raises LookupError: If the report is not stored.
        :raises Stale: If another decision is the last; nothing is stored then.
        """
        with Session(self._engine) as session, session.begin():
            # The row is locked (PostgreSQL), or the database is (SQLite): of two reviewers at
            # once the second reads what the first has written.
            locked = session.execute(
                update(QueueRow)
                .where(QueueRow.report_id == report_id)
                .values(status=QueueRow.status)
                .returning(QueueRow.report_id)
            ).first()
            if locked is None:
                raise LookupError(report_id)
            before = _decisions(session, report_id)
            last = before[-1].id if before else 0
            if last != last_seen:
                raise Stale(last, before[-1].reviewer if before else None)
            score = session.execute(
                select(ScoreRow).where(ScoreRow.report_id == report_id)
            ).scalar_one()
            status = _status_after(decision, reviewer, score.score, before)
            session.execute(
                update(QueueRow).where(QueueRow.report_id == report_id).values(status=status)
            )
            session.add(
                DecisionRow(
                    report_id=report_id,
                    decided_at=datetime.now(UTC),
                    reviewer=reviewer,
                    model_version=score.model_version,
                    category=decision.category,
                    priority=decision.priority,
                    flags=list(decision.flags),
                    outcome=decision.outcome,
                    service=decision.service,
                    duplicate_of=decision.duplicate_of,
                    note=self._cipher.seal(decision.note.encode()) if decision.note else None,
                    encrypted=self._cipher.encrypts,
                )
            )
            session.flush()
            # Read before the end: once it is stored nothing may fail any more.
            return self._reviewed(session, report_id, status)

    def _reviewed(self, session: Session, report_id: str, status: str) -> Reviewed:
        rows = _decisions(session, report_id)
        return Reviewed(status, tuple(self._decided(row) for row in rows))

    def _decided(self, row: DecisionRow) -> Decided:
        note, unreadable = None, False
        if row.note is not None:
            try:
                note = self._cipher.open(row.note, row.encrypted).decode()
            except FieldError:
                unreadable = True
        return Decided(
            row.id,
            row.report_id,
            _aware(row.decided_at),
            row.reviewer,
            row.model_version,
            Decision(
                row.category,
                row.priority,
                tuple(row.flags),
                row.outcome,
                row.service,
                row.duplicate_of,
                note,
            ),
            unreadable,
        )


def lowers(decision: Decision, score: Mapping[str, Any]) -> bool:
    """Whether a decision makes less of a report than a score that is urgent or raises a flag.

    It does by a lower priority than the most urgent, by dropping a raised flag, and by closing
    such a report as no offence or as a duplicate.

    :param decision: The decision.
    :param score: The stored score.
    """
    priority = score.get("priority")
    first = next(iter(priority["probabilities"])) if priority else None
    urgent = priority is not None and priority["level"] == first
    raised = {code for code, flag in score["flags"].items() if flag["raised"]}
    if (urgent or raised) and decision.outcome in DISMISSING:
        return True
    return (urgent and decision.priority != first) or bool(raised - set(decision.flags))


def _status_after(
    decision: Decision, reviewer: str, score: Mapping[str, Any], before: list[DecisionRow]
) -> str:
    if not lowers(decision, score):
        return CLOSED
    # What a reviewer has taken back no longer counts.
    latest = {row.reviewer.casefold(): row for row in before}
    seconded = any(
        name != reviewer.casefold() and decision.agrees_with(row) for name, row in latest.items()
    )
    return CLOSED if seconded else SECOND


def _decisions(session: Session, report_id: str) -> list[DecisionRow]:
    query = select(DecisionRow).where(DecisionRow.report_id == report_id).order_by(DecisionRow.id)
    return list(session.execute(query).scalars())


def _aware(moment: datetime) -> datetime:
    """SQLite forgets the zone; all that is stored is in UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

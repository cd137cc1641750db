"""The communiqué's table for any period, counted from the queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.orm import Session

from serving.tables import DecisionRow, QueueRow, RaisedFlagRow

HOME = "MA"


@dataclass(frozen=True)
class Period:
    """A span of time; None has no end.

    :param since: Received at or after.
    :param until: Received before.
    """

    since: datetime | None = None
    until: datetime | None = None

    def apply(self, query: Select[Any]) -> Select[Any]:
        """Narrow a query over the queue."""
        if self.since is not None:
            query = query.where(QueueRow.received_at >= self.since)
        if self.until is not None:
            query = query.where(QueueRow.received_at < self.until)
        return query


def statistics(engine: Engine, period: Period) -> dict[str, Any]:
    """Count what came in and what became of it.

    A report counts under the category and priority of its last decision, and without one under
    the score's.

    :param engine: The store's database.
    :param period: Which reports.
    :return: ``reports``; ``by_category``, ``by_priority``, ``by_language``, ``by_status``,
        ``by_outcome`` and ``raised_flags``, each by code; ``identified``, ``from_abroad``, and
        ``reporter_unknown`` where the intake system said neither.
    """
    last = (
        select(DecisionRow.report_id, func.max(DecisionRow.id).label("id"))
        .group_by(DecisionRow.report_id)
        .subquery()
    )
    joined = (
        select()
        .select_from(QueueRow)
        .outerjoin(last, last.c.report_id == QueueRow.report_id)
        .outerjoin(DecisionRow, DecisionRow.id == last.c.id)
    )
    category = func.coalesce(DecisionRow.category, QueueRow.category)
    priority = func.coalesce(DecisionRow.priority, QueueRow.priority)
    with Session(engine) as session:

        def count(query: Any) -> dict[str, int]:  # noqa: ANN401 -- a Select of any columns
            rows = session.execute(period.apply(query)).all()
            known = [(str(code), number) for code, number in rows if code is not None]
            return dict(sorted(known))

        def grouped(column: Any) -> dict[str, int]:  # noqa: ANN401 -- any column expression
            return count(joined.add_columns(column, func.count()).group_by(column))

        def total(*conditions: Any) -> int:  # noqa: ANN401 -- any conditions
            query = select(func.count()).select_from(QueueRow).where(*conditions)
            return int(session.execute(period.apply(query)).scalar_one())

        flags = (
            select(RaisedFlagRow.flag, func.count())
            .join(QueueRow, QueueRow.report_id == RaisedFlagRow.report_id)
            .group_by(RaisedFlagRow.flag)
        )
        return {
            "reports": total(),
            "by_category": grouped(category),
            "by_priority": grouped(priority),
            "by_language": grouped(QueueRow.language),
            "by_status": grouped(QueueRow.status),
            "by_outcome": grouped(DecisionRow.outcome),
            "raised_flags": count(flags),
            "identified": total(QueueRow.identified.is_(True)),
            "from_abroad": total(QueueRow.country.is_not(None), QueueRow.country != HOME),
            "reporter_unknown": total(QueueRow.identified.is_(None), QueueRow.country.is_(None)),
        }


def by_group(
    by_category: Mapping[str, int], groups: Mapping[str, str | None]
) -> dict[str, dict[str, float]]:
    """Add categories up to the communiqué's rows.

    :param by_category: Reports by category.
    :param groups: Group of each category; None for what the communiqué does not count.
    :return: By group, the number of reports and its share of all that are in a group.
    """
    counts: dict[str, int] = {}
    for code, number in by_category.items():
        group = groups.get(code)
        if group is not None:
            counts[group] = counts.get(group, 0) + number
    total = sum(counts.values())
    return {
        group: {"reports": number, "share": round(number / total, 4)}
        for group, number in counts.items()
    }

"""The store's tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Base of all tables."""


class ReportRow(Base):
    """A report as it came, sealed where there is a key."""

    __tablename__ = "reports"

    report_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    encrypted: Mapped[bool]
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class ScoreRow(Base):
    """The score that a report was answered with."""

    __tablename__ = "scores"

    report_id: Mapped[str] = mapped_column(
        String(200), ForeignKey("reports.report_id", ondelete="CASCADE"), primary_key=True
    )
    model_version: Mapped[str] = mapped_column(String(100), index=True)
    score: Mapped[dict[str, Any]] = mapped_column(JSON)
    scored_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class QueueRow(Base):
    """What a reviewer's queue is ordered and filtered by; one row a scored report."""

    __tablename__ = "queue"
    __table_args__ = (Index("ix_queue_order", "status", "level", "received_at", "report_id"),)

    report_id: Mapped[str] = mapped_column(
        String(200), ForeignKey("reports.report_id", ondelete="CASCADE"), primary_key=True
    )
    status: Mapped[str] = mapped_column(String(20))
    level: Mapped[int]
    priority: Mapped[str | None] = mapped_column(String(20))
    category: Mapped[str] = mapped_column(String(100))
    language: Mapped[str] = mapped_column(String(20))
    triage: Mapped[bool]
    identified: Mapped[bool | None]
    country: Mapped[str | None] = mapped_column(String(2))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class RaisedFlagRow(Base):
    """A flag that a score raises."""

    __tablename__ = "raised_flags"

    flag: Mapped[str] = mapped_column(String(100), primary_key=True)
    report_id: Mapped[str] = mapped_column(
        String(200),
        ForeignKey("reports.report_id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    )


class DecisionRow(Base):
    """A reviewer's decision; a correction is a new row."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index("ix_decisions_report_id", "report_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    report_id: Mapped[str] = mapped_column(
        String(200), ForeignKey("reports.report_id", ondelete="CASCADE")
    )
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reviewer: Mapped[str] = mapped_column(String(200))
    model_version: Mapped[str] = mapped_column(String(100))
    category: Mapped[str] = mapped_column(String(100))
    priority: Mapped[str | None] = mapped_column(String(20))
    flags: Mapped[list[str]] = mapped_column(JSON)
    outcome: Mapped[str] = mapped_column(String(20))
    service: Mapped[str | None] = mapped_column(String(200))
    duplicate_of: Mapped[str | None] = mapped_column(String(200))
    note: Mapped[bytes | None] = mapped_column(LargeBinary)
    encrypted: Mapped[bool]

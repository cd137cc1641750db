"""The store's tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, LargeBinary, String
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

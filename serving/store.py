"""The store of reports and scores, in SQLite or PostgreSQL through SQLAlchemy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, make_url, select, text
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from data.errors import FieldError
from serving.encryption import ReportCipher
from serving.review import OPEN, Review
from serving.tables import QueueRow, RaisedFlagRow, ReportRow, ScoreRow

MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True)
class Stored:
    """A report's stored answer.

    :param content_hash: SHA-256 of the content that was scored.
    :param score: The score as answered.
    """

    content_hash: str
    score: dict[str, Any]


@dataclass(frozen=True)
class Scored:
    """A report with its new score, to be stored together.

    :param report_id: The intake system's id.
    :param content_hash: SHA-256 of ``content``.
    :param content: The report as canonical JSON.
    :param score: The score as it will be answered.
    """

    report_id: str
    content_hash: str
    content: bytes
    score: dict[str, Any]


class Store:
    """Reads and writes; every method is one transaction, and blocks.

    :param url: SQLAlchemy address of the database.
    :param cipher: Seals the reports.
    :raises FieldError: If the address is malformed or its driver is not installed.
    """

    def __init__(self, url: str, cipher: ReportCipher) -> None:
        self._cipher = cipher
        self.engine = _engine(url)
        self.review = Review(self.engine, cipher)
        """Queue and decisions, in the same database."""

    def migrate(self, revision: str = "head") -> None:
        """Bring the tables up to a version's form; what is stored stays.

        :param revision: Alembic's name of the form; the newest unless told.
        :raises SQLAlchemyError: If the database cannot be reached or changed.
        """
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self.engine.begin() as connection:
            if self.engine.dialect.name == "sqlite":
                # Or each table is committed by itself, and a migration that is cut off cannot be
                # repeated; workers that start together also wait for one another here.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            config.attributes["connection"] = connection
            command.upgrade(config, revision)

    def ping(self) -> None:
        """Ask the database for an answer.

        :raises SQLAlchemyError: If it gives none.
        """
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def find(self, report_ids: Sequence[str]) -> dict[str, Stored]:
        """Find the stored answers of reports.

        :param report_ids: At most a batch of ids.
        :return: By id, those that are stored.
        """
        query = (
            select(ReportRow.report_id, ReportRow.content_hash, ScoreRow.score)
            .join(ScoreRow, ScoreRow.report_id == ReportRow.report_id)
            .where(ReportRow.report_id.in_(report_ids))
        )
        with Session(self.engine) as session:
            return {
                row.report_id: Stored(row.content_hash, row.score) for row in session.execute(query)
            }

    def add(self, scored: Sequence[Scored]) -> bool:
        """Store reports with their scores, all or none.

        :param scored: Reports that ``find`` did not find.
        :return: False if another request stored one of them in the meantime; nothing is
            then stored, and ``find`` will see the other's.
        """
        now = datetime.now(UTC)
        try:
            with Session(self.engine) as session, session.begin():
                session.add_all(
                    ReportRow(
                        report_id=item.report_id,
                        content_hash=item.content_hash,
                        content=self._cipher.seal(item.content),
                        encrypted=self._cipher.encrypts,
                        received_at=now,
                    )
                    for item in scored
                )
                session.flush()
                session.add_all(
                    ScoreRow(
                        report_id=item.report_id,
                        model_version=item.score["model"]["version"],
                        score=item.score,
                        scored_at=now,
                    )
                    for item in scored
                )
                for item in scored:
                    session.add_all(_entry(item, now))
        except IntegrityError:
            return False
        return True

    def content(self, report_id: str) -> bytes | None:
        """Give a report as it came, or None where it is not stored.

        :raises FieldError: If no key of the ring opens it.
        """
        with Session(self.engine) as session:
            row = session.get(ReportRow, report_id)
            return None if row is None else self._cipher.open(row.content, row.encrypted)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _entry(item: Scored, now: datetime) -> list[QueueRow | RaisedFlagRow]:
    """Give what the queue keeps of a score."""
    score = item.score
    priority = score["priority"]
    reporter = json.loads(item.content).get("reporter") or {}
    entry = QueueRow(
        report_id=item.report_id,
        status=OPEN,
        level=list(priority["probabilities"]).index(priority["level"]) if priority else 0,
        priority=priority["level"] if priority else None,
        category=score["category"]["label"],
        language=score["language"]["code"],
        triage=score["needs_manual_triage"],
        identified=reporter.get("identified"),
        country=reporter.get("country"),
        received_at=now,
    )
    raised = [code for code, flag in score["flags"].items() if flag["raised"]]
    return [entry, *(RaisedFlagRow(flag=code, report_id=item.report_id) for code in raised)]


def _engine(url: str) -> Engine:
    try:
        address = make_url(url)
        if address.get_backend_name() == "sqlite":
            if address.database in (None, "", ":memory:"):
                raise FieldError(
                    "FARZ_DATABASE_URL", "names no file", "use for example sqlite:///var/farz.db"
                )
            Path(str(address.database)).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(address, pool_pre_ping=True, hide_parameters=True)
    except (ArgumentError, SQLAlchemyError, ModuleNotFoundError) as error:
        raise FieldError(
            "FARZ_DATABASE_URL",
            f"is no database address that this machine can use ({type(error).__name__})",
            "use for example sqlite:///var/farz.db",
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401 -- DB-API has no type
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()

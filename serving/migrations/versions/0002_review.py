"""The reviewers' queue, raised flags, and decisions."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _report_id(**options: Any) -> sa.Column[str]:  # noqa: ANN401 -- SQLAlchemy's own
    return sa.Column(
        "report_id",
        sa.String(200),
        sa.ForeignKey("reports.report_id", ondelete="CASCADE"),
        nullable=False,
        **options,
    )


def upgrade() -> None:
    entries = op.create_table(
        "queue",
        _report_id(primary_key=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("priority", sa.String(20)),
        sa.Column("category", sa.String(100), nullable=False),
        sa.Column("language", sa.String(20), nullable=False),
        sa.Column("triage", sa.Boolean, nullable=False),
        # Of reports that came before this version these two are not known: texts stay sealed.
        sa.Column("identified", sa.Boolean),
        sa.Column("country", sa.String(2)),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
    )
    order = ["status", "level", "received_at", "report_id"]
    op.create_index("ix_queue_order", "queue", order)
    op.create_index("ix_queue_received_at", "queue", ["received_at"])
    flags = op.create_table(
        "raised_flags",
        sa.Column("flag", sa.String(100), primary_key=True),
        _report_id(primary_key=True),
    )
    op.create_index("ix_raised_flags_report_id", "raised_flags", ["report_id"])
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        _report_id(),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewer", sa.String(200), nullable=False),
        sa.Column("model_version", sa.String(100), nullable=False),
        sa.Column("category", sa.String(100), nullable=False),
        sa.Column("priority", sa.String(20)),
        sa.Column("flags", sa.JSON, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("service", sa.String(200)),
        sa.Column("duplicate_of", sa.String(200)),
        sa.Column("note", sa.LargeBinary),
        sa.Column("encrypted", sa.Boolean, nullable=False),
        # A number that was once given is never given again.
        sqlite_autoincrement=True,
    )
    op.create_index("ix_decisions_report_id", "decisions", ["report_id", "id"])
    _fill(entries, flags)


def downgrade() -> None:
    op.drop_table("decisions")
    op.drop_table("raised_flags")
    op.drop_table("queue")


def _fill(entries: sa.Table, flags: sa.Table) -> None:
    """Put what was scored before into the queue."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT scores.report_id, scores.score, reports.received_at FROM scores "
            "JOIN reports ON reports.report_id = scores.report_id"
        ).columns(received_at=sa.DateTime(timezone=True))
    ).yield_per(500)
    for report_id, raw, received_at in rows:
        score = json.loads(raw) if isinstance(raw, str) else raw
        if "category" not in score:
            continue
        priority = score.get("priority")
        levels = list(priority["probabilities"]) if priority else []
        connection.execute(
            entries.insert().values(
                report_id=report_id,
                status="open",
                level=levels.index(priority["level"]) if priority else 0,
                priority=priority["level"] if priority else None,
                category=score["category"]["label"],
                language=score["language"]["code"],
                triage=score["needs_manual_triage"],
                received_at=received_at,
            )
        )
        for code, flag in score["flags"].items():
            if flag["raised"]:
                connection.execute(flags.insert().values(flag=code, report_id=report_id))

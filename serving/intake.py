"""What happens to reports that come in: find, score, store, answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from anyio import to_thread

from serving.engine import ScoringEngine
from serving.errors import Problem
from serving.schemas import ReportIn
from serving.store import Scored, Store

_ATTEMPTS = 3


def canonical(report: ReportIn) -> bytes:
    """Give a report's content, without its id, as the same bytes however it was sent."""
    content = report.model_dump(mode="json", exclude={"report_id"}, exclude_defaults=True)
    if not content.get("reporter", True):
        del content["reporter"]  # {} says as much as its absence
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


async def score_reports(
    reports: Sequence[ReportIn], engine: ScoringEngine, store: Store
) -> list[dict[str, Any]]:
    """Answer reports in order; the same id and content always gives the first answer.

    A score is stored before it is answered. Reports are taken or refused together.

    :param reports: Checked reports; an id may stand twice if its content is the same.
    :param engine: Scores what is new.
    :param store: Holds what was answered.
    :return: One score a report, as the API gives it.
    :raises Problem: 409 if an id is known with other content; 503 if too many wait.
    """
    contents = {}
    hashes: dict[str, str] = {}
    clashes = []
    for report in reports:
        content = canonical(report)
        digest = hashlib.sha256(content).hexdigest()
        if hashes.setdefault(report.report_id, digest) != digest:
            clashes.append(report.report_id)
        contents[report.report_id] = content
    _refuse(clashes, "stands twice in the batch with different content")
    for _ in range(_ATTEMPTS):
        found = await to_thread.run_sync(store.find, list(hashes))
        _refuse(
            [key for key, stored in found.items() if stored.content_hash != hashes[key]],
            "is stored with other content",
        )
        new = {r.report_id: r for r in reports if r.report_id not in found}
        scores = await engine.score([r.as_report() for r in new.values()]) if new else []
        scored = [
            Scored(key, hashes[key], contents[key], {"id": key, **score.as_dict()})
            for key, score in zip(new, scores, strict=True)
        ]
        if not scored or await to_thread.run_sync(store.add, scored):
            answers = {key: stored.score for key, stored in found.items()}
            answers |= {item.report_id: item.score for item in scored}
            return [answers[report.report_id] for report in reports]
    raise Problem(
        503,
        "contended",
        "other requests store the same ids; send it again",
        headers={"Retry-After": "1"},
    )


def _refuse(report_ids: Sequence[str], what: str) -> None:
    if report_ids:
        raise Problem(
            409,
            "conflict",
            f"report_id {', '.join(report_ids[:5])} {what}; nothing was stored",
            errors=[
                {
                    "field": "report_id",
                    "problem": f"{key!r} {what}",
                    "good": "send new content under a new id",
                }
                for key in report_ids
            ],
        )

"""Explanations: of a report that is sent, or of one that is stored."""

from __future__ import annotations

import json
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Body, Path

from serving.dependencies import EngineDep, KeyDep, StoreDep
from serving.errors import Problem, responses
from serving.examples import REPORTS
from serving.schemas import ExplanationOut, ReportIn

router = APIRouter(prefix="/v1", tags=["explaining"], dependencies=[KeyDep])


@router.post(
    "/explain", response_model=ExplanationOut, responses=responses(401, 413, 422, 500, 503)
)
async def explain(
    report: Annotated[ReportIn, Body(openapi_examples=REPORTS)], engine: EngineDep
) -> dict[str, Any]:
    """Explain how the live model would score a report; nothing is stored."""
    return {"id": report.report_id, **(await engine.explain(report.as_report())).as_dict()}


@router.get(
    "/scores/{report_id}/explanation",
    response_model=ExplanationOut,
    responses=responses(401, 404, 422, 500, 503),
)
async def stored_explanation(
    report_id: Annotated[str, Path(min_length=1, max_length=200)],
    engine: EngineDep,
    store: StoreDep,
) -> dict[str, Any]:
    """Explain a stored report by the live model, which ``model`` names."""
    content = await to_thread.run_sync(store.content, report_id)
    if content is None:
        raise Problem(404, "not-found", "No report is stored under this report_id")
    report = ReportIn(report_id=report_id, **json.loads(content))
    return {"id": report_id, **(await engine.explain(report.as_report())).as_dict()}

"""Scoring: one report, a batch, a stored score."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Body, Path

from serving.dependencies import EngineDep, KeyDep, StoreDep
from serving.errors import Problem, responses
from serving.examples import REPORTS
from serving.intake import score_reports
from serving.schemas import BatchIn, BatchOut, ReportIn, ScoreOut

router = APIRouter(prefix="/v1", tags=["scoring"], dependencies=[KeyDep])


@router.post("/score", response_model=ScoreOut, responses=responses(401, 409, 413, 422, 500, 503))
async def score(
    report: Annotated[ReportIn, Body(openapi_examples=REPORTS)], engine: EngineDep, store: StoreDep
) -> dict[str, Any]:
    """Score one report, store it, and answer with the score."""
    return (await score_reports([report], engine, store))[0]


@router.post(
    "/score/batch", response_model=BatchOut, responses=responses(401, 409, 413, 422, 500, 503)
)
async def score_batch(batch: BatchIn, engine: EngineDep, store: StoreDep) -> dict[str, Any]:
    """Score 1 to 256 reports, answered in order; they are taken or refused together."""
    return {"scores": await score_reports(batch.reports, engine, store)}


@router.get("/scores/{report_id}", response_model=ScoreOut, responses=responses(401, 404, 422, 500))
async def stored_score(
    report_id: Annotated[str, Path(min_length=1, max_length=200)], store: StoreDep
) -> dict[str, Any]:
    """Give the stored score of a report."""
    found = await to_thread.run_sync(store.find, [report_id])
    if report_id not in found:
        raise Problem(404, "not-found", "No score is stored under this report_id")
    return found[report_id].score

"""The reviewers' queue and decisions, and the statistics."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Path, Query

from serving.dependencies import KeyDep, StoreDep, TaxonomyDep
from serving.errors import Problem, invalid, responses
from serving.review import Filters, Reviewed, Stale
from serving.review_schemas import (
    DecisionIn,
    DecisionOut,
    EntryOut,
    QueueOut,
    ReviewOut,
    StatisticsOut,
    cursor_of,
    place_of,
)
from serving.schemas import REPORT_ID, LanguageCode, Moment
from serving.statistics import Period, by_group, statistics

router = APIRouter(prefix="/v1", tags=["review"], dependencies=[KeyDep])
ReportIdPath = Annotated[str, Path(min_length=1, max_length=200, pattern=REPORT_ID)]


@router.get("/queue", response_model=QueueOut, responses=responses(401, 422, 500, 503))
async def queue(
    store: StoreDep,
    taxonomy: TaxonomyDep,
    status: Literal["open", "second_opinion", "closed", "any"] = "open",
    priority: str | None = None,
    category: str | None = None,
    flag: str | None = None,
    language: LanguageCode | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    after: Annotated[str | None, Query(max_length=1000)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """List reports, the most urgent first, of the same urgency the longest waiting first."""
    _known("priority", priority, taxonomy.priority_codes)
    _known("category", category, taxonomy.category_codes)
    _known("flag", flag, taxonomy.flag_codes)
    try:
        place = None if after is None else place_of(after)
    except (ValueError, TypeError) as error:
        raise invalid("after", "is no place in this queue", "use the `next` of a page") from error
    filters = Filters(
        None if status == "any" else status, priority, category, flag, language, since, until
    )

    # One more than asked for tells whether there is a next page.
    def read() -> list[Any]:
        return store.review.page(filters, after=place, limit=limit + 1)

    found = await to_thread.run_sync(read)
    entries = [
        EntryOut.model_validate(
            {
                "report_id": entry.report_id,
                "status": entry.status,
                "received_at": entry.received_at,
                "score": entry.score,
            }
        )
        for entry in found[:limit]
    ]
    return {
        "entries": entries,
        "next": cursor_of(found[limit - 1]) if len(found) > limit else None,
    }


@router.post(
    "/scores/{report_id}/decision",
    response_model=ReviewOut,
    responses=responses(401, 404, 409, 413, 422, 500, 503),
)
async def decide(
    report_id: ReportIdPath, given: DecisionIn, store: StoreDep, taxonomy: TaxonomyDep
) -> ReviewOut:
    """Store a decision; a correction is a new one.

    Lowering the most urgent priority or dropping a raised flag asks for a second reviewer, who
    must come to the same end before the report is closed.
    """
    _known("category", given.category, taxonomy.category_codes)
    for flag in given.flags:
        _known("flags", flag, taxonomy.flag_codes)
    if taxonomy.priority_codes and given.priority is None:
        raise invalid("priority", "is missing", f"use one of {', '.join(taxonomy.priority_codes)}")
    _known("priority", given.priority, taxonomy.priority_codes)
    if given.duplicate_of is not None:
        if given.duplicate_of == report_id:
            raise invalid("duplicate_of", "is the report itself", "name the report it repeats")
        if await to_thread.run_sync(store.review.find, given.duplicate_of) is None:
            raise invalid("duplicate_of", "is not stored", "name a report that was scored")

    def write() -> Reviewed:
        return store.review.decide(
            report_id, given.reviewer, given.as_decision(), last_seen=given.last_seen
        )

    try:
        return _out(report_id, await to_thread.run_sync(write))
    except LookupError as error:
        raise _unknown() from error
    except Stale as error:
        who = (
            f"{error.reviewer} decided (decision {error.last})" if error.last else "No one decided"
        )
        raise Problem(
            409,
            "decided-meanwhile",
            f"{who}, and you did not see it; nothing was stored",
            errors=[
                {
                    "field": "last_seen",
                    "problem": f"is not {error.last}, the number of the last decision",
                    "good": f"read the history again, then send last_seen {error.last}",
                }
            ],
        ) from error


@router.get(
    "/scores/{report_id}/decisions",
    response_model=ReviewOut,
    responses=responses(401, 404, 422, 500, 503),
)
async def review(report_id: ReportIdPath, store: StoreDep) -> ReviewOut:
    """Give a report's status and all decisions about it."""
    found = await to_thread.run_sync(store.review.find, report_id)
    if found is None:
        raise _unknown()
    return _out(report_id, found)


@router.get("/statistics", response_model=StatisticsOut, responses=responses(401, 422, 500, 503))
async def count(
    store: StoreDep, taxonomy: TaxonomyDep, since: Moment | None = None, until: Moment | None = None
) -> dict[str, Any]:
    """Count reports of a period as the communiqué does."""
    counts = await to_thread.run_sync(statistics, store.engine, Period(since, until))
    groups = {label.code: label.group for label in taxonomy.categories}
    return {
        "since": since,
        "until": until,
        "by_group": by_group(counts["by_category"], groups),
        **counts,
    }


def _known(field: str, value: str | None, codes: tuple[str, ...] | list[str]) -> None:
    if value is not None and value not in codes:
        good = f"use one of {', '.join(codes)}" if codes else "leave it out: the model has none"
        # Not quoted back: a text may have been put there by mistake.
        raise invalid(field, "is not known", good)


def _out(report_id: str, found: Reviewed) -> ReviewOut:
    return ReviewOut.model_validate(
        {
            "report_id": report_id,
            "status": found.status,
            "decisions": [DecisionOut.of(decided) for decided in found.decisions],
        }
    )


def _unknown() -> Problem:
    return Problem(404, "not-found", "No report is stored under this report_id")

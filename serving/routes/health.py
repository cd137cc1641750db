"""Health: whether the process lives, and whether it can take work."""

from __future__ import annotations

from anyio import to_thread
from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError

from serving.dependencies import StoreDep
from serving.errors import Problem, responses
from serving.schemas import Health

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def live() -> Health:
    """Answer as long as the process lives."""
    return Health(status="ok")


@router.get("/readyz", responses=responses(503))
async def ready(store: StoreDep) -> Health:
    """Answer once the model is loaded and the store can be reached."""
    try:
        await to_thread.run_sync(store.ping)
    except SQLAlchemyError as error:
        raise Problem(
            503, "store-unreachable", "The store gives no answer", headers={"Retry-After": "5"}
        ) from error
    return Health(status="ok")

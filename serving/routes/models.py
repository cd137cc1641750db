"""Models: which one is live, and what it promises."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from serving.dependencies import KeyDep
from serving.errors import responses
from serving.schemas import ModelsOut

router = APIRouter(prefix="/v1", tags=["models"], dependencies=[KeyDep])


@router.get("/models", response_model=ModelsOut, responses=responses(401, 500))
async def models(request: Request) -> dict[str, Any]:
    """List the models that the service can use."""
    return {"models": [request.app.state.model_info]}

"""What routes need, named once."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Request

from data.taxonomy import Taxonomy
from serving.engine import ScoringEngine
from serving.errors import Problem
from serving.settings import Settings
from serving.store import Store


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _engine(request: Request) -> ScoringEngine:
    engine: ScoringEngine = request.app.state.engine
    return engine


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def _taxonomy(request: Request) -> Taxonomy:
    taxonomy: Taxonomy = request.app.state.engine.scorer.taxonomy
    return taxonomy


def require_key(request: Request) -> None:
    """Let a request through if it carries the key; in development only where one is set.

    :raises Problem: 401 if the key is missing or wrong.
    """
    expected = _settings(request).api_key
    if expected is None:
        return
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    matches = hmac.compare_digest(given.strip().encode(), expected.get_secret_value().encode())
    if scheme.lower() != "bearer" or not matches:
        raise Problem(
            401,
            "unauthorized",
            "Send the service's key in the header: Authorization: Bearer <key>",
            headers={"WWW-Authenticate": "Bearer"},
        )


EngineDep = Annotated[ScoringEngine, Depends(_engine)]
TaxonomyDep = Annotated[Taxonomy, Depends(_taxonomy)]
StoreDep = Annotated[Store, Depends(_store)]
KeyDep = Depends(require_key)

"""Builds the application."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.responses import RedirectResponse

from model.bundle import Manifest, Parts, load_bundle, scorer_of
from serving import errors
from serving.encryption import ReportCipher
from serving.engine import ScoringEngine
from serving.limits import BodyLimit
from serving.routes import explaining, health, models, review, scoring
from serving.settings import Settings
from serving.store import Store

logger = logging.getLogger("farz")


def create_app(settings: Settings) -> FastAPI:
    """Build the application: the model verified and loaded, the store brought up to date.

    :param settings: Checked settings.
    :return: The application, ready to serve.
    :raises BundleError: If the bundle is missing, altered or of an unknown format.
    :raises FieldError: If the database or the keys cannot be used.
    """
    manifest, parts = load_bundle(settings.model)
    scorer = scorer_of(manifest, parts, settings.class_shares)
    keys = settings.text_keys.get_secret_value() if settings.text_keys else None
    cipher = ReportCipher(keys)
    store = Store(settings.database_url, cipher)
    store.migrate()
    if settings.mode == "development":
        logger.warning("development mode: reports are stored%s", _unsafe(settings))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        store.close()

    app = FastAPI(
        title="Farz",
        version=version("farz"),
        summary="Proposes a category, a priority and flags for citizens' reports.",
        lifespan=lifespan,
        # The stock documentation pages load scripts from another host.
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.engine = ScoringEngine(scorer, settings.max_waiting)
    app.state.store = store
    app.state.model_info = _model_info(manifest, parts)
    app.add_middleware(BodyLimit, limit=settings.max_body_bytes)
    errors.install(app)
    for routes in (scoring.router, explaining.router, review.router, models.router, health.router):
        app.include_router(routes)
    errors.document(app)

    @app.get("/", include_in_schema=False)
    async def start() -> RedirectResponse:
        return RedirectResponse("/openapi.json")

    return app


def _unsafe(settings: Settings) -> str:
    missing = [
        what
        for what, value in (
            ("without encryption", settings.text_keys),
            ("any caller may score", settings.api_key),
        )
        if value is None
    ]
    return f" ({', '.join(missing)})" if missing else " encrypted, a key is required"


def _model_info(manifest: Manifest, parts: Parts) -> dict[str, Any]:
    return {
        "version": manifest.version,
        "digest": manifest.digest,
        "recipe": manifest.recipe,
        "created": manifest.created,
        "live": True,
        "categories": parts.taxonomy.category_codes,
        "priorities": parts.taxonomy.priority_codes,
        "flags": [code for code in parts.taxonomy.flag_codes if code in parts.thresholds.flags],
        "languages": parts.provenance.get("languages", []),
        "promises": {code: asdict(flag) for code, flag in parts.thresholds.flags.items()},
    }

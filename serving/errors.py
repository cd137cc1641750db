"""One error body for every failure: RFC 9457 problem details."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException as AnyHTTPException

from data.errors import FieldError

logger = logging.getLogger("farz")

MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """What is wrong with one field of the request."""

    field: str = Field(description="Path of the field.", examples=["reports.3.text"])
    problem: str = Field(description="What is wrong with it.", examples=["is empty or blank"])
    good: str = Field(description="A value that would be taken.", examples=["send what …"])


class ProblemBody(BaseModel):
    """The error body of every endpoint (RFC 9457)."""

    type: str = Field(description="Kind of problem.", examples=["urn:farz:problem:invalid-request"])
    title: str = Field(description="The kind in words.", examples=["Invalid request"])
    status: int = Field(description="HTTP status.", examples=[422])
    detail: str = Field(description="This occurrence in one sentence.")
    errors: list[FieldProblem] = Field(default_factory=list, description="Fields at fault.")


class Problem(Exception):
    """A failure that is answered to the client.

    :param status: HTTP status.
    :param kind: Last part of the problem's type.
    :param detail: This occurrence in one sentence, without any of a report's text.
    :param errors: Fields at fault, each with ``field``, ``problem`` and ``good``.
    :param headers: Headers of the answer.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.errors = [dict(error) for error in errors]
        self.headers = dict(headers or {})


class BodyTooLarge(HTTPException):
    """Raised while a body is read; only as an HTTPException does it pass FastAPI's reader whole.

    :param problem: What is answered.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.status, problem.detail)
        self.problem = problem


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the problem answers of a route for OpenAPI."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
        }
        for status in statuses
    }


def document(app: FastAPI) -> None:
    """Add the error body to the application's OpenAPI document."""
    build = app.openapi

    def openapi() -> dict[str, Any]:
        schema = build()
        _, problem = models_json_schema(
            [(ProblemBody, "serialization")], ref_template="#/components/schemas/{model}"
        )
        schema.setdefault("components", {}).setdefault("schemas", {}).update(problem["$defs"])
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


def install(app: FastAPI) -> None:
    """Make an application answer every failure with the one body."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(AnyHTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def answer(problem: Problem) -> JSONResponse:
    """Build the response of a problem."""
    body = {
        "type": f"urn:farz:problem:{problem.kind}",
        "title": problem.kind.replace("-", " ").capitalize(),
        "status": problem.status,
        "detail": problem.detail,
        "errors": problem.errors,
    }
    return JSONResponse(body, problem.status, problem.headers, MEDIA_TYPE)


async def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return answer(error)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    fields = [_field(detail) for detail in error.errors()]
    where = ", ".join(dict.fromkeys(field["field"] for field in fields))
    return answer(
        Problem(422, "invalid-request", f"The request is wrong in: {where}", errors=fields)
    )


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AnyHTTPException)
    if isinstance(error, BodyTooLarge):
        return answer(error.problem)
    if isinstance(error.__cause__, UnicodeDecodeError):
        cause = error.__cause__
        problem = f"is not UTF-8 (byte 0x{cause.object[cause.start]:02x} at position {cause.start})"
        fields = [{"field": "body", "problem": problem, "good": "send JSON in UTF-8"}]
        return answer(Problem(422, "invalid-request", "The body is not UTF-8", errors=fields))
    kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    return answer(Problem(error.status_code, kind, str(error.detail), headers=error.headers))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    # The class and place alone: a message may quote what a citizen wrote.
    trace, place = error.__traceback__, "unknown"
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    logger.error("%s in %s at %s", type(error).__name__, request.url.path, place)
    return answer(Problem(500, "internal-error", "The service failed; nothing was stored"))


def _field(detail: Mapping[str, Any]) -> dict[str, str]:
    """Name a field, its problem and a good value, without quoting what was sent."""
    path = ".".join(str(part) for part in detail["loc"] if part != "body") or "body"
    context = detail.get("ctx") or {}
    cause = context.get("error")
    if isinstance(cause, FieldError):
        return {"field": path, "problem": cause.problem, "good": cause.good}
    kind = detail["type"]
    problem = str(detail["msg"])
    if kind == "json_invalid":
        path, problem = "body", f"is not JSON ({context.get('error', 'unreadable')})"
    return {"field": path, "problem": problem, "good": _GOOD.get(kind, "see /openapi.json")}


_GOOD = {
    "missing": "send this field",
    "extra_forbidden": "leave this field out",
    "json_invalid": 'send for example {"report_id": "1", "text": "…"}',
    "too_short": "send 1 to 256 reports",
    "too_long": "send 1 to 256 reports",
    "string_pattern_mismatch": "use letters, digits and . _ : - only, for example 2024-000123",
    "string_type": "send text in quotes",
    "datetime_from_date_parsing": "use ISO 8601, for example 2024-10-11T09:30:00Z",
    "datetime_parsing": "use ISO 8601, for example 2024-10-11T09:30:00Z",
    "timezone_aware": "add the time zone, for example 2024-10-11T09:30:00Z",
}

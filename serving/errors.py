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
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data.errors import FieldError, shown

logger = logging.getLogger("farz")

MAX_ERRORS = 20
"""Fields named in one answer; further ones are counted."""
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


def invalid(field: str, what: str, good: str) -> Problem:
    """Say that one field of a request cannot be taken.

    :param field: Path of the field.
    :param what: What is wrong with it.
    :param good: A value that would be taken.
    """
    return Problem(
        422,
        "invalid-request",
        f"The request is wrong in: {field}",
        errors=[{"field": field, "problem": what, "good": good}],
    )


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
    app.add_middleware(AccidentGuard)


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
    found = error.errors()
    fields = [_field(detail) for detail in found[:MAX_ERRORS]]
    where = ", ".join(dict.fromkeys(field["field"] for field in fields))
    more = f" and {len(found) - MAX_ERRORS} more" if len(found) > MAX_ERRORS else ""
    return answer(
        Problem(422, "invalid-request", f"The request is wrong in: {where}{more}", errors=fields)
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
    if error.status_code == 400:  # FastAPI's word for JSON that its parser gave up on
        fields = [
            {
                "field": "body",
                "problem": "is no JSON that can be read",
                "good": _GOOD["json_invalid"],
            }
        ]
        return answer(Problem(422, "invalid-request", "The body cannot be read", errors=fields))
    kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    return answer(Problem(error.status_code, kind, str(error.detail), headers=error.headers))


class AccidentGuard:
    """Answers what nobody foresaw, and keeps exception messages out of the log.

    A handler registered for ``Exception`` would not do: Starlette raises the exception again
    after it, and the server then logs its message, which may quote what a citizen wrote.

    :param app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:  # noqa: BLE001 -- the last one to see it
            _log(scope.get("path", ""), error)
            if not started:
                await answer(_unexpected(error))(scope, receive, send)


def _unexpected(error: Exception) -> Problem:
    if isinstance(error, SQLAlchemyError):
        return Problem(
            503,
            "store-unreachable",
            "The store gives no answer; send it again",
            headers={"Retry-After": "5"},
        )
    return Problem(500, "internal-error", "The service failed; nothing was stored")


def _log(path: str, error: Exception) -> None:
    """Log the class and the place alone: a message may quote what a citizen wrote."""
    trace, place = error.__traceback__, "unknown"
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    logger.error("%s in %s at %s", type(error).__name__, path, place)


def _field(detail: Mapping[str, Any]) -> dict[str, str]:
    """Name a field, its problem and a good value, without quoting what was sent."""
    # A field that we do not know has a name that the client chose: cut it.
    parts = [shown(str(part), 40).strip("'") for part in detail["loc"] if part != "body"]
    path = ".".join(parts) or "body"
    context = detail.get("ctx") or {}
    cause = context.get("error")
    if isinstance(cause, FieldError):
        return {"field": path, "problem": cause.problem, "good": cause.good}
    kind = detail["type"]
    problem = str(detail["msg"])
    if kind == "json_invalid":
        path, problem = "body", f"is not JSON ({context.get('error', 'unreadable')})"
    good = _GOOD.get(kind, "see /openapi.json")
    if kind in ("too_short", "too_long") and path != "reports":
        good = f"send at most {context.get('max_length')} of them"
    if kind.startswith("string_too"):
        good = f"send {context.get('min_length', 1)} to {context.get('max_length', 200)} characters"
    if path.endswith("country"):
        good = "use two capital letters, for example MA"
    return {"field": path, "problem": problem, "good": good}


_GOOD = {
    "missing": "send this field",
    "model_attributes_type": "send a JSON object, with the header Content-Type: application/json",
    "dict_type": "send a JSON object, with the header Content-Type: application/json",
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

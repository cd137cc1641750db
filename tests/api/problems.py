"""One helper asserts the one error body, on every path that can fail."""

from __future__ import annotations

from typing import Any

from httpx import Response


def problem(answer: Response, status: int, *, field: str | None = None) -> dict[str, Any]:
    """Check that an answer is the one error body, and give it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert body["type"].startswith("urn:farz:problem:")
    assert body["status"] == status
    assert body["title"] and body["detail"]
    for error in body["errors"]:
        assert set(error) == {"field", "problem", "good"}
        assert all(error.values())
    if field is not None:
        assert field in [error["field"] for error in body["errors"]]
    return body

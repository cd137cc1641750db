"""A ceiling on the size of a request's body."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.errors import BodyTooLarge, Problem, answer


class BodyLimit:
    """Refuse bodies above a size, whether they say their length or not.

    :param app: The application.
    :param limit: Largest body, in bytes.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._limit:
            await answer(self._refusal())(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._limit:
                raise BodyTooLarge(self._refusal())
            return message

        await self._app(scope, counted, send)

    def _refusal(self) -> Problem:
        too_large = f"is above {self._limit:,} bytes"
        return Problem(
            413,
            "body-too-large",
            f"The body {too_large}; nothing was stored",
            errors=[{"field": "body", "problem": too_large, "good": "send fewer reports at once"}],
            headers={"Connection": "close"},
        )

"""A ceiling on the size of a request's body."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.errors import Problem, answer


class _TooLarge(Exception):
    pass


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
        started = False
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._limit:
                raise _TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            if declared.isdigit() and int(declared) > self._limit:
                raise _TooLarge
            await self._app(scope, counted, noted)
        except _TooLarge:
            if started:
                raise
            problem = Problem(
                413,
                "body-too-large",
                f"The body is above {self._limit:,} bytes; send fewer reports at once",
                errors=[
                    {
                        "field": "body",
                        "problem": f"is above {self._limit:,} bytes",
                        "good": "send fewer or shorter reports",
                    }
                ],
                headers={"Connection": "close"},
            )
            await answer(problem)(scope, receive, send)

"""Runs the service, and says how to use it once it listens."""

from __future__ import annotations

import socket

import uvicorn
from rich.console import Console

from serving.app import create_app
from serving.settings import Settings

FIRST_REPORT = '{"report_id": "first-1", "text": "On m\'a volé mon compte WhatsApp hier soir"}'


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            address = self.servers[0].sockets[0].getsockname()
            host = f"[{address[0]}]" if ":" in address[0] else address[0]
            where = f"http://{host}:{address[1]}"
            key = ' -H "Authorization: Bearer $FARZ_API_KEY"' if self.keyed else ""
            body = FIRST_REPORT.replace("'", "\\u0027")
            Console(stderr=True, soft_wrap=True).print(
                f"Farz listens on {where}. Score a first report:\n"
                f"  curl {where}/v1/score -H 'Content-Type: application/json'{key} -d '{body}'",
                markup=False,
                highlight=False,
            )

    keyed = False


def run(settings: Settings) -> None:
    """Serve until stopped.

    :param settings: Checked settings.
    :raises BundleError: If the bundle cannot be served; nothing listens then.
    :raises FieldError: If the database or the keys cannot be used.
    """
    server = _Server(
        uvicorn.Config(
            create_app(settings),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            server_header=False,
        )
    )
    server.keyed = settings.api_key is not None
    server.run()

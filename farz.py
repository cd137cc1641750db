"""The ``farz`` command: composes the house's rooms, importing each only when it is used."""

from __future__ import annotations

import typer

from commands import bundles, datasets, explaining, fitting, measuring, scoring, service

app = typer.Typer(
    help="Sort citizens' reports to a cybercrime portal: category, priority and flags.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for part in (scoring, explaining, fitting, measuring, service):
    app.add_typer(part.app)
app.add_typer(datasets.app, name="data")
app.add_typer(bundles.app, name="models")
app.add_typer(fitting.encoder, name="encoder")

if __name__ == "__main__":
    app()

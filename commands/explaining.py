"""Explain a score."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from commands.options import DEFAULT_MODEL, ModelOption
from commands.terminal import emit, err, kind_errors

if TYPE_CHECKING:
    from model.score import Score

app = typer.Typer()


@app.command()
def explain(
    text: Annotated[str, typer.Argument(help="A report's text; - reads it from the input.")],
    model: ModelOption = DEFAULT_MODEL,
) -> None:
    """Show which words made the model answer as it does."""
    with kind_errors():
        from data.records import Report, check_text
        from model.bundle import load_scorer
        from model.explanation import explain as run

        given = sys.stdin.read() if text == "-" else text
        report = Report(check_text(given))
        found = run(load_scorer(model), report)
    table = Table("answer", "words that speak for it", "words that speak against it")
    for name, words in found.answers.items():
        sides = [
            [
                f"{report.text[word.start : word.end]} {word.contribution:+.2f}"
                for word in words
                if (word.contribution > 0) is speaks_for
            ]
            for speaks_for in (True, False)
        ]
        label = _answer(found.score, name)
        table.add_row(f"{name} {label}".strip(), *(escape(", ".join(side[:6])) for side in sides))
    for reason in found.score.priority.reasons if found.score.priority else ():
        table.add_row(f"rule {reason.code}", escape(reason.text), "")
    err().print(table)
    emit(found.as_dict())


def _answer(score: Score, name: str) -> str:
    if name == "category":
        return f"{score.category.label} ({score.category.probability:.2f})"
    if name == "priority" and score.priority is not None:
        # The words are those of the model's own level; rules that raised it follow in the table.
        return score.priority.own or score.priority.level
    code = name.removeprefix("flag:")
    return f"({score.flags[code].probability:.2f})"

"""What the command line prints: progress, answers, and errors as sentences."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")

_FINETUNE = ("torch", "transformers", "onnx", "onnx_ir", "wordfreq")
"""Packages that come with the extra ``finetune`` alone."""


@contextmanager
def kind_errors() -> Iterator[None]:
    """Print an expected error as one sentence and exit with status 2; let the others through."""
    from data.errors import FieldError
    from model.bundle import BundleError

    try:
        yield
    except ModuleNotFoundError as error:
        extra = "train,finetune" if error.name in _FINETUNE else "serve,train"
        err().print(
            f"This command needs the package {error.name}; "
            f"install it with: pip install 'farz[{extra}]'",
            markup=False,
        )
        raise typer.Exit(2) from error
    except (FieldError, BundleError, OSError) as error:
        err().print(f"error: {error}", markup=False, style="red")
        raise typer.Exit(2) from error


@contextmanager
def bar(what: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """Show a progress bar with the time left.

    :param what: What is going on.
    :param total: Steps in all; None where they are not known.
    :return: A context that gives a function to call as steps are done.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=err(), transient=True) as progress:
        task = progress.add_task(what, total=total)

        def advance(
            steps: int = 1, step: str = "", done: int | None = None, total: int | None = None
        ) -> None:
            label = f"{what} {step}".strip()
            if done is None:
                progress.update(task, advance=steps, description=label)
            else:
                progress.update(task, completed=done, total=total, description=label)

        yield advance


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut items into lists of at most ``size``."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def err() -> Console:
    """Give the console for what is no answer."""
    return Console(stderr=True)


def emit(value: object) -> None:
    """Print an answer as JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))

"""What cannot be run is said in its cell of the table, neither an error nor left out."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec


class Skip(Exception):
    """A contender or a task cannot be run here; the message says what it takes."""


def require(modules: Sequence[str], extra: str) -> None:
    """Refuse to go on without some modules.

    :param modules: Names of top-level modules.
    :param extra: Extra of the project that installs them.
    :raises Skip: If one is missing, with the command that installs it.
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise Skip(f"pip install 'farz[{extra}]' (no {', '.join(missing)})")

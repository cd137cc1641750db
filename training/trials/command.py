"""The options and the form of the results that all trials share."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.labelled import expand
from data.provenance import provenance


def arguments(description: str | None, given: Sequence[str] | None = None) -> argparse.Namespace:
    """Read ``--data``, ``--validation`` and ``--out`` from the command line.

    :param description: What the trial does.
    :param given: Arguments; None takes the command line's.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--validation", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(given)


def write(
    given: argparse.Namespace,
    title: str,
    trials: Sequence[dict[str, Any]],
    *,
    records: int,
    validation_records: int,
) -> None:
    """Write trials with where they come from, in the form that the results page reads."""
    done = provenance(expand(given.data), Path(__file__).parent) | {
        "title": title,
        "records": records,
        "validation_records": validation_records,
        "trials": trials,
    }
    given.out.write_text(json.dumps(done, ensure_ascii=False, indent=1) + "\n", "utf-8")

"""The options that all trials share."""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(description: str | None) -> argparse.Namespace:
    """Read ``--data``, ``--validation`` and ``--out`` from the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--validation", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()

"""Where a bundle comes from: enough to make it again, or to prove that it was not."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

_PACKAGES = (
    "farz",
    "numpy",
    "scipy",
    "scikit-learn",
    "onnxruntime",
    "tokenizers",
    "py3langid",
    "datasets",
)


def provenance(paths: Sequence[Path], root: Path) -> dict[str, Any]:
    """Describe the data, the code and the machine of a training run.

    :param paths: The data files read.
    :param root: Folder of the code, for the commit.
    :return: Plain data: hashes by file name, commit, package versions, processor.
    """
    return {
        "data": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(paths)
        },
        "code": commit(root),
        "packages": {name: version(name) for name in _PACKAGES},
        "python": platform.python_version(),
        "machine": machine(),
    }


def commit(root: Path) -> str:
    """Name the commit of the code, with ``+changes`` where files differ from it.

    Results of earlier runs are no code: a series of trials may lie there uncommitted.
    """
    try:
        head = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--", ":/", ":!/evaluation/results")
        return head + ("+changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown (no repository)"


def machine() -> str:
    """Describe the processor and the number of cores in use."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return f"{model}, {len(os.sched_getaffinity(0))} cores"


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, check=True, text=True
    ).stdout.strip()

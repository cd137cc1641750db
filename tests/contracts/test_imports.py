"""The direction of the house: who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

MAY_IMPORT = {
    "data": set(),
    "model": {"data"},
    "training": {"data", "model"},
    "evaluation": {"data", "model"},
    "serving": {"data", "model"},
}
# Not pandas and pyarrow: scikit-learn loads them by itself where they happen to be installed.
OPTIONAL = ("torch", "transformers", "onnx_ir")
"""Of the extra ``finetune``, which `make test` does without."""
HEAVY = (*OPTIONAL, "onnx", "wordfreq", "datasets", "datasketch", "matplotlib")


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_a_folder_imports_only_what_lies_before_it(folder: str):
    files = list((ROOT / folder).rglob("*.py"))
    assert files
    for path in files:
        ours = imported(path) & {*MAY_IMPORT, "commands", "farz", "tests"}
        assert ours - {folder} <= MAY_IMPORT[folder], path.relative_to(ROOT)


def loaded_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(' '.join(m for m in sys.modules if '.' not in m))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True, cwd=ROOT
    )
    return set(done.stdout.split())


def test_serving_a_score_loads_no_training_package(bundle: Path, tmp_path: Path):
    code = f"""
from pathlib import Path
from serving.app import create_app
from serving.settings import Settings
from data.records import Report
app = create_app(Settings(model=Path({str(bundle)!r}), database_url="sqlite:///{tmp_path}/x.db"))
assert app.state.engine.scorer.score([Report("On m'a volé mon compte")])
"""
    loaded = loaded_by(code)
    assert "fastapi" in loaded
    assert not loaded & {*HEAVY, "training", "evaluation"}


def test_the_command_line_loads_nothing_until_it_is_used():
    assert not loaded_by("import farz") & {*HEAVY, "numpy", "sklearn", "fastapi", *MAY_IMPORT}


def test_importing_a_module_does_nothing(tmp_path: Path):
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for folder in MAY_IMPORT
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts
    ]
    code = (
        f"import sys, os; sys.path.insert(0, {str(ROOT)!r}); import importlib\n"
        f"for name in {modules!r}:\n"
        "    try: importlib.import_module(name.removesuffix('.__init__'))\n"
        "    except ModuleNotFoundError as error:\n"
        f"        if error.name not in {OPTIONAL!r}: raise\n"
        "assert os.listdir() == [], os.listdir()"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""

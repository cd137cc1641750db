"""Small promises that documents and tree make to each other."""

from __future__ import annotations

import re
import tomllib

import pytest

from serving.settings import Settings
from tests.conftest import ROOT

FOLDERS = ("data", "model", "training", "evaluation", "serving")
README = ROOT / "README.md"


def test_no_module_is_longer_than_a_reader_can_hold():
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in (*FOLDERS, "tests")
        for path in (ROOT / folder).rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


def test_no_module_is_a_drawer_for_everything():
    names = {p.stem for folder in FOLDERS for p in (ROOT / folder).rglob("*.py")}
    assert not names & {"utils", "util", "helpers", "misc", "common"}


def test_the_readmes_make_targets_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"`make ([a-z-]+)`", README.read_text(encoding="utf-8")))
    assert {"run", "test"} <= named <= targets
    assert {"setup", "run", "test", "lint", "train", "evaluate", "bench"} <= targets


def test_the_readmes_commands_exist():
    from typer.main import get_command

    from farz import app

    tree = get_command(app)
    named = re.findall(r"^farz ([a-z]+)(?: ([a-z-]+))?", README.read_text(encoding="utf-8"), re.M)
    assert len(named) >= 4
    for first, second in named:
        assert first in tree.commands, first
        inner = getattr(tree.commands[first], "commands", None)
        assert inner is None or second in inner, second


def test_every_setting_is_documented():
    guide = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for name in Settings.model_fields:
        assert f"`FARZ_{name.upper()}`" in guide, name


def test_every_route_and_error_is_documented(client):
    guide = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in guide, path


def test_serving_is_installed_without_training_packages():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    light = [*project["dependencies"], *project["optional-dependencies"]["serve"]]
    names = {re.split(r"[><=\[]", entry)[0] for entry in light}
    assert not names & {"torch", "transformers", "datasets", "matplotlib", "datasketch"}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"])
def test_what_a_newcomer_looks_for_is_there(name: str):
    assert len((ROOT / name).read_text(encoding="utf-8")) > 200


def test_the_results_page_says_what_its_files_say():
    from evaluation.results_page import RESULTS, render

    assert (RESULTS / "README.md").read_text(encoding="utf-8") == render()
    assert len(list(RESULTS.glob("*.json"))) >= 3


def test_no_result_holds_a_place_of_one_machine():
    for path in (ROOT / "evaluation" / "results").iterdir():
        assert "/home/" not in path.read_text(encoding="utf-8")


def test_the_model_card_is_of_the_released_bundle_and_its_report():
    from evaluation.card import render_card

    card = (ROOT / "docs" / "model-card.md").read_text(encoding="utf-8")
    report = ROOT / "evaluation" / "results" / "validation.json"
    assert card == render_card(ROOT / "model" / "released", report)
    assert "These figures are of another bundle" not in card

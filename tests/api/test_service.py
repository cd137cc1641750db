from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from data.errors import FieldError
from model.bundle import BundleError
from model.scorer import Scorer
from serving.app import create_app
from serving.engine import ScoringEngine
from serving.errors import Problem
from serving.settings import Settings
from tests.api.conftest import KEY
from tests.api.problems import problem

OPEN = {"/healthz", "/readyz", "/openapi.json", "/"}


def api_routes(client: TestClient) -> list[tuple[str, str]]:
    paths = client.get("/openapi.json").json()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def test_every_route_of_the_api_needs_the_key(guarded: TestClient):
    checked = 0
    for method, path in api_routes(guarded):
        if path in OPEN:
            continue
        where = path.replace("{report_id}", "r-1")
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {KEY}"}):
            answer = guarded.request(method, where, headers=headers, json={})
            problem(answer, 401)
            assert answer.headers["www-authenticate"] == "Bearer"
        checked += 1
    assert checked >= 4


def test_the_key_opens(guarded: TestClient):
    headers = {"authorization": f"Bearer {KEY}"}
    body = {"report_id": "r-1", "text": "Bonjour"}
    assert guarded.post("/v1/score", json=body, headers=headers).status_code == 200
    assert guarded.get("/v1/scores/r-1", headers=headers).status_code == 200


def test_a_key_beyond_ascii_is_wrong_rather_than_an_accident(guarded: TestClient):
    problem(guarded.get("/v1/models", headers={"authorization": "Bearer clé".encode()}), 401)


def test_health_needs_no_key(guarded: TestClient):
    assert guarded.get("/healthz").json() == {"status": "ok"}
    assert guarded.get("/readyz").json() == {"status": "ok"}


def test_reports_lie_encrypted_in_production(guarded: TestClient, tmp_path: Path):
    headers = {"authorization": f"Bearer {KEY}"}
    guarded.post("/v1/score", json={"report_id": "r-1", "text": "unmistakable"}, headers=headers)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("farz.db*"))
    assert b"r-1" in stored
    assert b"unmistakable" not in stored


def test_readiness_tells_when_the_store_is_gone(client: TestClient, monkeypatch):
    def gone() -> None:
        raise OperationalError("SELECT 1", {}, Exception("no"))

    monkeypatch.setattr(client.app.state.store, "ping", gone)
    answer = client.get("/readyz")
    problem(answer, 503)
    assert answer.headers["retry-after"]
    assert client.get("/healthz").status_code == 200


def test_models_says_what_is_live_and_what_it_promises(client: TestClient):
    (model,) = client.get("/v1/models").json()["models"]
    assert model["live"] is True
    assert model["digest"].startswith("sha256:")
    assert len(model["categories"]) == 11
    promise = model["promises"]["child_grooming"]
    assert promise["max_miss_rate"] == 0.02
    assert promise["holds"] is False  # eight positives promise nothing


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda b: (b / "heads.safetensors").unlink(), "heads.safetensors is missing"),
        (lambda b: (b / "thresholds.json").write_text("{}"), "thresholds.json was altered"),
        (shutil.rmtree, "manifest.json is missing"),
    ],
)
def test_it_refuses_to_start_on_a_broken_bundle(bundle: Path, tmp_path: Path, damage, named: str):
    copy = Path(shutil.copytree(bundle, tmp_path / "copy"))
    damage(copy)
    with pytest.raises(BundleError, match=named):
        create_app(Settings(model=copy, database_url=f"sqlite:///{tmp_path}/farz.db"))


def test_it_refuses_to_start_on_a_database_that_it_cannot_use(bundle: Path):
    with pytest.raises(FieldError, match="FARZ_DATABASE_URL"):
        create_app(Settings(model=bundle, database_url="nonsense"))


@contextmanager
def limited(bundle: Path, tmp_path: Path, limit: int) -> Iterator[TestClient]:
    settings = Settings(
        model=bundle, database_url=f"sqlite:///{tmp_path}/farz.db", max_body_bytes=limit
    )
    with TestClient(create_app(settings), raise_server_exceptions=False) as opened:
        yield opened


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_above_the_limit_is_refused_whether_it_says_so_or_not(
    bundle: Path, tmp_path: Path, declared: bool
):
    def pieces() -> Iterator[bytes]:
        yield from [b" " * 1000] * 3

    with limited(bundle, tmp_path, 2048) as client:
        content = b" " * 3000 if declared else pieces()
        answer = client.post(
            "/v1/score", content=content, headers={"content-type": "application/json"}
        )
        problem(answer, 413, field="body")
        small = client.post("/v1/score", json={"report_id": "r-1", "text": "Bonjour"})
        assert small.status_code == 200


def test_a_queue_never_grows_past_its_limit(scorer: Scorer):
    async def crowd() -> list[object]:
        engine = ScoringEngine(scorer, max_waiting=3)
        outcomes: list[object] = []

        async def one() -> None:
            from data.records import Report

            try:
                outcomes.append(await engine.score([Report("Bonjour")] * 50))
            except Problem as refused:
                outcomes.append(refused)

        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(one)
        outcomes.append(await engine.score([]))  # and takes work again afterwards
        return outcomes

    outcomes = anyio.run(crowd)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
    assert len(refused) == 5
    assert all(problem.status == 503 and problem.headers["Retry-After"] for problem in refused)
    assert outcomes[-1] == []


def test_the_setting_limits_the_queue(bundle: Path, tmp_path: Path):
    settings = Settings(model=bundle, database_url=f"sqlite:///{tmp_path}/x.db", max_waiting=1)
    app = create_app(settings)
    app.state.engine._waiting = 1  # one request is being scored
    with TestClient(app) as client:
        answer = client.post("/v1/score", json={"report_id": "r-1", "text": "Bonjour"})
    problem(answer, 503)
    assert answer.headers["retry-after"] == "2"


def test_an_accident_is_answered_bare_and_logged_without_the_text(
    client: TestClient, monkeypatch, caplog: pytest.LogCaptureFixture
):
    def broken(reports: list) -> None:
        raise ValueError(f"cannot read {reports[0].text}")

    monkeypatch.setattr(client.app.state.engine, "scorer", type("S", (), {"score": broken})())
    monkeypatch.setattr(client.app.state.engine.scorer, "score", broken, raising=False)
    with caplog.at_level(logging.DEBUG):
        answer = client.post("/v1/score", json={"report_id": "r-1", "text": "unmistakable"})
    body = problem(answer, 500)
    assert body["detail"] == "The service failed; nothing was stored"
    assert "ValueError" in caplog.text
    assert "unmistakable" not in caplog.text
    assert "unmistakable" not in answer.text


def test_an_accident_is_not_raised_again_for_the_server_to_log(
    bundle: Path, tmp_path: Path, monkeypatch
):
    settings = Settings(model=bundle, database_url=f"sqlite:///{tmp_path}/x.db")
    with TestClient(create_app(settings), raise_server_exceptions=True) as client:
        monkeypatch.setattr(client.app.state, "engine", None)
        body = {"report_id": "r-1", "text": "unmistakable"}
        problem(client.post("/v1/score", json=body), 500)


def test_a_store_that_fails_is_503(client: TestClient, monkeypatch):
    def gone(_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(client.app.state.store, "add", gone)
    answer = client.post("/v1/score", json={"report_id": "r-1", "text": "Bonjour"})
    problem(answer, 503)
    assert answer.headers["retry-after"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("GET", "/v1/score", 405), ("DELETE", "/v1/models", 405)],
)
def test_what_is_not_there_has_the_same_body(
    client: TestClient, method: str, path: str, status: int
):
    problem(client.request(method, path), status)


def test_the_document_shows_examples_in_four_languages_and_the_error_body(client: TestClient):
    document = client.get("/openapi.json").json()
    content = document["paths"]["/v1/score"]["post"]["requestBody"]["content"]
    assert list(content["application/json"]["examples"]) == [
        "français",
        "العربية",
        "English",
        "español",
    ]
    problems = document["components"]["schemas"]["ProblemBody"]
    assert set(problems["properties"]) == {"type", "title", "status", "detail", "errors"}
    for path, methods in document["paths"].items():
        for operation in methods.values():
            failing = {code for code in operation["responses"] if code >= "400"}
            for code in failing:
                assert "application/problem+json" in operation["responses"][code]["content"], path


def test_every_route_is_in_the_document(client: TestClient):
    routes = set()
    for entry in client.app.routes:
        inside = entry.original_router.routes if hasattr(entry, "original_router") else [entry]
        routes |= {route.path for route in inside if isinstance(route, APIRoute)}
    assert "/v1/score" in routes
    assert routes - {"/"} == set(client.get("/openapi.json").json()["paths"])

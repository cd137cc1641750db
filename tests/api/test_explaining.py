from __future__ import annotations

from fastapi.testclient import TestClient

from tests.api.problems import problem

TEXT = "👍 Il dit qu'il vient ce soir avec un couteau chez ma soeur"
REPORT = {"report_id": "e-1", "text": TEXT}


def telling(answer: dict, name: str, parts: dict[str, str]) -> list[str]:
    words = answer["answers"][name]
    return [parts[w["part"]][w["start"] : w["end"]] for w in words if w["contribution"] > 0]


def test_a_report_is_explained_and_not_stored(client: TestClient):
    answer = client.post("/v1/explain", json=REPORT)
    assert answer.status_code == 200
    words = telling(answer.json(), "flag:imminent_danger", {"text": TEXT})
    assert {"couteau", "soir"} & {*words[:4]}
    assert problem(client.get("/v1/scores/e-1"), 404)


def test_a_stored_report_is_explained_as_if_it_were_sent_again(client: TestClient):
    report = {**REPORT, "quoted_content": ["ok"], "submitted_at": "2026-11-24T10:00:00Z"}
    score = client.post("/v1/score", json=report).json()
    stored = client.get("/v1/scores/e-1/explanation")
    assert stored.status_code == 200
    assert stored.json() == client.post("/v1/explain", json=report).json()
    assert stored.json()["model"] == score["model"]
    assert stored.json()["reasons"] == score["priority"]["reasons"]


def test_what_is_not_stored_cannot_be_explained(client: TestClient):
    problem(client.get("/v1/scores/none/explanation"), 404)


def test_a_report_that_cannot_be_scored_cannot_be_explained(client: TestClient):
    problem(client.post("/v1/explain", json={"report_id": "e-1", "text": " "}), 422, field="text")

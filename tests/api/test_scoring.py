from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from model.bundle import load_scorer
from serving.examples import REPORTS
from tests.api.problems import problem
from tests.conftest import VALIDATION

TEXT = "Il dit qu'il vient ce soir avec un couteau chez ma soeur"


def test_a_report_is_scored_as_the_engine_scores_it(client: TestClient, bundle: Path):
    from data.records import Report

    answer = client.post("/v1/score", json={"report_id": "r-1", "text": TEXT})
    assert answer.status_code == 200
    (score,) = load_scorer(bundle).score([Report(TEXT)])
    assert answer.json() == json.loads(json.dumps({"id": "r-1", **score.as_dict()}))
    assert answer.json()["category"]["label"] == "violence_threats"
    assert answer.json()["flags"]["imminent_danger"]["raised"] is True


def test_the_same_report_again_gives_the_stored_answer(client: TestClient):
    body = {"report_id": "r-1", "text": TEXT, "urls": ["example.com"]}
    first = client.post("/v1/score", json=body).json()
    # However it is spelled on the wire: other key order, escapes, a default given.
    spelled = json.dumps({"quoted_content": [], **dict(reversed(body.items()))}, ensure_ascii=True)
    client.app.state.engine = None  # the engine is not asked again
    again = client.post("/v1/score", content=spelled, headers={"content-type": "application/json"})
    assert again.json() == first
    assert client.get("/v1/scores/r-1").json() == first


@pytest.mark.parametrize(
    "change",
    [
        {"text": TEXT + "."},
        {"quoted_content": ["autre"]},
        {"submitted_at": "2024-10-11T09:30:00Z"},
        {"language": "fr"},
        {"reporter": {"identified": True}},
    ],
)
def test_the_same_id_with_other_content_is_a_conflict(client: TestClient, change: dict):
    body = {"report_id": "r-1", "text": TEXT}
    first = client.post("/v1/score", json=body).json()
    body = problem(client.post("/v1/score", json={**body, **change}), 409, field="report_id")
    assert "'r-1' is stored with other content" in body["errors"][0]["problem"]
    assert client.get("/v1/scores/r-1").json() == first


def test_times_that_mean_the_same_are_the_same_content(client: TestClient):
    body = {"report_id": "r-1", "text": TEXT}
    for moment in ("2024-10-11T09:30:00Z", "2024-10-11T10:30:00+01:00"):
        sent = {**body, "submitted_at": moment, "reporter": {}}
        assert client.post("/v1/score", json=sent).status_code == 200
    sent = {**body, "submitted_at": "2024-10-11T10:30:00Z"}
    problem(client.post("/v1/score", json=sent), 409)


def test_a_batch_is_answered_in_order_and_like_single_reports(client: TestClient):
    texts = ["Bonjour, quels sont vos horaires", TEXT, "كاين واحد كيبيع القرقوبي", "hello"]
    reports = [{"report_id": f"b-{i}", "text": text} for i, text in enumerate(texts)]
    scores = client.post("/v1/score/batch", json={"reports": reports}).json()["scores"]
    assert [score["id"] for score in scores] == [f"b-{i}" for i in range(4)]
    for i, text in enumerate(texts):
        alone = client.post("/v1/score", json={"report_id": f"s-{i}", "text": text}).json()
        assert alone["category"]["label"] == scores[i]["category"]["label"]
        assert alone["category"]["probability"] == pytest.approx(
            scores[i]["category"]["probability"], abs=1e-4
        )


@pytest.mark.parametrize("count", [0, 257])
def test_a_batch_of_none_or_too_many_is_refused(client: TestClient, count: int):
    reports = [{"report_id": f"b-{i}", "text": TEXT} for i in range(count)]
    body = problem(client.post("/v1/score/batch", json={"reports": reports}), 422, field="reports")
    assert body["errors"][0]["good"] == "send 1 to 256 reports"


def test_a_batch_of_256_is_taken(client: TestClient):
    reports = [{"report_id": f"b-{i}", "text": f"{TEXT} {i}"} for i in range(256)]
    scores = client.post("/v1/score/batch", json={"reports": reports}).json()["scores"]
    assert [score["id"] for score in scores] == [f"b-{i}" for i in range(256)]


def test_an_id_may_stand_twice_in_a_batch_only_with_the_same_content(client: TestClient):
    report = {"report_id": "b-1", "text": TEXT}
    twice = client.post("/v1/score/batch", json={"reports": [report, report]}).json()["scores"]
    assert twice[0] == twice[1]
    other = {"report_id": "c-1", "text": "autre"}
    clash = [other, {**other, "text": "encore autre"}]
    body = problem(client.post("/v1/score/batch", json={"reports": clash}), 409, field="report_id")
    assert "stands twice in the batch" in body["errors"][0]["problem"]
    problem(client.get("/v1/scores/c-1"), 404)


def test_one_bad_report_refuses_the_batch_and_nothing_is_stored(client: TestClient):
    reports = [{"report_id": "b-1", "text": TEXT}, {"report_id": "b-2", "text": " "}]
    problem(client.post("/v1/score/batch", json={"reports": reports}), 422, field="reports.1.text")
    problem(client.get("/v1/scores/b-1"), 404)


@pytest.mark.parametrize(
    ("change", "field", "named"),
    [
        ({"text": ""}, "text", "is empty or blank"),
        ({"text": " \n\t "}, "text", "is empty or blank"),
        ({"text": 5}, "text", "is int, not text"),
        ({"text": "x" * 1_000_000}, "text", "1,000,000 characters"),
        ({"text": "a\x00b"}, "text", "NUL character at position 1"),
        ({"quoted_content": ["ok", ""]}, "quoted_content.1", "is empty or blank"),
        ({"language": "de"}, "language", "'de' is not known"),
        ({"report_id": ""}, "report_id", "at least 1 character"),
        ({"report_id": "r\u202e-1"}, "report_id", "pattern"),
        ({"report_id": "x" * 201}, "report_id", "at most 200"),
        ({"submitted_at": "hier"}, "submitted_at", "datetime"),
        ({"submitted_at": "2024-10-11T09:30:00"}, "submitted_at", "timezone"),
        ({"reporter": {"name": "x"}}, "reporter.name", "Extra"),
        ({"reporter": {"country": "Maroc"}}, "reporter.country", "pattern"),
        ({"quoted_content": ["x"] * 51}, "quoted_content", "at most 50"),
        ({"urls": ["x"] * 51}, "urls", "at most 50"),
        ({"urls": ["x" * 2001]}, "urls.0", "at most 2000"),
        ({"txt": "x"}, "txt", "Extra"),
    ],
)
def test_a_bad_field_is_named_with_a_good_value(
    client: TestClient, change: dict, field: str, named: str
):
    body = problem(
        client.post("/v1/score", json={"report_id": "r-1", "text": TEXT, **change}),
        422,
        field=field,
    )
    assert named in body["errors"][0]["problem"]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b'{"report_id": "r-1", "text": "caf\xe9"}', "is not UTF-8 (byte 0xe9 at position 33)"),
        (b'{"report_id": "r-1", "text": "', "is not JSON"),
        (b"", "required"),
        (b"[]", "valid dictionary"),
        (b"[" * 5000, "JSON"),
    ],
)
def test_a_body_that_is_no_report_is_refused(client: TestClient, content: bytes, named: str):
    answer = client.post("/v1/score", content=content, headers={"content-type": "application/json"})
    assert named in problem(answer, 422, field="body")["errors"][0]["problem"]


def test_a_lone_surrogate_is_refused_by_place(client: TestClient):
    answer = client.post(
        "/v1/score",
        content=rb'{"report_id": "r-1", "text": "ab\ud800"}',
        headers={"content-type": "application/json"},
    )
    assert "U+D800 at position 2" in problem(answer, 422, field="text")["errors"][0]["problem"]


def test_a_right_to_left_override_neither_hides_a_text_nor_refuses_it(client: TestClient):
    plain = client.post("/v1/score", json={"report_id": "r-1", "text": TEXT}).json()
    hidden = client.post(
        "/v1/score", json={"report_id": "r-2", "text": f"\u202e{TEXT[:20]}\u2067{TEXT[20:]}\u202c"}
    ).json()
    assert {**hidden, "id": "r-1"} == plain


def test_what_the_citizen_wrote_is_stored_unchanged(client: TestClient):
    text = "\u202eSalaaaam\u200f ١٢ é e\u0301 😀\r\n  fin "
    client.post("/v1/score", json={"report_id": "r-1", "text": text})
    assert json.loads(client.app.state.store.content("r-1"))["text"] == text


def test_a_quoted_message_is_read_too(client: TestClient):
    calm = {"report_id": "r-1", "text": "Bonjour, quels sont vos horaires d'ouverture le samedi"}
    threat = {**calm, "report_id": "r-2", "quoted_content": [TEXT]}
    first, second = (client.post("/v1/score", json=body).json() for body in (calm, threat))
    assert first["flags"]["imminent_danger"]["raised"] is False
    assert second["flags"]["imminent_danger"]["raised"] is True


def test_an_unsupported_language_is_scored_but_sent_to_a_human(client: TestClient):
    body = {"report_id": "r-1", "text": "Кто-то взломал мой аккаунт, помогите"}
    score = client.post("/v1/score", json=body).json()
    assert score["language"]["code"] == "und"
    assert "unsupported_language" in score["manual_triage_reasons"]
    assert score["category"]["probabilities"]


def test_two_who_send_the_same_report_at_once_get_one_answer(client: TestClient):
    body = {"report_id": "r-1", "text": TEXT}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.post("/v1/score", json=body), range(24)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1


def test_two_who_send_one_id_with_different_content_cannot_both_win(client: TestClient):
    def send(number: int) -> int:
        body = {"report_id": "r-1", "text": f"{TEXT} {number % 2}"}
        return client.post("/v1/score", json=body).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(send, range(24)))
    assert sorted(set(statuses)) == [200, 409]
    assert statuses.count(200) == 12


def test_the_examples_of_the_documentation_work(client: TestClient):
    assert len(REPORTS) == 4
    for example in REPORTS.values():
        assert client.post("/v1/score", json=example["value"]).status_code == 200


def test_an_unknown_report_has_no_score(client: TestClient):
    problem(client.get("/v1/scores/nobody"), 404)


def test_the_whole_validation_set_is_scored(client: TestClient):
    if not VALIDATION.is_dir():
        pytest.skip("the validation set is not at hand")
    lines = [
        json.loads(line)
        for path in sorted(VALIDATION.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    reports = [{"report_id": line["id"], "text": line["text"]} for line in lines]
    answered = []
    for start in range(0, len(reports), 100):
        answer = client.post("/v1/score/batch", json={"reports": reports[start : start + 100]})
        assert answer.status_code == 200
        answered += [score["id"] for score in answer.json()["scores"]]
    assert answered == [line["id"] for line in lines]
    assert len(answered) >= 300


def test_a_flood_of_wrong_fields_is_answered_briefly(client: TestClient):
    secret = "une phrase entière que personne ne doit relire " * 40
    body = {"report_id": "r-1", "text": TEXT, secret: 1, **{f"k{i}": 1 for i in range(5000)}}
    answer = client.post("/v1/score", json=body)
    found = problem(answer, 422)
    assert len(found["errors"]) == 20
    assert "and 4981 more" in found["detail"]
    assert len(answer.content) < 5000


@pytest.mark.parametrize("piece", ["@", "a@", "a.", "/a", "a.b/", "www.", "$", "d.", "x "])
def test_no_text_stalls_the_service(client: TestClient, piece: str):
    started = time.perf_counter()
    text = (piece * 50_000)[:50_000]
    assert client.post("/v1/score", json={"report_id": "r-1", "text": text}).status_code == 200
    assert time.perf_counter() - started < 5

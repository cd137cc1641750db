from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from serving.app import create_app
from serving.settings import Settings
from tests.api.conftest import KEY
from tests.api.problems import problem

THREAT = "Il dit qu'il vient ce soir avec un couteau chez ma soeur"
FRAUD = "J'ai payé un canapé à une boutique qui a disparu avec mon argent"
CALM = "Bonjour, quels sont vos horaires d'ouverture le samedi"
DECISION = {
    "reviewer": "officer-1",
    "category": "fraud",
    "priority": "P3",
    "flags": [],
    "outcome": "refer",
    "service": "Casablanca, cybercrime brigade",
}


def cursor(level: int, report_id: str) -> str:
    place = json.dumps([level, "2026-01-01T00:00:00+00:00", report_id])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


@pytest.fixture
def filled(client: TestClient) -> TestClient:
    for number, text in enumerate((CALM, FRAUD, THREAT, FRAUD, CALM), 1):
        body = {"report_id": f"r-{number}", "text": f"{text} {number}"}
        if number == 2:
            body["reporter"] = {"identified": True, "country": "FR"}
        assert client.post("/v1/score", json=body).status_code == 200
    return client


def ids(client: TestClient, **query: object) -> list[str]:
    answer = client.get("/v1/queue", params=query)
    assert answer.status_code == 200, answer.text
    return [entry["report_id"] for entry in answer.json()["entries"]]


def decide(client: TestClient, report_id: str, **changes: object):
    return client.post(f"/v1/scores/{report_id}/decision", json={**DECISION, **changes})


def keeping(client: TestClient, report_id: str) -> dict:
    """A decision that follows the score in all."""
    score = client.get(f"/v1/scores/{report_id}").json()
    raised = [code for code, flag in score["flags"].items() if flag["raised"]]
    return {
        "category": score["category"]["label"],
        "priority": score["priority"]["level"],
        "flags": raised,
    }


def test_the_most_urgent_comes_first_then_the_longest_waiting(filled: TestClient):
    found = ids(filled)
    assert found[0] == "r-3"
    assert found.index("r-2") < found.index("r-4")
    assert found.index("r-1") < found.index("r-5")


def test_pages_join_into_the_whole_queue(filled: TestClient):
    # Those of a batch were received at one moment: only their ids tell them apart.
    batch = [{"report_id": f"b-{n}", "text": f"{FRAUD} {n}"} for n in range(5)]
    assert filled.post("/v1/score/batch", json={"reports": batch}).status_code == 200
    whole, after = [], None
    for _ in range(9):
        page = filled.get("/v1/queue", params={"limit": 2} | ({"after": after} if after else {}))
        whole += [entry["report_id"] for entry in page.json()["entries"]]
        after = page.json()["next"]
        if after is None:
            break
    assert whole == ids(filled)
    assert len(whole) == 10


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"category": "fraud"}, {"r-2", "r-4"}),
        ({"flag": "imminent_danger", "category": "violence_threats"}, {"r-3"}),
        ({"priority": "P1"}, {"r-3"}),
        ({"language": "fr", "category": "other"}, {"r-1", "r-5"}),
        ({"language": "es"}, set()),
        ({"status": "closed"}, set()),
        ({"until": "2020-01-01T00:00:00Z"}, set()),
        ({"since": "2020-01-01T00:00:00Z", "category": "fraud"}, {"r-2", "r-4"}),
    ],
)
def test_filters_narrow_the_queue(filled: TestClient, query: dict, found: set[str]):
    assert {*ids(filled, **query)} == found


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"category": "frod"}, "category"),
        ({"flag": "x"}, "flag"),
        ({"status": "done"}, "status"),
        ({"after": "WzEsMl0"}, "after"),
        ({"after": "%%%"}, "after"),
        ({"after": cursor(2**63, "r-1")}, "after"),
        ({"after": cursor(0, "\ud800")}, "after"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "since"),
        ({"language": "fr\x00"}, "language"),
        ({"limit": 0}, "limit"),
        ({"since": "hier"}, "since"),
    ],
)
def test_a_filter_that_cannot_be_is_named(filled: TestClient, query: dict, field: str):
    body = problem(filled.get("/v1/queue", params=query), 422)
    assert field in body["errors"][0]["field"]


def test_a_decided_report_leaves_the_queue_and_keeps_its_history(filled: TestClient):
    answer = decide(filled, "r-2", **keeping(filled, "r-2"), note="appelé la banque")
    assert answer.status_code == 200
    assert answer.json()["status"] == "closed"
    (decision,) = answer.json()["decisions"]
    assert decision["note"] == "appelé la banque"
    assert decision["model_version"] == filled.get("/v1/scores/r-2").json()["model"]["version"]
    assert "r-2" not in ids(filled)
    assert ids(filled, status="closed") == ["r-2"]
    assert filled.get("/v1/scores/r-2/decisions").json() == answer.json()


def test_a_correction_is_a_new_decision(filled: TestClient):
    kept = keeping(filled, "r-2")
    first = decide(filled, "r-2", **kept).json()
    last = first["decisions"][-1]["number"]
    again = decide(filled, "r-2", **kept | {"category": "other"}, last_seen=last)
    assert [d["category"] for d in again.json()["decisions"]] == ["fraud", "other"]


def test_lowering_what_is_urgent_asks_for_a_second_reviewer(filled: TestClient):
    lowered = {
        "category": "other",
        "priority": "P4",
        "flags": [],
        "outcome": "no_offence",
        "service": None,
    }
    first = decide(filled, "r-3", **lowered).json()
    assert first["status"] == "second_opinion"
    seen = first["decisions"][-1]["number"]
    # The same reviewer is no second one.
    own = decide(filled, "r-3", **lowered, last_seen=seen).json()
    assert own["status"] == "second_opinion"
    seen = own["decisions"][-1]["number"]
    other = {**lowered, "category": "violence_threats"}
    parted = decide(filled, "r-3", **other, reviewer="officer-2", last_seen=seen).json()
    assert parted["status"] == "second_opinion"
    seen = parted["decisions"][-1]["number"]
    agreed = decide(filled, "r-3", **lowered, reviewer="officer-3", last_seen=seen).json()
    assert agreed["status"] == "closed"


def test_of_two_reviewers_at_once_the_second_is_told_and_nothing_is_lost(filled: TestClient):
    kept = keeping(filled, "r-2")
    with ThreadPoolExecutor(4) as pool:
        answers = [
            *pool.map(lambda n: decide(filled, "r-2", **kept, reviewer=f"officer-{n}"), range(4))
        ]
    stored = [answer for answer in answers if answer.status_code == 200]
    assert len(stored) == 1
    for answer in answers:
        if answer.status_code != 200:
            body = problem(answer, 409, field="last_seen")
            assert "you did not see it" in body["detail"]
    assert len(filled.get("/v1/scores/r-2/decisions").json()["decisions"]) == 1


def test_a_decision_that_was_taken_back_seconds_no_other(filled: TestClient):
    lowered = {"category": "other", "priority": "P4", "flags": [], "outcome": "no_offence"}
    lowered["service"] = None
    first = decide(filled, "r-3", **lowered).json()["decisions"][-1]["number"]
    back = decide(filled, "r-3", **keeping(filled, "r-3"), last_seen=first).json()
    assert back["status"] == "closed"
    seen = back["decisions"][-1]["number"]
    other = decide(filled, "r-3", **lowered, reviewer="officer-2", last_seen=seen).json()
    assert other["status"] == "second_opinion"


@pytest.mark.parametrize("reviewer", ["OFFICER-1", "Officer-1"])
def test_the_same_reviewer_in_other_letters_is_no_second_one(filled: TestClient, reviewer: str):
    lowered = {"category": "other", "priority": "P4", "flags": [], "outcome": "ask_for_more"}
    lowered["service"] = None
    seen = decide(filled, "r-3", **lowered).json()["decisions"][-1]["number"]
    again = decide(filled, "r-3", **lowered, reviewer=reviewer, last_seen=seen).json()
    assert again["status"] == "second_opinion"


@pytest.mark.parametrize("outcome", ["no_offence", "duplicate"])
def test_an_urgent_report_is_dismissed_by_two(filled: TestClient, outcome: str):
    kept = {**keeping(filled, "r-3"), "outcome": outcome, "service": None}
    if outcome == "duplicate":
        kept["duplicate_of"] = "r-1"
    first = decide(filled, "r-3", **kept).json()
    assert first["status"] == "second_opinion"
    seen = first["decisions"][-1]["number"]
    if outcome == "duplicate":
        parted = decide(
            filled, "r-3", **kept | {"duplicate_of": "r-2"}, reviewer="o-2", last_seen=seen
        ).json()
        assert parted["status"] == "second_opinion"
        seen = parted["decisions"][-1]["number"]
    agreed = decide(filled, "r-3", **kept, reviewer="o-3", last_seen=seen).json()
    assert agreed["status"] == "closed"


@pytest.mark.parametrize("last_seen", [1, 10**9, 10**30])
def test_a_number_that_was_never_given_shows_nothing_was_seen(filled: TestClient, last_seen: int):
    answer = decide(filled, "r-2", **keeping(filled, "r-2"), last_seen=last_seen)
    problem(answer, 409, field="last_seen")
    assert filled.get("/v1/scores/r-2/decisions").json()["decisions"] == []


def test_what_was_sent_is_not_quoted_back(filled: TestClient):
    answer = decide(filled, "r-2", category=FRAUD)
    assert "canapé" not in answer.text
    assert "canapé" not in filled.get("/v1/queue", params={"category": FRAUD}).text


def test_a_note_of_a_lost_key_hides_nothing_else(guarded: TestClient, bundle: Path, tmp_path: Path):
    headers = {"authorization": f"Bearer {KEY}"}
    guarded.post("/v1/score", json={"report_id": "s-1", "text": FRAUD}, headers=headers)
    first = guarded.post(
        "/v1/scores/s-1/decision", json={**DECISION, "note": "x"}, headers=headers
    ).json()
    settings = Settings(model=bundle, database_url=f"sqlite:///{tmp_path}/farz.db")
    with TestClient(create_app(settings)) as other:
        seen = first["decisions"][-1]["number"]
        again = decide(other, "s-1", last_seen=seen)
        assert again.status_code == 200
        assert [d["note_unreadable"] for d in again.json()["decisions"]] == [True, False]


def test_scores_of_an_older_version_are_still_listed(filled: TestClient):
    engine = filled.app.state.store.engine
    with engine.begin() as connection:
        raw = connection.execute(
            sa.text("SELECT score FROM scores WHERE report_id = 'r-3'")
        ).scalar()
        score = json.loads(raw)
        score["priority"]["reasons"] = [{"code": "minor", "text": "The victim seems a minor."}]
        connection.execute(
            sa.text("UPDATE scores SET score = :s WHERE report_id = 'r-3'"),
            {"s": json.dumps(score)},
        )
    assert ids(filled)[0] == "r-3"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"category": "frod"}, "category"),
        ({"priority": "P9"}, "priority"),
        ({"priority": None}, "priority"),
        ({"flags": ["urgent"]}, "flags"),
        ({"service": None}, "body"),
        ({"outcome": "duplicate", "service": None}, "body"),
        ({"service": "a\x00b"}, "service"),
        ({"note": "a\x00b"}, "note"),
        ({"reviewer": "officer-1 "}, "reviewer"),
        ({"outcome": "duplicate", "service": None, "duplicate_of": "r-2"}, "duplicate_of"),
        ({"outcome": "duplicate", "service": None, "duplicate_of": "none"}, "duplicate_of"),
        ({"outcome": "closed"}, "outcome"),
        ({"reviewer": ""}, "reviewer"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_decision_that_cannot_be_is_refused(filled: TestClient, changes: dict, field: str):
    body = problem(decide(filled, "r-2", **changes), 422)
    assert field in body["errors"][0]["field"]
    assert filled.get("/v1/scores/r-2/decisions").json()["decisions"] == []


def test_what_is_not_stored_cannot_be_decided(client: TestClient):
    problem(decide(client, "none"), 404)
    problem(client.get("/v1/scores/none/decisions"), 404)


def test_notes_are_sealed(guarded: TestClient, tmp_path):
    headers = {"authorization": f"Bearer {KEY}"}
    guarded.post("/v1/score", json={"report_id": "s-1", "text": FRAUD}, headers=headers)
    body = {**DECISION, "note": "une note que personne ne doit lire"}
    answer = guarded.post("/v1/scores/s-1/decision", json=body, headers=headers)
    assert answer.json()["decisions"][0]["note"] == body["note"]
    stored = b"".join(p.read_bytes() for p in tmp_path.rglob("*.db*"))
    assert b"decisions" in stored
    assert b"personne" not in stored


def test_statistics_count_as_the_communique_does(filled: TestClient):
    found = filled.get("/v1/statistics").json()
    assert found["reports"] == 5
    assert found["by_category"] == {"fraud": 2, "other": 2, "violence_threats": 1}
    # Out of scope is in no row of the communiqué.
    assert found["by_group"]["fraud"] == {"reports": 2, "share": 0.6667}
    assert (found["identified"], found["from_abroad"], found["reporter_unknown"]) == (1, 1, 4)
    assert found["raised_flags"]["imminent_danger"] >= 1
    none = filled.get("/v1/statistics", params={"until": "2020-01-01T00:00:00Z"}).json()
    assert none["reports"] == 0
    assert none["by_group"] == {}


def test_statistics_follow_the_last_decision(filled: TestClient):
    kept = keeping(filled, "r-2")
    first = decide(filled, "r-2", **kept).json()["decisions"][-1]["number"]
    decide(filled, "r-2", **kept | {"category": "system_intrusion"}, last_seen=first)
    found = filled.get("/v1/statistics").json()
    assert found["by_category"]["system_intrusion"] == 1
    assert found["by_outcome"] == {"refer": 1}
    assert sum(found["by_category"].values()) == 5

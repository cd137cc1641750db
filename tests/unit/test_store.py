from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import inspect, text

from data.errors import FieldError
from serving.encryption import ReportCipher
from serving.review import Filters
from serving.store import Scored, Store

SCORE = {
    "model": {"version": "v"},
    "language": {"code": "fr"},
    "category": {"label": "fraud"},
    "priority": {"level": "P2", "probabilities": {"P1": 0.1, "P2": 0.9}},
    "flags": {"minor_involved": {"raised": True}, "self_harm_risk": {"raised": False}},
    "needs_manual_triage": False,
}
SECRET = "une phrase que personne ne doit lire"


def scored(report_id: str, content_hash: str = "h") -> Scored:
    score = {**SCORE, "id": report_id}
    return Scored(report_id, content_hash, f'{{"text": "{SECRET}"}}'.encode(), score)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/deep/farz.db"


@pytest.fixture
def store(url: str) -> Store:
    opened = Store(url, ReportCipher(Fernet.generate_key().decode()))
    opened.migrate()
    return opened


def test_what_is_added_is_found_whole(store: Store):
    assert store.add([scored("a"), scored("b")])
    found = store.find(["a", "c"])
    assert set(found) == {"a"}
    assert found["a"].score == {**SCORE, "id": "a"}
    assert store.content("b") == scored("b").content
    assert store.content("c") is None


def test_a_batch_is_stored_whole_or_not_at_all(store: Store):
    store.add([scored("a")])
    assert store.add([scored("new"), scored("a", "other")]) is False
    assert set(store.find(["new", "a"])) == {"a"}
    assert store.find(["a"])["a"].content_hash == "h"


def test_nothing_readable_lies_on_disk(store: Store, tmp_path: Path):
    store.add([scored("a")])
    stored = b"".join(path.read_bytes() for path in (tmp_path / "deep").iterdir())
    assert b"personne" not in stored
    assert b"reports" in stored  # the files were really read


def test_an_older_key_of_the_ring_still_opens(url: str):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    first = Store(url, ReportCipher(old))
    first.migrate()
    first.add([scored("a")])
    assert Store(url, ReportCipher(f"{new},{old}")).content("a") == scored("a").content
    for wrong in (new, None):
        with pytest.raises(FieldError, match="holds no key that opens"):
            Store(url, ReportCipher(wrong)).content("a")


def test_migrations_go_up_twice_and_keep_what_is_stored(store: Store, url: str):
    store.add([scored("a")])
    again = Store(url, ReportCipher(None))
    again.migrate()
    assert set(again.find(["a"])) == {"a"}
    assert {"reports", "scores", "queue", "decisions"} <= set(
        inspect(again.engine).get_table_names()
    )


def test_sqlite_waits_for_writers_and_keeps_what_it_answered(store: Store):
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


@pytest.mark.parametrize(
    "address", ["nonsense", "oracle+nothing://x/y", "sqlit:///x.db", "sqlite://"]
)
def test_an_address_that_cannot_be_used_is_named(address: str):
    with pytest.raises(FieldError, match="FARZ_DATABASE_URL.*sqlite:///var/farz.db"):
        Store(address, ReportCipher(None))


def test_a_malformed_key_is_named():
    with pytest.raises(FieldError, match="no Fernet key"):
        ReportCipher("abc")


def test_what_was_scored_before_reviews_existed_is_put_in_the_queue(url: str):
    old = Store(url, ReportCipher(None))
    old.migrate("0001")
    now = datetime(2026, 1, 2, tzinfo=UTC)
    with old.engine.begin() as connection:
        for report_id, score in (("a", SCORE), ("b", {**SCORE, "priority": None})):
            given = {"id": report_id, "now": now.isoformat(), "score": json.dumps(score)}
            connection.execute(
                text("INSERT INTO reports VALUES (:id, 'h', x'7b7d', 0, :now)"), given
            )
            connection.execute(text("INSERT INTO scores VALUES (:id, 'v', :score, :now)"), given)
    old.migrate()
    entries = old.review.page(Filters())
    assert [entry.report_id for entry in entries] == ["b", "a"]
    assert [entry.place.level for entry in entries] == [0, 1]
    assert entries[0].received_at == now
    assert [e.report_id for e in old.review.page(Filters(flag="minor_involved"))] == ["b", "a"]
    assert old.review.page(Filters(flag="self_harm_risk")) == []


def test_a_migration_that_is_cut_off_can_be_repeated(url: str):
    store = Store(url, ReportCipher(None))
    store.migrate("0001")
    now = "2026-01-02T00:00:00+00:00"
    with store.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO reports VALUES ('a', 'h', x'7b7d', 0, :n)"), {"n": now}
        )
        connection.execute(
            text("INSERT INTO scores VALUES ('a', 'v', :s, :n)"),
            {"s": json.dumps({**SCORE, "language": None}), "n": now},
        )
    with pytest.raises(TypeError):
        store.migrate()
    assert "queue" not in inspect(store.engine).get_table_names()
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE scores SET score = :s"), {"s": json.dumps(SCORE)})
    store.migrate()
    assert [entry.report_id for entry in store.review.page(Filters())] == ["a"]

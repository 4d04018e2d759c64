"""/health, /ready and /startup of a running server, and who is told of its dependencies."""
import sqlite3

import burrow
from test_metrics import eventually


def store_up(s):
    return 'store_up{store="default"} 1\n' in s.get("/metrics?format=prometheus").text


def test_dependencies_are_told_where_the_setting_says_so(start):
    s = start("--rest.health_details=true")
    for path in ("/ready", "/health"):
        told = s.get(path).json()["dependencies"]
        assert [set(d) for d in told] == [{"name", "kind", "state", "latency_ms"}], told
        assert told[0]["name"] == "default" and told[0]["kind"] == "sqlite" and told[0]["state"] == "up"
        assert 0 <= told[0]["latency_ms"] < 10000
    assert "dependencies" not in s.get("/startup").json()


def damage(path, sql):
    db = sqlite3.connect(path)
    db.execute("PRAGMA writable_schema = ON")
    db.execute(sql)
    version = db.execute("PRAGMA schema_version").fetchone()[0]
    db.execute(f"PRAGMA schema_version = {version + 1}")  # so that others see it
    db.commit()
    db.close()


def test_a_store_that_fails_is_told_and_comes_back(start, tmp_path):
    s = start("--rest.health_details=true")
    path = tmp_path / "data/blog.db"
    assert s.get("/ready").status_code == 200
    damage(path, "INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 0, 'no SQL at all')")
    told = s.get("/ready")
    assert told.status_code == 503 and told.headers["Retry-After"] == "1", told.text
    body = told.json()
    assert body["status"] == "unavailable"
    down = body["dependencies"][0]
    assert down["state"] == "down" and "malformed" in down["last_error"] and down["last_error_at"].endswith("Z")
    assert s.get("/health").status_code == 200 and s.get("/startup").json()["status"] == "started"
    assert 'store_up{store="default"} 0\n' in s.get("/metrics?format=prometheus").text
    assert not store_up(s)
    damage(path, "DELETE FROM sqlite_schema WHERE name = 'x'")
    up = s.get("/ready")
    assert up.status_code == 200
    assert up.json()["dependencies"][0]["state"] == "up" and up.json()["dependencies"][0]["last_error"] == down["last_error"]
    # Who scrapes metrics needs no /ready: the next scrapes tell.
    assert store_up(s)
    damage(path, "INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 0, 'no SQL at all')")
    eventually(lambda: not store_up(s))
    damage(path, "DELETE FROM sqlite_schema WHERE name = 'x'")
    eventually(lambda: store_up(s))
    assert s.stop() == 0
    assert s.log().count("a store does not answer") == 2 and s.log().count("the store answers again") == 2

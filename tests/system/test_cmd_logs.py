"""burrow logs: rotated, compressed and current files, several merged, chosen, and followed."""
import gzip
import json
import subprocess

import pytest

import burrow


def record(at, level="info", **more):
    return json.dumps({"ts": f"2026-11-23T23:{at}.000Z", "level": level, "area": "rest", "msg": "request", **more},
                      separators=(",", ":"))


@pytest.fixture
def logs(tmp_path):
    """x.log with two rotated files, and an access log beside it."""
    (tmp_path / "x.log.20261123-230100-000.gz").write_bytes(gzip.compress((record("00:00", n=1) + "\n").encode()))
    (tmp_path / "x.log.20261123-230200-000").write_text(record("01:00", "warn", n=2, path="/api/A/1", route="/api/A/:id") + "\n")
    (tmp_path / "x.log.20261123-230200-000x").write_text("not a rotated one\n")
    (tmp_path / "x.log").write_text("\n".join([
        "2026-11-23T23:02:00.000Z error db: text\033[2J n=3", "of a crash",
        record("03:00", n=4, why="two words"), "half a li"]))
    (tmp_path / "a.log").write_text('1.2.3.4 - - [23/Nov/2026:23:01:30 +0000] "GET /api/B HTTP/1.1" 200 5\n')
    return tmp_path


def shown(folder, *words):
    r = burrow.run(burrow.BURROW, "logs", *words, folder=folder)
    assert r.returncode == 0, r.stderr
    return r.stdout.splitlines()


def test_all_of_it_in_order(logs):
    assert shown(logs, "x.log", logs / "a.log") == [
        "2026-11-23T23:00:00.000Z info  rest: request n=1",
        "2026-11-23T23:01:00.000Z warn  rest: request n=2 path=/api/A/1 route=/api/A/:id",
        '1.2.3.4 - - [23/Nov/2026:23:01:30 +0000] "GET /api/B HTTP/1.1" 200 5',
        "2026-11-23T23:02:00.000Z error db: text [2J n=3", "of a crash",
        '2026-11-23T23:03:00.000Z info  rest: request n=4 why="two words"', "half a li"]


def test_what_is_asked_for(logs):
    assert len(shown(logs, "x.log", "--level", "warn")) == 3
    assert [l[-3:] for l in shown(logs, "x.log", "--since=2026-11-23T23:02:30Z")] == ['ds"', " li"]
    assert shown(logs, "x.log", "--since", "1000000000") == shown(logs, "x.log")
    assert len(shown(logs, "x.log", "--route", "/api/A")) == 1
    assert len(shown(logs, "x.log", "a.log", "--route", "/api/")) == 2
    lines = [json.loads(l) for l in shown(logs, "x.log", "--json")]
    assert [l.get("n") for l in lines] == [1, 2, None, None, 4, None]
    assert lines[2] == {"ts": "2026-11-23T23:02:00Z", "level": "error",
                        "line": "2026-11-23T23:02:00.000Z error db: text\033[2J n=3"}


def test_wrong_use(logs):
    for words, status, says in [(["none.log"], 1, "no log 'none.log'"), (["x.log", "--level", "loud"], 2, "none of trace"),
                                (["x.log", "--since", "soon"], 2, "neither a span"), ([], 2, "")]:
        r = burrow.run(burrow.BURROW, "logs", *words, folder=logs)
        assert r.returncode == status and says in r.stderr


def test_it_follows_through_a_rotation(logs):
    log = logs / "x.log"
    p = subprocess.Popen([burrow.BURROW, "logs", "-f", log, "--since", "2026-11-23T23:03:00Z"], stdout=subprocess.PIPE, text=True)
    try:
        assert p.stdout.readline().endswith('"two words"\n')
        with log.open("a") as f:
            f.write("ne\n")
            f.flush()
            assert p.stdout.readline() == "half a line\n"
            log.rename(logs / "x.log.20261123-230400-000")
            f.write(record("04:00", n=5) + "\n")
        log.write_text(record("05:00", n=6) + "\n")
        assert p.stdout.readline().endswith("n=5\n")
        assert p.stdout.readline().endswith("n=6\n")
    finally:
        p.kill()
        p.wait()

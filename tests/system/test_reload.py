"""A reload puts in force what may change live; each such setting is seen by what the server does from then on."""
import json
import socket

import pytest

import burrow
from test_admin import ask


class Reloading:
    def __init__(self, start, folder):
        self.folder, self.file = folder, folder / "s.json"
        self.file.write_text("{}")
        self.server = start("--run", "--settings", "s.json")
        for name in ("a", "b", "c"):
            assert self.server.post("/api/Category", {"name": name}).status_code == 201

    def reload(self, settings):
        self.file.write_text(json.dumps(settings))
        status, told = ask(self.folder / "data/blog.admin.sock", "POST", "/reload")
        return (told["result"] if status == 200 else told["detail"]), status

    def size(self, **more):
        return len(self.server.get("/api/Category", **more).json())


@pytest.fixture
def r(start, tmp_path):
    return Reloading(start, tmp_path)


def test_lists_and_bodies_and_details(r):
    assert r.size() == 3
    assert r.reload({"rest": {"limit_default": 2, "limit_max": 2, "health_details": True}, "server": {"max_body": 20}}) == (
        "changed: server.max_body, rest.limit_default, rest.limit_max, rest.health_details", 200)
    assert r.size() == 2 and "dependencies" in r.server.get("/ready").json()
    call = {"n1": 1000000, "n2": 1000000}
    assert r.server.post("/api/Calculator/Add", call).status_code == 413
    assert r.reload({})[1] == 200
    assert r.size() == 3 and "dependencies" not in r.server.get("/ready").json()
    assert r.server.post("/api/Calculator/Add", call).status_code == 200


def test_batches(r):
    assert r.reload({"rest": {"batch_max": 2, "batch_timeout": "5s"}})[0] == "changed: rest.batch_max, rest.batch_timeout"
    assert r.server.post("/api/Category/batch", [{"name": "1"}, {"name": "2"}, {"name": "3"}]).status_code == 413
    assert r.server.post("/api/Category/batch", [{"name": "1"}, {"name": "2"}]).status_code == 200


def test_compression(r):
    for i in range(40):
        r.server.post("/api/Category", {"name": f"category {i}"})
    assert r.server.get("/api/Category", headers={"Accept-Encoding": "gzip"}).headers.get("Content-Encoding") == "gzip"
    r.reload({"server": {"compress": False}})
    assert "Content-Encoding" not in r.server.get("/api/Category", headers={"Accept-Encoding": "gzip"}).headers


def test_connections_and_deadlines(r):
    port = int(r.server.url.rsplit(":", 1)[1])
    r.server.session.close()
    # One at a time: a slow machine must not meet the other one's end.
    assert r.reload({"server": {"idle_timeout": "60ms"}})[1] == 200
    with socket.create_connection(("127.0.0.1", port), timeout=burrow.PATIENCE) as s:
        assert s.recv(1) == b""  # idle for too long
    assert r.reload({"server": {"head_timeout": "60ms"}})[1] == 200
    with socket.create_connection(("127.0.0.1", port), timeout=burrow.PATIENCE) as s:
        s.sendall(b"GET / HT")
        assert b" 408 " in s.recv(65536)
    assert r.reload({"server": {"max_connections": 1}})[1] == 200
    admin = r.folder / "data/blog.admin.sock"
    burrow.until(lambda: 'http_connections{socket="public"} 0\n' in ask(admin, "GET", "/metrics?format=openmetrics")[1], "the last one stays")
    with socket.create_connection(("127.0.0.1", port), timeout=burrow.PATIENCE) as s:
        s.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 200 " in s.recv(65536)
        with socket.create_connection(("127.0.0.1", port), timeout=burrow.PATIENCE) as second:
            assert b" 503 " in second.recv(65536)


def test_where_the_log_goes(r):
    one, two, access = (r.folder / n for n in ("one.log", "two.log", "access.log"))
    assert r.reload({"log": {"file": str(one)}})[0] == "changed: log.file"
    assert r.reload({"log": {"file": str(two), "format": "text", "access": "$method $status", "access_file": str(access)}})[0] == (
        "changed: log.format, log.file, log.access, log.access_file")
    r.server.get("/api/Category")
    assert r.reload({"log": {"file": str(two), "access": "json", "access_errors_only": True, "access_file": str(access)}})[1] == 200
    r.server.get("/api/Category")
    r.server.get("/api/Nowhere")
    assert r.reload({"log": {"file": str(two)}})[1] == 200
    r.server.get("/api/Nowhere")
    r.server.stop()
    # What was put before a change went where it was meant to, what came behind it to the new place.
    assert "settings read again" not in r.server.log()
    assert [json.loads(l)["result"] for l in one.read_text().splitlines()] == ["changed: log.file"]
    assert "settings read again result=" in two.read_text() and '"msg":"stopped"' in two.read_text()
    plain, last = access.read_text().splitlines()
    assert plain == "GET 200" and json.loads(last)["status"] == 404


@pytest.mark.parametrize("log,says", [
    ({"file": "/proc/none/x.log"}, "/proc/none/x.log"),
    ({"to": ["syslog"], "syslog": "tcp:127.0.0.1:1"}, "reaching syslog at 127.0.0.1:1"),
    ({"to": ["nowhere"]}, "log.to: 'nowhere' is none of"),
])
def test_a_log_that_cannot_be_opened_changes_nothing(r, log, says):
    told, status = r.reload({"log": log, "rest": {"limit_default": 1}})
    assert status == 409 and told.startswith("the settings stay as they are: ") and says in told
    assert r.size() == 3
    assert r.reload({"rest": {"limit_default": 1}}) == ("changed: rest.limit_default", 200)
    assert r.size() == 1
    r.server.stop()
    assert "settings not read again" in r.server.log()


def test_many_reloads_under_load(r):
    """Options that requests read while they change, and outputs that threads write to."""
    import threading
    stop, wrong = threading.Event(), []

    def load():
        while not stop.is_set():
            s = r.server.session.request("GET", r.server.url + "/api/Category", timeout=burrow.PATIENCE)
            if s.status_code != 200:
                wrong.append(s.status_code)

    threads = [threading.Thread(target=load) for _ in range(2)]
    for t in threads:
        t.start()
    try:
        for i in range(30):
            access = {"access": ["common", "json"][i % 2], "access_file": str(r.folder / f"access-{i % 3}.log"), "level": ["debug", "info"][i % 2]}
            assert r.reload({"log": access, "rest": {"limit_default": 1 + i % 3}})[1] == 200
    finally:
        stop.set()
        for t in threads:
            t.join()
    assert not wrong

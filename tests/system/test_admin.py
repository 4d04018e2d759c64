"""The admin socket: who may ask, what each endpoint tells and does, where it stands."""
import http.client
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time

import pytest

import burrow


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=burrow.PATIENCE)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(path, method, target, body=None):
    c = UnixConnection(path)
    c.request(method, target, None if body is None else json.dumps(body),
              {"Content-Type": "application/json"} if body is not None else {})
    r = c.getresponse()
    text = r.read().decode()
    c.close()
    return r.status, json.loads(text) if "json" in r.headers.get("Content-Type", "") else text


@pytest.fixture
def server(tmp_path, start):
    (tmp_path / "blog.json").write_text("{}")
    s = start("--run", "--settings", "blog.json")
    s.admin = tmp_path / "data/blog.admin.sock"
    s.ask = lambda *words, **more: ask(s.admin, *words, **more)
    return s


def test_state_tells_who_serves(server, tmp_path):
    status, told = server.ask("GET", "/state")
    assert status == 200
    assert told["name"] == "blog" and told["pid"] == server.process.pid and told["state"] == "ready"
    assert told["listen"] == [server.url + "/"] and told["settings"] == "blog.json" and told["data"] == str(tmp_path / "data")
    assert told["uid"] == os.geteuid() and told["reloads"] == 0 and told["log_lost"] == 0 and not told["service_manager"]
    assert told["requests"] == 0
    assert server.get("/api/Article").status_code == 200
    assert server.ask("GET", "/state")[1]["requests"] == 1  # its own are not among them
    assert f"admin {server.admin}\n" in (tmp_path / "data/blog.pid").read_text()


def test_it_lists_what_it_answers(server):
    status, told = server.ask("GET", "/")
    assert status == 200 and told["name"] == "blog"
    listed = {(e["method"], e["path"]) for e in told["endpoints"]}
    assert {("GET", "/"), ("GET", "/state"), ("POST", "/reload"), ("POST", "/drain"), ("GET", "/log"), ("PUT", "/log"), ("GET", "/metrics")} <= listed
    assert all(e["help"] for e in told["endpoints"])


def test_health_and_ready_tell_details_only_here(server):
    for path in ("/health", "/ready"):
        assert "dependencies" not in server.get(path).json()
        status, told = server.ask("GET", path)
        assert status == 200 and told["dependencies"][0]["name"] == "default"


def test_metrics_and_what_is_counted(server):
    status, text = server.ask("GET", "/metrics?format=openmetrics")
    assert status == 200 and text.endswith("# EOF\n")
    status, text = server.ask("GET", "/metrics?format=openmetrics")
    assert 'http_requests_total{method="OTHER",route="(admin)",status="2xx"} 1' in text
    assert "\nburrow_admin_requests_total 1\n" in text and "\nburrow_requests_total 0\n" in text


def test_what_the_public_address_does_not_know(server):
    for method, path in (("GET", "/state"), ("POST", "/reload"), ("POST", "/drain"), ("GET", "/log"), ("PUT", "/log")):
        assert server.call(method, path).status_code == 404
    assert server.ask("GET", "/api/Article")[0] == 404
    status, told = server.ask("GET", "/stat")
    assert status == 404 and "did you mean /state?" in told["detail"]
    assert server.ask("GET", "/reload")[0] == 405


def test_reload(server, tmp_path):
    assert server.ask("POST", "/reload") == (200, {"result": "nothing has changed"})
    (tmp_path / "blog.json").write_text('{"log": {"level": "warn"}, "server": {"threads": 3}}')
    assert server.ask("POST", "/reload") == (200, {"result": "changed: log.level; needs a restart: server.threads"})
    (tmp_path / "blog.json").write_text('{"log": {"levle": "warn"}}')
    status, told = server.ask("POST", "/reload")
    assert status == 409 and "did you mean 'level'?" in told["detail"]
    told = server.ask("GET", "/state")[1]
    assert told["reloads"] == 3 and told["last_reload"]["ok"] is False and "levle" in told["last_reload"]["result"]
    assert server.ask("GET", "/log")[1]["level"] == "warn"


def test_log_levels(server):
    assert server.ask("GET", "/log") == (200, {"level": "info", "levels": {}, "lost": 0})
    server.get("/api/Article")
    assert server.ask("PUT", "/log", body={"levels": {"rest": "debug"}})[1]["levels"] == {"rest": "debug"}
    server.get("/api/Comment")
    assert server.ask("PUT", "/log", body={"level": "error"}) == (200, {"level": "error", "levels": {"rest": "debug"}, "lost": 0})
    assert server.ask("PUT", "/log", body={"levels": {}})[1]["levels"] == {}
    server.get("/api/Author")
    for body, says in (({"level": "loud"}, "loud"), ({"levels": {"rest": 3}}, "levels"), ({"levle": "info"}, "did you mean 'level'?")):
        status, told = server.ask("PUT", "/log", body=body)
        assert status == 400 and says in told["detail"]
    assert server.ask("PUT", "/log")[0] == 400  # an empty body
    assert server.ask("GET", "/log")[1] == {"level": "error", "levels": {}, "lost": 0}
    assert server.ask("POST", "/reload")[1] == {"result": "changed: log.level"}  # as the settings say
    server.stop()
    log = server.log()
    assert "/api/Comment" in log and "/api/Article" not in log and "/api/Author" not in log


def test_many_changes_of_levels_at_once(server):
    def change(n):
        for i in range(20):
            assert server.ask("PUT", "/log", body={"level": "info", "levels": {f"area{n}": "warn", f"other{i % 3}": "error"}})[0] == 200

    threads = [threading.Thread(target=change, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(server.ask("GET", "/log")[1]["levels"]) == 2


def test_drain_finishes_what_is_in_flight(server):
    s = socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1])), timeout=burrow.PATIENCE)
    s.sendall(b'POST /api/Category HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"name":')
    deadline = time.monotonic() + burrow.PATIENCE
    while server.ask("GET", "/state")[1]["in_flight"] != 1:
        assert time.monotonic() < deadline
    assert server.ask("POST", "/drain") == (202, {"state": "draining"})
    assert server.ask("GET", "/state")[1]["state"] == "draining"  # still there, to be asked
    assert server.ask("GET", "/ready")[0] == 503
    assert server.ask("POST", "/reload")[0] == 503
    assert server.ask("POST", "/drain")[0] == 202
    s.sendall(b'"A"}')
    assert s.recv(65536).startswith(b"HTTP/1.1 201")
    s.close()
    assert server.process.wait(burrow.PATIENCE) == 0
    assert not server.admin.exists()


def test_its_mode_and_who_may_ask():
    folder = tempfile.mkdtemp(prefix="burrow-admin-")
    os.chmod(folder, 0o755)
    server = burrow.blog(folder, "--admin.socket=" + folder + "/admin.sock")
    try:
        path = folder + "/admin.sock"
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        script = f"""
import socket
s = socket.socket(socket.AF_UNIX)
try:
    s.connect({path!r})
    s.sendall(b"GET /state HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    print(len(s.recv(65536)))
except OSError as e:
    print(type(e).__name__)
"""
        other = dict(user=65534, group=65534, extra_groups=[], capture_output=True, text=True, timeout=burrow.PATIENCE)
        assert subprocess.run([sys.executable, "-c", script], **other).stdout == "PermissionError\n"
        os.chmod(path, 0o666)  # the kernel lets it in now, the server does not
        assert subprocess.run([sys.executable, "-c", script], **other).stdout in ("0\n", "ConnectionResetError\n", "BrokenPipeError\n")
        assert ask(path, "GET", "/state")[0] == 200
    finally:
        server.stop()
        log = server.log()
        shutil.rmtree(folder)
    assert "a process of another user was sent away from the socket" in log and '"uid":65534' in log


def test_where_it_stands(tmp_path, start):
    s = start("--admin.socket=none")
    assert not (tmp_path / "data/blog.admin.sock").exists() and "admin " not in (tmp_path / "data/blog.pid").read_text()
    s.stop()
    out = burrow.run(burrow.BLOG, "--run", "--listen", "127.0.0.1:0", "--admin.socket=" + "x" * 200, folder=tmp_path)
    assert out.returncode == 1 and "admin.socket: the path of a socket has at most 107 bytes" in out.stderr
    out = burrow.run(burrow.BLOG, "--run", "--listen", "127.0.0.1:0", "--admin.socket=none/such/admin.sock", folder=tmp_path)
    assert out.returncode == 1 and "opening the admin socket" in out.stderr
    (tmp_path / "file").write_text("kept")
    out = burrow.run(burrow.BLOG, "--run", "--listen", "127.0.0.1:0", "--admin.socket=file", folder=tmp_path)
    assert out.returncode == 1 and "is no socket of ours" in out.stderr and (tmp_path / "file").read_text() == "kept"


def test_a_long_data_folder_and_a_daemon(tmp_path):
    runtime = tmp_path / "run"
    runtime.mkdir()
    long = tmp_path / ("d" * 100)
    env = {"XDG_RUNTIME_DIR": str(runtime)}
    words = ("--data", long)
    out = burrow.run(burrow.BLOG, "--fork", "--listen", "127.0.0.1:0", *words, folder=tmp_path, env=env)
    assert out.returncode == 0, out.stderr
    try:
        path = [line[6:] for line in (long / "blog.pid").read_text().splitlines() if line.startswith("admin ")][0]
        assert path.startswith(str(runtime) + "/blog-") and ask(path, "GET", "/state")[1]["data"] == str(long)
    finally:
        assert burrow.run(burrow.BLOG, "--kill", *words, folder=tmp_path, env=env).returncode == 0
    assert list(runtime.iterdir()) == []


def test_a_socket_left_behind_is_taken_over(tmp_path, start):
    first = start()
    first.kill()
    assert (tmp_path / "data/blog.admin.sock").exists()
    start()
    assert ask(tmp_path / "data/blog.admin.sock", "GET", "/state")[0] == 200

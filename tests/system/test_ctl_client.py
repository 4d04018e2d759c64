"""burrow ctl as a client: tables, streams, exit statuses, against a made-up angel whose every answer is known."""
import http.server
import json
import os
import socketserver
import threading

import pytest

import burrow
from test_top import Terminal, plain

UNITS = [
    {"name": "api", "unit": "api", "state": "ready", "ready": True, "wanted": True, "degraded": False, "pid": os.getpid(), "starts": 3,
     "restarts": 2, "since": "2026-01-01T00:00:00Z", "why": "all is well", "a new member": {"x": [1]}},
    {"name": "worker#1", "unit": "worker", "state": "backoff", "ready": False, "wanted": True, "degraded": False, "starts": 1,
     "restarts": 1, "since": "2026-01-01T00:00:00Z", "why": "exit code 3; starts again in 2 s"},
    {"name": "worker#2", "unit": "worker", "state": "stopped", "ready": False, "wanted": False, "degraded": True, "starts": 0,
     "restarts": 0, "why": "told to stop"},
]


class Angel(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked = []
    streams = 0

    def answer(self, body, status=200, kind="application/json"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def units(self, units):
        self.answer({"units": units})

    def serve(self):
        Angel.asked.append(f"{self.command} {self.path}")
        path, _, query = self.path.partition("?")
        if path == "/v1/units":
            self.units(UNITS)
        elif path.startswith("/v1/units/nobody"):
            self.answer({"title": "Not found", "detail": "there is no service 'nobody'"}, 404, "application/problem+json")
        elif path.startswith("/v1/units/late"):
            self.answer({"detail": "late is still stopping: it takes its time"}, 504, "application/problem+json")
        elif path.endswith("/why"):
            self.answer({"name": "api", "why": ["api is ready.", "It was started again, since …"]})
        elif path.endswith("/log"):
            self.answer(b"one\ntwo\n", kind="text/plain")
        elif path == "/v1/ready":
            self.answer({"detail": "worker#1 is not ready"}, 503, "application/problem+json")
        elif path == "/v1/plan":
            self.answer({"units": [{"unit": "api", "change": "restart", "keys": "Run, Nice"}, {"unit": "db", "change": "unchanged", "keys": ""}],
                         "angel_live": "Smtp", "angel_restart": "State"})
        elif path == "/v1/events":
            self.events(int(query.split("after=")[1].split("&")[0]), "follow" in query)
        elif path.startswith("/v1/units/"):
            name = path.split("/")[3].replace("%23", "#")
            self.units([u for u in UNITS if name in (u["unit"], u["name"])])
        else:
            self.answer({"detail": f"no {path}"}, 404)

    do_GET = do_POST = serve

    def events(self, after, follow):
        """Two at a time; a follower is cut off behind them, and comes again."""
        Angel.streams += 1
        lines = b"".join(json.dumps({"seq": n, "at": "2026-01-01T00:00:00Z", "unit": "api", "kind": "ready", "text": f"number {n}"}).encode() + b"\n"
                         for n in range(after + 1, after + 3))
        if not follow:
            self.answer(lines, kind="application/x-ndjson")
            return
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if Angel.streams < 4:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(lines), lines))
        self.close_connection = True

    def address_string(self):
        return "unix"

    def log_message(self, *words):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@pytest.fixture
def state(tmp_path):
    Angel.asked, Angel.streams = [], 0
    server = Server(str(tmp_path / "control.sock"), Angel)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield tmp_path
    server.shutdown()
    server.server_close()


def ctl(state, *words):
    return burrow.run(burrow.BURROW, "ctl", *words, "--state", state)


def test_status(state):
    done = ctl(state, "status")
    assert done.returncode == 1 and done.stderr == "" and "\x1b" not in done.stdout  # not all are ready
    head, api, one, two = done.stdout.splitlines()
    assert head.split() == ["NAME", "STATE", "PID", "FOR", "RESTARTS", "WHY"]
    assert api.split()[:3] == ["api", "ready", str(os.getpid())] and api.endswith("all is well")
    assert "exit code 3; starts again in 2 s" in one and two.split()[1:5] == ["stopped", "(degraded)", "-", "-"]
    assert ctl(state, "status", "api").returncode == 0
    assert len(ctl(state, "status", "worker").stdout.splitlines()) == 3
    done = ctl(state, "status", "nobody")
    assert done.returncode == 1 and "there is no service 'nobody'" in done.stderr
    done = ctl(state, "status", "--json")
    assert done.returncode == 1 and json.loads(done.stdout)["units"] == UNITS
    assert ctl(state, "status", "--names").stdout.split() == ["api", "worker", "worker#1", "worker#2"]


def test_top(state):
    assert ctl(state, "top").stdout.splitlines()[0].split() == ["NAME", "STATE", "PID", "CPU", "MEMORY", "RESTARTS"]
    done = ctl(state, "top", "--json")
    units = {u["name"]: u for u in json.loads(done.stdout)["units"]}
    assert done.returncode == 0 and len(units) == 3
    assert units["api"]["pid"] == os.getpid() and units["api"]["memory_bytes"] > 1 << 20 and units["api"]["cpu"] >= 0
    assert units["worker#2"] == {"name": "worker#2", "unit": "worker", "state": "stopped", "cpu": 0, "memory_bytes": 0, "restarts": 0}


def test_commands(state):
    done = ctl(state, "start", "api", "worker#1")
    assert (done.returncode, done.stdout) == (0, "api: ready: all is well\nworker#1: backoff: exit code 3; starts again in 2 s\n")
    assert Angel.asked == ["POST /v1/units/api/start?wait=30", "POST /v1/units/worker%231/start?wait=30"]
    assert ctl(state, "stop", "nobody", "api", "--wait", "0").returncode == 1
    assert Angel.asked[-1] == "POST /v1/units/api/stop?wait=0"  # the others are told all the same
    done = ctl(state, "stop", "late")
    assert (done.returncode, done.stderr) == (4, "burrow ctl: late is still stopping: it takes its time\n")
    assert ctl(state, "signal", "api", "HUP").returncode == 0 and Angel.asked[-1] == "POST /v1/units/api/signal?signal=HUP"
    assert ctl(state, "retry").returncode == 0 and Angel.asked[-1] == "POST /v1/units/worker%231/retry?wait=0"
    assert ctl(state, "retry", "--wait", "5").returncode == 0 and Angel.asked[-1] == "POST /v1/units/worker%231/retry?wait=5"
    assert ctl(state, "restart", "api", "--wait", "x").returncode == 2
    done = ctl(state, "wait", "--ready", "--timeout", "1")
    assert (done.returncode, done.stderr) == (4, "burrow ctl: worker#1 is not ready\n")


def test_a_switch_that_would_mean_nothing_is_refused(state):
    done = ctl(state, "start", "api", "--timeout", "3")
    assert (done.returncode, done.stderr) == (2, "burrow ctl: start takes no --timeout; usage: burrow ctl start NAME … [--wait SECONDS]\n")
    assert "POST /v1/units/api/start" not in " ".join(Angel.asked[-1:])
    for words in (("stop", "api", "--ready"), ("why", "api", "-f"), ("wait", "--ready", "--wait", "3"), ("signal", "api", "HUP", "--lines", "3")):
        done = ctl(state, *words)
        assert done.returncode == 2 and f"{words[0]} takes no -" in done.stderr, done.stderr


def test_reading(state):
    assert ctl(state, "why", "api").stdout == "api is ready.\nIt was started again, since …\n"
    assert ctl(state, "logs", "api").stdout == "one\ntwo\n" and Angel.asked[-1] == "GET /v1/units/api/log?lines=50"
    assert [json.loads(line) for line in ctl(state, "logs", "api", "--json").stdout.splitlines()] == [
        {"unit": "api", "line": "one"}, {"unit": "api", "line": "two"}]
    done = ctl(state, "why", "nobody", "--json")
    assert done.returncode == 1 and json.loads(done.stdout) == {"error": "there is no service 'nobody'"}
    done = ctl(state, "events")
    assert done.stdout == "2026-01-01T00:00:00Z api ready: number 1\n2026-01-01T00:00:00Z api ready: number 2\n"
    told = [json.loads(line) for line in ctl(state, "events", "--json", "--after", "7").stdout.splitlines()]
    assert [t["seq"] for t in told] == [8, 9]


def test_events_go_on_where_they_were_cut_off(state):
    done = ctl(state, "events", "-f", "api")
    assert [line.split()[-1] for line in done.stdout.splitlines()] == [str(n) for n in range(1, 7)]
    assert [a.split("?")[1] for a in Angel.asked] == [f"after={n}&follow&unit=api" for n in (0, 2, 4, 6)]


def test_plan(state):
    done = burrow.run(burrow.BURROW, "angel", "plan", "--state", state)
    assert done.returncode == 0 and done.stdout.splitlines()[:4] == [
        "restart    api (Run, Nice)", "unchanged  db", "live       the angel itself (Smtp)", "not yet    the angel itself (State)"]


def test_nobody_there(tmp_path):
    for words in (["status"], ["events", "-f"], ["stop", "x"]):
        done = ctl(tmp_path, *words)
        assert done.returncode == 3 and f"no angel answers at unix:{tmp_path}/control.sock" in done.stderr, done.stderr
    assert burrow.run(burrow.BURROW, "angel", "apply", "--state", tmp_path).returncode == 3


def test_finds_the_socket_that_settings_name(state):
    path = state / "a.json"
    for text in ('{"State": "%s", "Services": []}' % state, '// half written\n{"state": ".", "Services": [',
                 '{"Control": "unix:%s/control.sock", "State": "/elsewhere"}' % state):
        path.write_text(text)
        done = burrow.run(burrow.BURROW, "ctl", "why", "api", "--settings", path)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("verb, shows", [("status", "worker#2"), ("top", "MiB")])
def test_live_on_a_terminal(state, verb, shows):
    t = Terminal(burrow.BURROW, "ctl", verb, "--state", state)
    try:
        frame = t.until(lambda text: "worker#1" in text and shows in text)
        assert "\x1b[32mready\x1b[0m" in frame and "q quit" in plain(frame)
        t.type("q")
        assert t.end() == 0 and t.text.endswith("\x1b[?25h\x1b[?1049l")
    finally:
        t.close()


def test_completion_knows_the_services(state):
    (state / "completion").write_text(burrow.run(burrow.BURROW, "help", "--completion").stdout)
    script = 'source ./completion; COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _burrow; printf "%s\\n" "${COMPREPLY[@]}"'
    done = burrow.run("bash", "-u", "-c", script, "bash", burrow.BURROW, "ctl", "--state", state, "restart", "wor", folder=state)
    assert done.stdout.split() == ["worker", "worker#1", "worker#2"], done.stderr

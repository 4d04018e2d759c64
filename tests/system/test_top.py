"""burrow top: for scripts, and live on a terminal (a pty of the test's)."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

import burrow

COLUMNS, ROWS = 80, 24


def top(*words, folder=None, env=None):
    return burrow.run(burrow.BURROW, "top", *words, folder=folder, env=env)


class Terminal:
    """A program on a terminal of 80x24; what it wrote, by frames."""

    def __init__(self, *words, folder=None, env=None):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.text = ""
        self.process = subprocess.Popen([str(w) for w in words], cwd=folder, stdin=slave, stdout=slave, stderr=slave,
                                        env={**os.environ, "TERM": "xterm", **(env or {})}, start_new_session=True)

    def read(self):
        if select.select([self.master], [], [], 0.05)[0]:
            self.text += os.read(self.master, 65536).decode(errors="replace")

    def frames(self):
        return self.text.split("\033[H")[1:]

    def until(self, found):
        """The last whole frame for which this holds."""
        end = time.monotonic() + burrow.PATIENCE
        while True:
            self.read()
            for f in reversed([f for f in self.frames() if "\033[J" in f]):
                if found(plain(f)):
                    return f
            assert time.monotonic() < end, self.text[-4000:]

    def type(self, keys):
        os.write(self.master, keys.encode())

    def end(self):
        """Its exit status; all it wrote is in .text."""
        end = time.monotonic() + burrow.PATIENCE
        while self.process.poll() is None:
            self.read()
            assert time.monotonic() < end, "it did not end"
        while select.select([self.master], [], [], 0)[0]:
            self.read()
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


def plain(frame):
    return re.sub(r"\033\[[0-9;?]*[A-Za-z]", "", frame)


@pytest.fixture
def terminal():
    made = []

    def begin(*words, **more):
        made.append(Terminal(burrow.BURROW, "top", *words, **more))
        return made[-1]

    yield begin
    for t in made:
        t.close()


def test_once_tells_what_was_done(start, tmp_path):
    s = start()
    for _ in range(3):
        assert s.get("/api/Category").status_code == 200
    for words in ([s.url], [tmp_path / "data/blog.admin.sock"], [tmp_path / "data"], ["--data", tmp_path / "data"], []):
        out = top(*words, "--once", "--every", "100ms", folder=tmp_path)
        assert (out.returncode, out.stderr) == (0, ""), (words, out.stderr)
        assert re.match(r"blog 1\.0  ready  up \d+s  in \d", out.stdout) and "\033" not in out.stdout
        for head in ("LOOP", "WRITER", "blog.db", "ROUTE (slowest first)", "q quit"):
            assert (head in out.stdout) == (head != "q quit")
        assert all(len(line) <= COLUMNS for line in out.stdout.splitlines())


def test_json_for_scripts(start, tmp_path):
    s = start("--server.threads=2")
    p = subprocess.Popen([burrow.BURROW, "top", s.url, "--json", "--every", "200ms"], stdout=subprocess.PIPE, text=True)
    told = None

    def is_whole():
        """One line tells of both, and of what the database did meanwhile: what a span cuts in two is in two lines."""
        seen = {f'{r["method"]} {r["route"]}': r["requests"] for r in told["routes"]}
        return seen.get("POST /api/Category") and seen.get("GET /api/Category/:id") and told["databases"][0]["writes"] and told["databases"][0]["flush"]["count"]

    end = time.monotonic() + burrow.PATIENCE
    while not told or not is_whole():
        assert time.monotonic() < end, told
        assert s.post("/api/Category", {"name": f"n{time.monotonic_ns()}"}).status_code == 201
        assert s.get("/api/Category/99999").status_code == 404
        told = json.loads(p.stdout.readline())
        assert told["app"] == "blog" and told["ready"] and told["seconds"] >= 0.2 and told["server"] == s.url
    p.terminate()
    p.wait()
    p.stdout.close()
    assert told["requests"] > 0 and told["4xx"] > 0 and told["5xx"] == 0 and told["time"]["p99_ms"] > 0
    assert [d["db"] for d in told["databases"]] == ["blog.db"] and told["databases"][0]["writes"] > 0
    assert told["databases"][0]["flush"]["count"] >= 1 and told["databases"][0]["group"] >= 1
    assert {x["loop"] for x in told["loops"]} == {"0", "1"} and told["process"]["open_fds"] > 5
    assert told["stores"] == [{"store": "default", "up": True}]


def test_live_on_a_terminal(start, terminal):
    s = start()
    t = terminal(s.url, "--every", "100ms")
    frame = t.until(lambda f: f.startswith("blog 1.0  ready"))
    assert "\033[7m" in frame  # colours
    for _ in range(3):
        s.get("/api/Category")
    frame = plain(t.until(lambda f: "/api/Category" in f))
    lines = frame.split("\r\n")
    assert len(lines) == ROWS and all(len(line) <= COLUMNS for line in lines)
    assert lines[-1].startswith("q quit")
    t.type("r")
    t.until(lambda f: "ROUTE (busiest first)" in f)
    t.type("e")
    t.until(lambda f: "ROUTE (most failures first)" in f)
    t.type("+")
    t.until(lambda f: "every 200ms" in f)
    t.type("-")
    t.until(lambda f: "every 100ms" in f)
    fcntl.ioctl(t.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 40, 0, 0))
    t.process.send_signal(signal.SIGWINCH)
    small = plain(t.until(lambda f: len(f.split("\r\n")) == 10))
    assert all(len(line) <= 40 for line in small.split("\r\n"))
    t.type("q")
    assert t.end() == 0
    assert t.text.startswith("\033[?1049h\033[?25l") and t.text.endswith("\033[?25h\033[?1049l")
    assert termios.tcgetattr(t.slave) == t.before


def test_a_server_that_goes_and_comes_back(start, terminal, tmp_path):
    s = start()
    t = terminal("--every", "100ms", folder=tmp_path, env={"NO_COLOR": "1"})
    frame = t.until(lambda f: "ready" in f)
    assert "\033[7m" not in frame and "\033[1m" not in frame
    assert s.stop() == 0
    t.until(lambda f: "no newer answer: asking data/blog.admin.sock" in f)
    start()
    t.until(lambda f: "ready" in f and "no newer answer" not in f and "in 0.1s" in f)
    t.process.send_signal(signal.SIGTERM)
    assert t.end() == 0 and t.text.endswith("\033[?25h\033[?1049l")
    assert termios.tcgetattr(t.slave) == t.before


def test_by_its_settings(tmp_path):
    (tmp_path / "notes.json").write_text('{"data": "here", "tables": [{"name": "Note", "fields": [{"name": "text", "type": "text"}]}]}')
    s = burrow.Server([burrow.BURROW, "serve", "notes.json", "--listen", "127.0.0.1:0"], tmp_path)
    try:
        out = top("--settings", "notes.json", "--once", "--every", "100ms", folder=tmp_path)
        assert out.returncode == 0 and out.stdout.startswith("notes "), out.stderr
    finally:
        s.stop()


@pytest.mark.parametrize("words, status, said", [
    (["--evry", "1s"], 2, "did you mean '--every'"),
    (["--every", "soon"], 2, "--every 'soon' is no span from 100ms to 1h"),
    (["--every", "1ms"], 2, "is no span"),
    ([], 1, "no admin socket in 'data': does the server run? Else give its URL"),
    (["http://127.0.0.1:1", "--once"], 1, "asking http://127.0.0.1:1: cannot connect"),
    (["gone.sock", "--once"], 1, "asking gone.sock:"),
    (["ftp://x", "--once"], 2, "scheme 'ftp' is not known"),
    (["--settings", "none.json"], 1, "opening none.json"),
])
def test_wrong_use(tmp_path, words, status, said):
    out = top(*words, folder=tmp_path)
    assert out.returncode == status and said in out.stderr and out.stdout == "", out.stderr


def test_no_terminal_is_told(start):
    s = start()
    out = top(s.url)
    assert out.returncode == 2 and "--once or --json suit a script" in out.stderr and out.stdout == ""

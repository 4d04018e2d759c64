"""burrow.py: what system tests share: starting the real binaries in a temporary folder on a free
port, calling them, and ending them. Binaries come from $TEST_BUILD (build/ unless said)."""
import contextlib
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import threading
import time

import requests

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("TEST_BUILD", ROOT / "build"))
BURROW = BUILD / "burrow"
BLOG = BUILD / "examples/blog/blog"
# Sanitized binaries start and answer more slowly.
PATIENCE = 60


class Server:
    """A running server: .url, .get/.post/… by path, .log() its standard error so far."""

    def __init__(self, words, folder, env=None, wait=True):
        self.folder = pathlib.Path(folder)
        self.err_path = self.folder / f"stderr-{time.monotonic_ns()}.log"
        self.out_lines = []
        self.process = subprocess.Popen(
            [str(w) for w in words], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=open(self.err_path, "w"), text=True, env={**os.environ, **(env or {})}, start_new_session=True)
        self.url = None
        self._urls = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.session = requests.Session()
        self.session.trust_env = False
        if wait:
            self.wait_listening()

    def _read(self):
        for line in self.process.stdout:
            self.out_lines.append(line.rstrip("\n"))
            m = re.search(r"listening on (\S+)", line)
            if m and not self.url:
                self.url = m.group(1).rstrip("/")
                self._urls.set()
        self._urls.set()

    def wait_told(self):
        """Until it has told its address, or has ended."""
        assert self._urls.wait(PATIENCE), f"said no address: {self.log()}"

    def wait_listening(self):
        self.wait_told()
        assert self.url, f"ended with {self.process.wait(PATIENCE)}: {self.log()}"
        return self

    def log(self):
        return self.err_path.read_text(errors="replace")

    def call(self, method, path, **more):
        more.setdefault("timeout", PATIENCE)
        return self.session.request(method, self.url + path, **more)

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.call("POST", path, **(dict(json=body) if body is not None else {}), **more)

    def put(self, path, body=None, **more):
        return self.call("PUT", path, **(dict(json=body) if body is not None else {}), **more)

    def patch(self, path, body=None, **more):
        return self.call("PATCH", path, **(dict(json=body) if body is not None else {}), **more)

    def delete(self, path, **more):
        return self.call("DELETE", path, **more)

    def stop(self, sig=signal.SIGTERM):
        """Signals and waits; the exit status. A sanitizer's report fails the test that stops the server."""
        if self.process.poll() is None:
            self.process.send_signal(sig)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)  # .out_lines has all of it now
        self.session.close()
        if sig == signal.SIGTERM:
            text = self.log()
            assert "Sanitizer" not in text and "runtime error" not in text, text[-6000:]
        return code

    def kill(self):
        return self.stop(signal.SIGKILL)


def until(check, why=""):
    """Polls until check() holds: for what another process does a moment later (a log is written behind what it tells of)."""
    deadline = time.monotonic() + PATIENCE
    while not check():
        assert time.monotonic() < deadline, why
        time.sleep(0.01)


@contextlib.contextmanager
def paused(process):
    """It stands still meanwhile: what is sent to it is there, whole, when its clocks begin to count."""
    def stands():
        tasks = pathlib.Path(f"/proc/{process.pid}/task").iterdir()
        return all((t / "stat").read_text().rpartition(")")[2].split()[0] == "T" for t in tasks)

    process.send_signal(signal.SIGSTOP)
    try:
        until(stands, "it goes on")
        yield
    finally:
        process.send_signal(signal.SIGCONT)


_held = []


def free_port(ports=None):
    """A port of 127.0.0.1 to be listened on later: none of those the system hands out by itself meanwhile, and no other call gets it, here or in
    another run of the tests, while this process lives (an abstract socket of that name is held)."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    ports = list(ports or range(max(first - 12000, 1024), first))
    for port in random.sample(ports, len(ports)):
        hold = socket.socket(socket.AF_UNIX)
        try:
            hold.bind(f"\0burrow-test-port-{port}")
            with socket.create_server(("127.0.0.1", port)):
                pass
        except OSError:
            hold.close()
            continue
        _held.append(hold)
        return port
    raise AssertionError("no port is free")


def run(*words, folder=None, env=None, stdin="", timeout=PATIENCE):
    """Runs a program to its end: CompletedProcess with text."""
    return subprocess.run([str(w) for w in words], cwd=folder, input=stdin, capture_output=True, text=True,
                          timeout=timeout, env={**os.environ, **(env or {})})


def blog(folder, *more, **kw):
    return Server([BLOG, "--listen", "127.0.0.1:0", "--data", pathlib.Path(folder) / "data", *more], folder, **kw)


def dump(value):
    return json.dumps(value, indent=1)

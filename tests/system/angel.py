"""angel.py: a running angel for system tests: its services are what the test says, everything is below a temporary folder."""
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import burrow


def until(found, what="it did not come", patience=burrow.PATIENCE):
    """Polls until found() is something; gives that back."""
    end = time.monotonic() + patience
    while True:
        it = found()
        if it:
            return it
        assert time.monotonic() < end, what() if callable(what) else what
        time.sleep(0.02)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("angel", timeout=burrow.PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Angel:
    """One angel: .ctl(*words), .ask(method, path) → (status, JSON), .unit(name), .change(services)."""

    def __init__(self, folder, services, words=("brain",), program=burrow.BURROW, wrapper=(), pass_fds=(), **main):
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        self.settings = self.folder / "angel.json"
        self.write(services, **main)
        self.words, self.program, self.wrapper, self.pass_fds = words, program, wrapper, pass_fds
        self.err = self.folder / "angel.log"
        self.process = None
        self.start()

    def write(self, services, **main):
        self.settings.write_text(json.dumps({"State": str(self.state), **main, "Services": services}))

    def start(self, wait=True):
        self.process = subprocess.Popen([*self.wrapper, self.program, "angel", *self.words, "--settings", self.settings], cwd=self.folder,
                                        stdin=subprocess.DEVNULL, stderr=open(self.err, "a"), stdout=subprocess.DEVNULL, start_new_session=True,
                                        pass_fds=self.pass_fds)
        if wait:
            until(lambda: self.serves() or self.process.poll() is not None, "it does not serve")
            assert self.process.poll() is None, self.log()

    def serves(self):
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect(str(self.state / "control.sock"))
            return True
        except OSError:
            return False
        finally:
            s.close()

    def log(self):
        return self.err.read_text(errors="replace")

    def ctl(self, *words, **kw):
        return burrow.run(burrow.BURROW, "ctl", *words, "--state", self.state, **kw)

    def ask(self, method, path):
        c = UnixConnection(self.state / "control.sock")
        c.request(method, path)
        r = c.getresponse()
        body = r.read()
        c.close()
        return r.status, json.loads(body) if "json" in r.getheader("content-type", "") and "ndjson" not in r.getheader("content-type") else body.decode()

    def units(self):
        return {u["name"]: u for u in self.ask("GET", "/v1/units")[1]["units"]}

    def unit(self, name):
        return self.units()[name]

    def until(self, name, state, **more):
        """Waits until the unit is in that state, and is what else is said, in one look; gives it back."""
        want = {"state": state, **more}
        return until(lambda: (lambda u: u if want.items() <= {k: u.get(k) for k in want}.items() else None)(self.unit(name)),
                     lambda: f"{name} is not {want}: {self.unit(name)} {self.log()[-3000:]}")

    def renewed(self, name, first):
        """Waits until another process than `first` is ready; gives its unit back. One look: of two, the second may be of another state."""
        return until(lambda: (lambda u: u if u["state"] == "ready" and u.get("pid", first) != first else None)(self.unit(name)),
                     lambda: f"{name} is not renewed: {self.log()[-3000:]}")

    def events(self, kind=None, unit=None):
        text = self.ask("GET", "/v1/events")[1]
        all = [json.loads(line) for line in text.splitlines()]
        return [e for e in all if (not kind or e["kind"] == kind) and (not unit or e.get("unit") == unit)]

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(burrow.PATIENCE)
        assert status == 0, self.log()
        return status

    def close(self):
        if self.process.poll() is None:
            try:
                self.stop()
            finally:
                if self.process.poll() is None:
                    os.killpg(self.process.pid, signal.SIGKILL)
                    self.process.wait()

"""The angel's hands without the angel: angel_puppet.c runs a keeper whose brain does what the test says."""
import os
import pathlib
import signal
import socket
import subprocess
import time

BUILD = pathlib.Path(os.environ.get("TEST_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build"))
PATIENCE = 60


def until(what, say="it did not come", patience=PATIENCE):
    """Polls until what() gives something true, and gives that back."""
    deadline = time.monotonic() + patience
    while True:
        got = what()
        if got:
            return got
        assert time.monotonic() < deadline, say() if callable(say) else say
        time.sleep(0.005)


def stat_of(pid):
    """Fields of /proc/PID/stat behind the name (state first); None: no such process."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def name_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def lives(pid):
    fields = stat_of(pid)
    return fields is not None and fields[0] not in "ZX"


def marked(mark):
    """The processes with this line in their environment, by pid."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or not lives(int(entry)):
            continue
        try:
            if mark.encode() in pathlib.Path(f"/proc/{entry}/environ").read_bytes().split(b"\0"):
                found.append(int(entry))
        except OSError:
            pass
    return found


class Puppet:
    """One state folder, and whoever runs on it."""

    def __init__(self, folder, groups=True, env=None, wrapper=()):
        self.state = pathlib.Path(folder)
        self.state.mkdir(exist_ok=True)
        self.said_path = self.state / "said"
        self.mark = f"PUPPET={self.state}"
        self.env = dict(os.environ, PUPPET=str(self.state), **(env or {}))
        if not groups:
            self.env["PUPPET_NO_GROUPS"] = "1"
        self.wrapper = list(wrapper)
        self.process = None
        self.seen = 0

    def start(self, mode="keep", wait=True, **more):
        self.log = open(self.state / "log", "ab")
        self.seen = len(self.lines())
        self.process = subprocess.Popen([*self.wrapper, str(BUILD / "tests/angel_puppet"), mode, str(self.state)],
                                        env=self.env, stderr=self.log, stdout=self.log, stdin=subprocess.DEVNULL, **more)
        if wait:
            self.heard("begin")
        return self

    # ---- the brain ----

    def lines(self):
        return self.said_path.read_text().splitlines() if self.said_path.exists() else []

    def said(self, *words):
        """What the brain has said since the last start or forget(): lists of words."""
        all = [l.split() for l in self.lines()[self.seen:]]
        return [l[1:] for l in all if l[1:1 + len(words)] == [str(w) for w in words]]

    def heard(self, *words):
        return until(lambda: self.said(*words), lambda: f"never: {words}; but {self.lines()[self.seen:]}")[0]

    def forget(self):
        self.seen = len(self.lines())

    def brain(self):
        return int(until(lambda: [l for l in self.lines() if " begin " in l])[-1].split()[0])

    def pull(self, *words):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            def sent():
                try:
                    s.connect(str(self.state / "strings"))
                    return s.send(("\t".join(str(w) for w in words) + "\t").encode())
                except (ConnectionRefusedError, FileNotFoundError):
                    return 0
            until(sent, "nobody pulls these strings")

    def spawn(self, child, *argv, unit="unit", run=1, helper=False, user="", out=""):
        self.pull("spawn", unit, child, run, "h" if helper else "s", user, out, *argv)

    def stand(self, child, run, script, unit="unit", out=""):
        self.pull("stand", unit, child, run, "s", "", out, "/bin/sh", "-c", script)

    def shell(self, child, script, **more):
        self.spawn(child, "/bin/sh", "-c", script, **more)
        return int(self.heard("spawned", child)[2])

    def sync(self):
        """Whatever was pulled before has been obeyed."""
        self.synced = getattr(self, "synced", 0) + 1
        self.pull("sync", self.synced)
        self.heard("synced", self.synced)

    def renewed(self, before):
        """Another brain than that has begun."""
        return until(lambda: self.brain() != before and self.brain())

    # ---- the end ----

    def processes(self):
        mine = {self.process.pid if self.process else 0, self.brain() if self.lines() else 0}
        return [p for p in marked(self.mark) if p not in mine and not name_of(p).startswith("strace")]

    def kill(self):
        """As a crash of the keeper would."""
        self.process.kill()
        self.process.wait()

    def end(self):
        """Nothing of this test stays, however it went."""
        for _ in range(50):
            left = marked(self.mark)
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if self.process and self.process.poll() is None:
                self.process.kill()
            if self.process:
                self.process.wait()
            if not left:
                break
            time.sleep(0.02)
        remove_groups(self.state)


def remove_groups(state):
    """What an angel that was killed has left, once nothing runs there."""
    path = pathlib.Path(state) / "children"
    if not path.exists():
        return
    name = "burrow-" + path.read_bytes()[56:72].decode()
    # Not glob: groups of other tests vanish while it looks; walk passes over them.
    for group in [pathlib.Path(at) / name for at, below, _ in os.walk("/sys/fs/cgroup") if name in below]:
        for below in [*[group / d for d in next(os.walk(group), ("", [], []))[1]], group]:
            def gone():
                try:
                    below.rmdir()
                except FileNotFoundError:
                    pass
                except OSError:
                    return False
                return True
            until(gone, f"{below} is not empty")

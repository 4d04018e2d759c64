"""`burrow angel run` as a person, a service manager or a container has it: modes, signals, adoption, renewal."""
import json
import os
import pathlib
import signal
import socket
import subprocess

import pytest
from puppet import BUILD, lives, marked, name_of, remove_groups, stat_of, until

BURROW = str(BUILD / "burrow")


class Angel:
    def __init__(self, folder, env=None):
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        self.settings = self.folder / "angel.json"
        self.mark = f"ANGEL_TEST={self.folder}"
        self.env = dict(os.environ, ANGEL_TEST=str(self.folder), **(env or {}))
        self.env.pop("NOTIFY_SOCKET", None)
        self.env.update(env or {})
        self.process = None

    def write(self, *services, **more):
        self.settings.write_text(json.dumps({"Services": list(services), **more}))
        return self

    def words(self, *switches):
        return [BURROW, "angel", "run", "--settings", str(self.settings), "--state", str(self.state), *switches]

    def start(self, *switches, wrapper=(), wait=True, **more):
        self.log = open(self.folder / "stderr", "ab")
        self.process = subprocess.Popen([*wrapper, *self.words(*switches)], env=self.env, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, **more)
        if wait:
            until(self.is_ready, self.text)
            assert self.process.poll() is None, self.text()
        return self

    def is_ready(self):
        """This one, not one that was killed and left its pid file; or it has ended."""
        said = self.info("ready")
        return (said and int(said.split()[0]) == self.process.pid) or self.process.poll() is not None

    def call(self, *switches):
        return subprocess.run(self.words(*switches), env=self.env, capture_output=True, text=True, timeout=120)

    def text(self):
        return (self.folder / "stderr").read_text()

    def info(self, state=None):
        """What the pid file says; None: not that."""
        try:
            lines = (self.state / "angel.pid").read_text()
        except FileNotFoundError:
            return None
        return lines if state is None or state in lines else None

    def keeper(self):
        return int(self.info().split()[0])

    def brain(self):
        """The keeper's child that decides."""
        for pid in marked(self.mark):
            try:
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"brain" in words and int((stat_of(pid) or [0, 0])[1]) == self.keeper():
                return pid
        return None

    def services(self):
        """name → pid of every main process that runs."""
        found = {}
        for pid in marked(self.mark):
            fields = stat_of(pid)
            try:
                env = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            unit = [e[12:].decode() for e in env if e.startswith(b"BURROW_UNIT=")]
            if unit and fields and fields[3] == str(pid) and BURROW.encode() not in words:
                assert unit[0] not in found, f"two copies of {unit[0]}"
                found[unit[0]] = pid
        return found

    def running(self, *names):
        return until(lambda: sorted(self.services()) == sorted(names) and self.services(), lambda: f"{self.services()}\n{self.text()}")

    def end(self):
        for _ in range(50):
            left = marked(self.mark)
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if self.process:
                self.process.kill()
                self.process.wait()
            if not left:
                break
        remove_groups(self.state)


@pytest.fixture
def angel(tmp_path):
    made = []

    def make(env=None):
        made.append(Angel(tmp_path, env))
        return made[-1]

    yield make
    for a in made:
        a.end()


SLEEP = {"Name": "api", "Run": "/bin/sleep 100000"}
OTHER = {"Name": "worker", "Run": "/bin/sleep 100001"}


def test_run_and_stop(angel):
    a = angel().write(SLEEP, OTHER).start()
    before = a.running("api", "worker")
    a.process.send_signal(signal.SIGTERM)
    assert a.process.wait(timeout=60) == 0
    assert not any(lives(pid) for pid in before.values())
    assert not (a.state / "angel.pid").exists() and not (a.state / "angel.pid.lock").exists()


def test_second_angel_is_refused(angel):
    a = angel().write(SLEEP).start()
    before = a.running("api")
    again = a.call()
    assert again.returncode == 1
    assert again.stderr == f"burrow angel: the angel of {a.state} runs already as pid {a.process.pid}\n"
    assert a.services() == before


def test_two_angels_started_at_once(angel):
    a = angel().write(SLEEP)
    both = [subprocess.Popen(a.words(), env=a.env, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    until(lambda: any(p.poll() is not None for p in both))
    lost, won = sorted(both, key=lambda p: p.poll() is None)
    assert lost.wait() == 1 and f"runs already as pid {won.pid}" in lost.stderr.read()
    a.running("api")
    won.terminate()
    assert won.wait(timeout=60) == 0


def test_wrong_settings_start_nothing(angel):
    a = angel().write({"Name": "api", "Rnu": "/bin/true"})
    r = a.call()
    assert r.returncode == 1 and "did you mean 'Run'" in r.stderr and "angel.json:1:" in r.stderr
    r = a.call("--fork")
    assert r.returncode == 1 and "did you mean 'Run'" in r.stderr
    r = a.call("--fork", "--kill")
    assert r.returncode == 2 and "--fork and --kill exclude each other" in r.stderr


def test_fork_and_kill(angel):
    a = angel().write(SLEEP)
    assert a.call("--kill").stdout == f"no angel of {a.state} runs\n" if a.state.exists() else True
    r = a.call("--fork")
    assert r.returncode == 0, r.stderr
    keeper = a.keeper()
    assert r.stdout == f"angel runs as pid {keeper}, its log is {a.state}/log/angel.log\n"
    pid = a.running("api")["api"]
    until(lambda: "services are watched" in (a.state / "log/angel.log").read_text())
    for fd in ("0", "1", "2"):
        for process in (keeper, a.brain()):
            to = os.readlink(f"/proc/{process}/fd/{fd}")
            assert to == "/dev/null" or to.endswith("angel.log")
    r = a.call("--fork")
    assert r.returncode == 1 and f"runs already as pid {keeper}" in r.stderr
    r = a.call("--kill")
    assert r.returncode == 0 and r.stdout == f"angel (pid {keeper}) has ended, and all its services\n"
    assert not lives(pid)
    until(lambda: not lives(keeper))  # who waits hears of it when its lock is free: the last it does
    assert a.call("--silentkill").stdout == "" and a.call("--kill").returncode == 0


def test_reload(angel):
    a = angel().write(SLEEP).start()
    pid = a.running("api")["api"]
    a.write(SLEEP, OTHER)
    r = a.call("--reload")
    assert r.returncode == 0 and "in force" in r.stdout, r
    assert a.running("api", "worker")["api"] == pid
    a.write({"Name": "api", "Rnu": "x"})
    r = a.call("--reload")
    assert r.returncode == 1 and "did you mean 'Run'" in r.stderr
    assert a.running("api", "worker")["api"] == pid
    a.write(OTHER)
    a.process.send_signal(signal.SIGHUP)
    a.running("worker")


def test_brain_is_killed(angel):
    a = angel().write(SLEEP, OTHER).start()
    before = a.running("api", "worker")
    for _ in range(3):
        brain = a.brain()
        os.kill(brain, signal.SIGKILL)
        until(lambda: a.brain() not in (None, brain))
        assert a.running("api", "worker") == before
    os.kill(before["api"], signal.SIGKILL)  # and it is looked after again
    until(lambda: a.services().get("api", before["api"]) != before["api"])
    assert a.running("api", "worker")["worker"] == before["worker"]


@pytest.mark.parametrize("who", ["keeper", "both"])
def test_angel_is_killed(angel, who):
    a = angel().write(SLEEP, OTHER).start()
    before, brain = a.running("api", "worker"), a.brain()
    if who == "both":
        os.kill(brain, signal.SIGSTOP)
    a.process.kill()
    a.process.wait()
    if who == "both":
        os.kill(brain, signal.SIGKILL)
    until(lambda: not lives(brain))
    assert a.services() == before
    a.start()
    assert a.running("api", "worker") == before
    os.kill(before["api"], signal.SIGKILL)
    until(lambda: a.services().get("api", before["api"]) != before["api"])
    a.process.terminate()
    assert a.process.wait(timeout=60) == 0
    assert not a.services()


@pytest.fixture
def places(tmp_path):
    """Two cgroups for angels to be started in; what they left is removed by the angel's end."""
    lines = [line.split() for line in open("/proc/self/mountinfo")]
    root = pathlib.Path(next(words[4] for words in lines if "cgroup2" in words[words.index("-"):]))
    made = [root / f"angel-test-{os.getpid()}-{tmp_path.name}-{n}" for n in "ab"]
    for place in made:
        place.mkdir()
    yield [["/bin/sh", "-c", 'echo 0 >"$0/cgroup.procs" && exec "$@"', str(place)] for place in made]
    for place in made:
        until(lambda: "populated 0" in (place / "cgroup.events").read_text(), f"{place} is not empty")
        for below, _, _ in os.walk(place, topdown=False):
            os.rmdir(below)


@pytest.mark.parametrize("main", ["lives", "is dead"])
def test_adopted_by_an_angel_in_another_cgroup(places, angel, main):
    """Its groups are not those the service is in; stopped means empty all the same."""
    a = angel().write({"Name": "api", "Run": ["/bin/sh", "-c", "sleep 100002 & setsid sleep 100003 & exec sleep 100004"]})

    def tree():
        return {p for p in marked(a.mark) if name_of(p) == "sleep"}

    a.start(wrapper=places[0])
    until(lambda: len(tree()) == 3)
    before, brain = tree(), a.brain()
    os.kill(brain, signal.SIGSTOP)
    a.process.kill()
    a.process.wait()
    os.kill(brain, signal.SIGKILL)
    if main == "is dead":
        leader = next(p for p in before if b"100004" in pathlib.Path(f"/proc/{p}/cmdline").read_bytes())
        os.kill(leader, signal.SIGKILL)
        a.start(wrapper=places[1])
        until(lambda: len(tree()) == 3 and not tree() & before, lambda: f"{before} {tree()}\n{a.text()}")
    else:
        a.start(wrapper=places[1])
        assert tree() == before
    a.process.terminate()
    assert a.process.wait(timeout=60) == 0
    assert not tree(), a.text()


def test_renewed_in_place(angel):
    a = angel().write(SLEEP, OTHER).start()
    before, brain = a.running("api", "worker"), a.brain()
    for _ in range(2):
        a.process.send_signal(signal.SIGUSR2)
        until(lambda: a.brain() not in (None, brain))
        brain = a.brain()
        assert b"resume" in pathlib.Path(f"/proc/{a.process.pid}/cmdline").read_bytes()
        assert a.running("api", "worker") == before
    os.kill(before["api"], signal.SIGKILL)
    until(lambda: a.services().get("api", before["api"]) != before["api"])
    r = a.call("--kill")
    assert r.returncode == 0, r.stderr
    assert a.process.wait() == 0
    assert not (a.state / "angel.pid").exists()


# ---- under a service manager ----


@pytest.fixture
def manager(tmp_path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(str(tmp_path / "manager"))
    s.settimeout(60)
    yield s
    s.close()


def told(s, words):
    while True:
        text = s.recv(4096).decode()
        if words in text:
            return text


def test_service_manager_is_told(angel, manager, tmp_path):
    a = angel({"NOTIFY_SOCKET": str(tmp_path / "manager")}).write(SLEEP).start()
    assert f"MAINPID={a.process.pid}" in told(manager, "READY=1")
    env = pathlib.Path(f"/proc/{a.running('api')['api']}/environ").read_bytes()
    assert str(tmp_path / "manager").encode() not in env
    a.process.send_signal(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in told(manager, "RELOADING=1")
    told(manager, "READY=1")
    a.process.terminate()
    told(manager, "STOPPING=1")
    assert a.process.wait(timeout=60) == 0


def test_watchdog_is_fed_while_the_brain_answers(angel, manager, tmp_path):
    a = angel({"NOTIFY_SOCKET": str(tmp_path / "manager"), "WATCHDOG_USEC": "1200000"}).write(SLEEP).start()
    told(manager, "WATCHDOG=1")
    before, brain = a.running("api"), a.brain()
    os.kill(brain, signal.SIGSTOP)  # it hangs: another takes its place, in time
    until(lambda: a.brain() not in (None, brain))
    told(manager, "WATCHDOG=1")
    assert a.running("api") == before
    until(lambda: "does not answer and is ended" in a.text())


def test_process_one_of_a_container(angel):
    """Orphans of all services are reaped, signals reach the brain, the container ends with it."""
    a = angel().write({"Name": "api", "Run": "/bin/sh -c \"(setsid sleep 0.01 &); exec sleep 100000\""})
    a.start(wrapper=["unshare", "--pid", "--fork", "--mount", "--mount-proc"], wait=False)

    def sleeps():
        found = []
        for p in marked(a.mark):
            try:
                if pathlib.Path(f"/proc/{p}/cmdline").read_bytes() == b"sleep\x00100000\0":
                    found.append(p)
            except OSError:  # it has just ended
                pass
        return found

    pid = until(sleeps)[0]
    init = int(stat_of(pid)[1])
    assert stat_of(init) and open(f"/proc/{init}/status").read().split("NSpid:")[1].split("\n")[0].split()[-1] == "1"
    until(lambda: "ready" in a.text())
    children = lambda: pathlib.Path(f"/proc/{init}/task/{init}/children").read_text().split()
    until(lambda: len(children()) == 2, lambda: f"{children()}")  # brain and service: no zombie
    os.kill(init, signal.SIGTERM)
    assert a.process.wait(timeout=60) == 0
    assert not lives(pid)


def test_idle_angel_does_not_wake_up(angel):
    """Neither keeper nor brain, while nothing happens: counted by the kernel as voluntary switches."""
    a = angel().write(SLEEP, OTHER).start()
    a.running("api", "worker")

    def switches():
        try:
            return [int(line.split()[1]) for pid in (a.process.pid, a.brain()) for task in os.listdir(f"/proc/{pid}/task")
                    for line in open(f"/proc/{pid}/task/{task}/status") if line.startswith("voluntary_ctxt")]
        except OSError:  # a thread has just ended
            return None

    def quiet():
        before = switches()
        signal.sigtimedwait([], 1.5)
        return before and switches() == before

    until(quiet)

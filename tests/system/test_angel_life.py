"""How long services live under a running angel: crash loops, codes that end them, order by needs, the guard, who is told to stop."""
import datetime
import os
import pathlib
import random
import signal
import socket

import pytest

import burrow
from angel import Angel, until

SLEEP = "/bin/sleep 1000"


@pytest.fixture
def angel(tmp_path):
    made = []

    def make(services, **main):
        made.append(Angel(tmp_path, services, words=("run",), **main))
        return made[-1]

    yield make
    for a in made:
        a.close()


def sh(script):
    return ["/bin/sh", "-c", script]


def state(a, name):
    return a.unit(name)["state"]


def lives(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def knows(a):
    """The process that decides; None while there is none."""
    try:
        return a.ask("GET", "/v1/state")[1]["pid"]
    except OSError:
        return None


def test_the_first_restart_is_at_once_and_the_next_ones_are_delayed(angel, tmp_path):
    """Each start writes a line: what is in the file when the backoff begins are the first start and one restart."""
    a = angel([{"Name": "s", "Run": sh(f"echo >>{tmp_path}/starts; exit 7"), "RetryDelay": 3600, "RetryMax": 3600}])
    a.until("s", "backoff", starts=2)  # not the one of no length before the restart that is at once
    assert (tmp_path / "starts").read_text() == "\n\n"
    told = a.ctl("why", "s").stdout
    assert "exit code 7" in told and "starts again in" in told
    assert a.ask("POST", "/v1/units/s/start")[0] < 300  # a person's word cuts the wait short, and begins anew
    a.until("s", "backoff", starts=4)
    assert (tmp_path / "starts").read_text() == "\n" * 4
    assert a.ctl("stop", "s").returncode == 0 and state(a, "s") == "stopped"


def test_abort_codes_end_it_for_good(angel):
    a = angel([{"Name": "bad", "Run": sh("exit 99"), "AbortExitCodes": [99]}, {"Name": "job", "Run": sh("exit 0"), "Restart": "on-failure"}])
    until(lambda: state(a, "bad") == "failed" and state(a, "job") == "done")
    assert a.unit("bad")["restarts"] == 0 and "99" in a.ctl("why", "bad").stdout


def test_needs_wait_until_it_is_ready_and_end_first(angel, tmp_path):
    """db is ready when a file is there; app writes down that it saw the file."""
    a = angel([
        {"Name": "app", "Run": sh(f"ls {tmp_path}/flag >{tmp_path}/saw; trap 'echo app >>{tmp_path}/ends; exit 0' TERM; while :; do sleep 0.05; done"),
         "Needs": ["db"]},
        {"Name": "db", "Run": sh(f"trap 'echo db >>{tmp_path}/ends; exit 0' TERM; while :; do sleep 0.05; done"),
         "Ready": {"Check": f"exec:/bin/ls {tmp_path}/flag", "Interval": 0.05}}])
    until(lambda: state(a, "db") == "running" and state(a, "app") == "waiting")
    assert "waits for db" in a.ctl("why", "app").stdout
    (tmp_path / "flag").touch()
    until(lambda: state(a, "app") == "ready" and (tmp_path / "saw").exists() and "flag" in (tmp_path / "saw").read_text())
    a.stop()
    assert (tmp_path / "ends").read_text() == "app\ndb\n"


def test_a_failing_start_step_is_no_start(angel, tmp_path):
    a = angel([{"Name": "s", "Run": SLEEP, "Start": [f"wait:/bin/ls {tmp_path}/flag", "start:%run%"], "RetryDelay": 0.05, "RetryMax": 0.1}])
    until(lambda: state(a, "s") == "backoff")
    assert "start step failed" in a.ctl("why", "s").stdout
    (tmp_path / "flag").touch()
    until(lambda: state(a, "s") == "ready")


def test_many_sick_at_once_are_spared(angel, tmp_path):
    """What they share has failed, so killing them would help nobody; told once."""
    (tmp_path / "well").touch()
    live = {"Check": f"exec:/bin/ls {tmp_path}/well", "Interval": 0.1, "Failure": 2, "Jitter": 0}
    names = [f"s{i}" for i in range(6)]
    a = angel([{"Name": n, "Run": SLEEP, "Live": live, "Notify": f"{tmp_path}/alerts.log"} for n in names], GuardPercent=30)
    until(lambda: all(state(a, n) == "ready" for n in names))
    before = [a.unit(n)["pid"] for n in names]
    (tmp_path / "well").unlink()
    until(lambda: "degraded" in a.log())
    until(lambda: all(f"{n} is sick" in a.log() or a.unit(n).get("pid") != before[i] for i, n in enumerate(names)))
    (tmp_path / "well").touch()
    until(lambda: "well again" in a.log())
    after = [a.unit(n).get("pid") for n in names]
    assert sum(x != y for x, y in zip(before, after)) <= 3, "the guard came too late"
    until(lambda: (tmp_path / "alerts.log").exists() and (tmp_path / "alerts.log").read_text().count("so none is restarted") == 1)


def test_a_group_begins_anew_together(angel):
    a = angel([{"Name": n, "Run": SLEEP, "RestartGroup": "g", "Strategy": "all"} for n in ("x", "y")] + [{"Name": "z", "Run": SLEEP}])
    until(lambda: all(state(a, n) == "ready" for n in "xyz"))
    x, y, z = (a.unit(n)["pid"] for n in "xyz")
    os.kill(x, signal.SIGKILL)
    until(lambda: all(u["state"] == "ready" and u["pid"] not in (x, y) for u in a.units().values()))
    assert a.unit("z")["pid"] == z and not lives(y)


def test_who_is_stopped_stays_so_when_the_brain_dies(angel):
    a = angel([{"Name": "x", "Run": SLEEP}, {"Name": "y", "Run": SLEEP}])
    until(lambda: state(a, "x") == "ready" and state(a, "y") == "ready")
    y = a.unit("y")["pid"]
    assert a.ctl("stop", "x").returncode == 0
    brain = a.ask("GET", "/v1/state")[1]["pid"]
    os.kill(brain, signal.SIGKILL)
    until(lambda: not lives(brain))
    until(lambda: knows(a) not in (None, brain))
    until(lambda: state(a, "y") == "ready")
    assert a.unit("y")["pid"] == y and state(a, "x") == "stopped"


def test_a_second_rollback_and_a_scale(angel):
    """Old settings that came back are good for another start, and for another plan."""
    good = {"Name": "s", "Run": SLEEP, "Replicas": 2}
    a = angel([good])
    until(lambda: all(u["state"] == "ready" for u in a.units().values()))
    for _ in range(2):
        a.write([{**good, "Run": "/bin/false"}])
        n = a.log().count("the old ones")
        a.process.send_signal(signal.SIGHUP)
        until(lambda: a.log().count("the old ones") > n)
        until(lambda: all(u["state"] == "ready" for u in a.units().values()) and len(a.units()) == 2)
        first = a.unit("s")["pid"]
        os.kill(first, signal.SIGKILL)
        a.renewed("s", first)
        until(lambda: all(u["state"] == "ready" for u in a.units().values()))
    a.write([{**good, "Replicas": 70}])
    a.process.send_signal(signal.SIGHUP)
    until(lambda: len(a.units()) == 70 and all(u["state"] == "ready" for u in a.units().values()))
    a.write([{**good, "Replicas": 1}])
    a.process.send_signal(signal.SIGHUP)
    until(lambda: len(a.units()) == 1)


def brain_of(a):
    try:
        return a.ask("GET", "/v1/state")[1]["pid"]
    except OSError:  # it was just killed
        return None


def test_a_budget_outlives_the_brain(tmp_path):
    """Three restarts a minute are three, also when the brain that counted them is killed; a person's word costs nothing."""
    births = tmp_path / "births"
    loop = {"Run": f"sh:echo x >>{births}; exit 1", "RetryDelay": "1ms", "RetryFactor": 1, "RetryMax": "1ms"}

    def waits(u):
        """Seconds from when it began to wait until it starts again."""
        at = [datetime.datetime.fromisoformat(u[k].replace("Z", "+00:00")) for k in ("since", "next_start") if k in u]
        return (at[-1] - at[0]).total_seconds()

    a = Angel(tmp_path, [{"Name": "own", "RestartBudget": 3, **loop}, {"Name": "api", "Run": SLEEP}], words=("run",))
    try:
        until(lambda: births.exists() and births.read_text().count("x") == 4, "not started so often")
        for _ in range(2):
            a.until("own", "backoff")
            brain = a.ask("GET", "/v1/state")[1]["pid"]
            os.kill(brain, signal.SIGKILL)
            until(lambda: brain_of(a) not in (None, brain), "no other brain")
            until(lambda: waits(a.unit("own")) > 2, a.log)  # not the millisecond of its delay
            assert births.read_text().count("x") == 4
        assert a.ctl("start", "own", "--wait", "0").returncode == 0
        until(lambda: births.read_text().count("x") == 5, "not started by a word")
    finally:
        a.close()


def test_recovered_is_told_by_the_next_brain(tmp_path):
    """What was told before the brain was killed is not told again, and its end is."""
    alerts, good = tmp_path / "alerts.log", tmp_path / "good"
    a = Angel(tmp_path, [{"Name": "api", "Run": f"sh:test -e {good} && exec sleep 1000; exit 7", "AbortExitCodes": [7], "RetryStableSec": 0.2,
                          "Notify": str(alerts)}], words=("run",))

    def told(kind):
        return [line for line in (alerts.read_text() if alerts.exists() else "").splitlines() if f" {kind} api: " in line]

    try:
        a.until("api", "failed")
        until(lambda: told("failed"), "nobody is told")
        brain = brain_of(a)
        os.kill(brain, signal.SIGKILL)
        until(lambda: brain_of(a) not in (None, brain), "no other brain")
        assert a.ctl("start", "api", "--wait", "0").returncode == 0
        a.until("api", "failed", starts=2)
        good.touch()
        assert a.ctl("start", "api").returncode == 0
        until(lambda: told("recovered"), "its recovery is not told")
        assert len(told("failed")) == 1 and len(told("recovered")) == 1, alerts.read_text()
    finally:
        a.close()


ANSWER = """
import os, socket
s = socket.socket(fileno=3)
while True:
    c, _ = s.accept()
    c.sendall(f"{os.environ['LISTEN_FDS']} {os.environ['LISTEN_FDNAMES']} {os.getpid()}".encode())
    c.close()
"""


def test_sockets_that_the_angel_was_given(tmp_path):
    """A socket of systemd's, by its name, also for the next life of the service; one that was not given is an error of that service."""
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        script = (f"import os, sys; os.dup2({first.fileno()}, 90); os.dup2({second.fileno()}, 91); os.dup2(90, 3); os.dup2(91, 4)\n"
                  "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='2', LISTEN_FDNAMES='web:web'); os.execv(sys.argv[1], sys.argv[1:])")
        a = Angel(tmp_path, [{"Name": "api", "Run": ["/usr/bin/python3", "-c", ANSWER], "Listen": {"http": "fd:web#2"}},
                             {"Name": "odd", "Run": SLEEP, "Listen": {"x": "fd:other"}}],
                  words=("run",), wrapper=("/usr/bin/python3", "-c", script), pass_fds=(first.fileno(), second.fileno()))
        where = second.getsockname()

    def ask():
        with socket.create_connection(where, burrow.PATIENCE) as c:
            return c.recv(100).decode().split()

    try:
        assert ask() == ["1", "http", str(a.until("api", "ready")["pid"])]
        assert a.ctl("restart", "api").returncode == 0
        assert ask() == ["1", "http", str(a.unit("api")["pid"])]
        assert a.until("odd", "backoff")["starts"] > 0
        until(lambda: "the angel was given no socket 'other'" in a.log())
    finally:
        a.close()


@pytest.mark.parametrize("size", [1, 100, 100000])
def test_what_the_last_brain_left_is_garbage(tmp_path, size):
    """Files of the state folder that say nothing sensible are no reason not to serve."""
    births, folder = tmp_path / "births", tmp_path / "state"
    folder.mkdir(mode=0o700)
    noise = random.Random(size)
    for name in ("restarts", "in-hand", "told"):
        (folder / name).write_bytes(noise.randbytes(size))
    a = Angel(tmp_path, [{"Name": "own", "Run": f"sh:echo x >>{births}; echo said; exit 1", "RetryDelay": "1ms", "RetryMax": "1ms", "RestartBudget": 3,
                          "Notify": str(tmp_path / "alerts.log")}], words=("run",))
    try:
        until(lambda: births.exists() and births.read_text().count("x") == 4, "not started so often")
        log = folder / "log" / "own.log"
        until(lambda: log.exists() and log.read_text().count("said") == 4, "not captured")
        a.until("own", "backoff")
        brain = brain_of(a)
        os.kill(brain, signal.SIGKILL)
        until(lambda: brain_of(a) not in (None, brain), "no other brain")
        a.until("own", "backoff")
        assert births.read_text().count("x") == 4
        assert log.read_text() == "said\n" * 4
    finally:
        a.close()

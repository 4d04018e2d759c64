"""Standing orders: the successor comes from the keeper alone, once, and only as was ordered."""
import itertools
import os
import signal

import angel
import pytest
from puppet import Puppet, lives, stat_of, until

SLEEP = "exec sleep 1000"
NUMBERS = itertools.count(100)


@pytest.fixture
def puppet(tmp_path):
    p = Puppet(tmp_path / "state")
    yield p
    p.end()


def obeyed(puppet):
    """Also the keeper has done what was pulled before: it takes one order after another."""
    child = next(NUMBERS)
    puppet.spawn(child, "/bin/true")
    puppet.heard("exited", child)


def start(puppet, run=2, script=SLEEP, credit=1, **more):
    """Child 1 runs, and its successor is ordered."""
    puppet.start()
    pid = puppet.shell(1, SLEEP)
    puppet.stand(1, run, script, **more)
    if credit:
        puppet.pull("credit", credit)
    obeyed(puppet)
    return pid


def kill(puppet, pid):
    """Its end as it was told."""
    os.kill(pid, signal.SIGKILL)
    return until(lambda: [e for e in puppet.said("exited", 1) if e[2] == str(pid)])[0][3:]


def test_followed(puppet, tmp_path):
    """What was ordered is what comes: words, output, environment; then nothing stands any more."""
    out = tmp_path / "out"
    os.mkfifo(out)
    fd = os.open(out, os.O_RDWR)
    first = start(puppet, script='echo "$BURROW_UNIT $0 $PUPPET"; echo err >&2; exec sleep 1001', out=out, credit=5)
    puppet.forget()
    assert kill(puppet, first) == ["signal", "9", "followed"]
    second = int(puppet.heard("spawned", 1)[2])
    assert second != first and lives(second)
    text = b""
    while text.count(b"\n") < 2:
        text += os.read(fd, 1000)
    os.close(fd)
    assert text.decode() == f"unit /bin/sh {puppet.state}\nerr\n"
    assert kill(puppet, second) == ["signal", "9"]
    obeyed(puppet)
    assert len(puppet.said("spawned", 1)) == 1


@pytest.mark.parametrize("code, followed", [(3, True), (4, False), (0, False)])
def test_only_those_ends(puppet, code, followed):
    puppet.start()
    os.mkfifo(puppet.state / "go")
    pid = puppet.shell(1, f"read x <{puppet.state}/go; exit {code}")
    puppet.stand(1, 2, SLEEP)
    puppet.pull("credit", 1)
    obeyed(puppet)
    (puppet.state / "go").write_text("go\n")
    assert puppet.heard("exited", 1)[2:] == [str(pid), "code", str(code)] + ["followed"] * followed


@pytest.mark.parametrize("why", ["no credit", "down", "another run"])
def test_not_followed(puppet, why):
    pid = start(puppet, run=3 if why == "another run" else 2, credit=0 if why == "no credit" else 1)
    if why == "down":
        puppet.pull("down", 1)
        obeyed(puppet)
    assert kill(puppet, pid) == ["signal", "9"]
    obeyed(puppet)
    assert len(puppet.said("spawned", 1)) == 1 and not puppet.processes()


def test_not_beside_what_is_left(puppet):
    """Something of its tree lives on: that is for the brain to sweep."""
    puppet.start()
    pid = puppet.shell(1, "sleep 1002 & exec sleep 1000")
    puppet.stand(1, 2, SLEEP)
    puppet.pull("credit", 1)
    obeyed(puppet)
    until(lambda: len(puppet.processes()) == 2)
    assert kill(puppet, pid) == ["signal", "9"]
    obeyed(puppet)
    assert len(puppet.said("spawned", 1)) == 1


def test_over_with_the_brain(puppet):
    pid = start(puppet)
    brain = puppet.brain()
    os.kill(brain, signal.SIGKILL)
    puppet.renewed(brain)
    puppet.forget()
    assert kill(puppet, pid) == ["signal", "9"]


def test_it_cannot_be_started(puppet, tmp_path):
    pid = start(puppet)
    program = tmp_path / "program"
    program.write_text("")
    puppet.pull("stand", "unit", 1, 2, "s", "", "", program)
    obeyed(puppet)
    assert kill(puppet, pid) == ["signal", "9", "followed"]
    assert puppet.heard("failed", 1)[2:] == ["exec", "EACCES"]


def test_descriptors_of_orders_are_closed(puppet, tmp_path):
    """One is kept for output and error that are one pipe; none when nothing stands."""
    os.mkfifo(tmp_path / "out")
    fds = lambda: sorted(os.readlink(f"/proc/{puppet.process.pid}/fd/{n}") for n in os.listdir(f"/proc/{puppet.process.pid}/fd")).count(
        str(tmp_path / "out"))
    puppet.start()
    puppet.shell(1, SLEEP, out=tmp_path / "out")
    obeyed(puppet)
    assert fds() == 0
    for _ in range(50):
        puppet.stand(1, 2, SLEEP, out=tmp_path / "out")
    obeyed(puppet)
    assert fds() == 1
    puppet.pull("down", 1)
    obeyed(puppet)
    assert fds() == 0


# ---- with a real brain ----


@pytest.fixture
def one(tmp_path):
    made = []

    def make():
        seconds = 100000 * os.getpid() + next(NUMBERS)  # by which its processes are known, whoever's children they are
        made.append(angel.Angel(tmp_path, [{"Name": "api", "Run": f"/bin/sleep {seconds}", "RetryStableSec": 1}], words=("run",)))
        made[-1].seconds = str(seconds)
        return made[-1]

    yield make
    for a in made:
        for pid in children(a):  # a brain that a failed test has left stopped
            os.kill(pid, signal.SIGCONT)
        a.close()


def children(a):
    """The keeper's: the brain, and main processes."""
    found = {}
    for name in os.listdir("/proc"):
        fields = name.isdigit() and stat_of(name)
        if fields and fields[1] == str(a.process.pid) and fields[0] != "Z":
            try:
                with open(f"/proc/{name}/cmdline", "rb") as f:
                    found[int(name)] = f.read().split(b"\0")[0].decode()
            except OSError:  # gone meanwhile
                pass
    return found


def copies(a):
    """Whatever runs of it, anywhere."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as f:
                if f.read().split(b"\0")[:2] == [b"/bin/sleep", a.seconds.encode()]:
                    found.append(int(name))
        except OSError:  # gone meanwhile
            pass
    return found


def service(a, but):
    """The process that runs and is not `but`; never more than one."""
    found = until(lambda: [p for p in copies(a) if p != but])
    assert len(found) == 1
    return found[0]


def stopped(a):
    """The brain, stopped."""
    brain = next(p for p, program in children(a).items() if program.endswith("burrow"))
    os.kill(brain, signal.SIGSTOP)
    until(lambda: stat_of(brain)[0] == "T")
    return brain


def proved(a):
    """It was ready for its RetryStableSec, and its successor is ordered: its pid."""
    return until(lambda: (lambda u: u["standing"] and u["pid"])(a.unit("api")), a.log)


def test_successor_while_the_brain_hangs(one):
    """The brain is stopped, the service killed: it is started again by the keeper, once; the brain tells of it when it goes on."""
    a = one()
    first = proved(a)
    brain = stopped(a)
    os.kill(first, signal.SIGKILL)
    second = service(a, first)
    os.kill(second, signal.SIGKILL)  # has not proved itself: that is for the brain to decide
    until(lambda: (stat_of(second) or "Z")[0] == "Z")
    os.kill(brain, signal.SIGCONT)
    third = until(lambda: (lambda u: u if u["state"] == "ready" and u["pid"] not in (first, second) else None)(a.unit("api")), a.log)
    assert third["restarts"] == 2 and third["starts"] == 3
    assert [e["text"].split()[-1] for e in a.events("started", "api")] == [str(first), str(second), str(third["pid"])]
    assert len(a.events("exited", "api")) == 2


def test_told_to_stop_while_its_successor_starts(one):
    """The stop was asked for before the brain could hear of the end: nothing runs then."""
    a = one()
    first = proved(a)
    brain = stopped(a)
    a.process.send_signal(signal.SIGTERM)
    os.kill(first, signal.SIGKILL)  # whichever of the two the keeper hears first
    os.kill(brain, signal.SIGCONT)
    assert a.process.wait(60) == 0, a.log()
    assert not copies(a)


def test_settings_end_it(one):
    """What is started after a change is what the settings say now."""
    a = one()
    first = proved(a)
    a.write([{"Name": "api", "Run": f"/bin/sleep {a.seconds}", "RetryStableSec": 1, "AbortSignals": ["KILL"]}])
    a.process.send_signal(signal.SIGHUP)
    until(lambda: a.events("applied"), a.log)
    assert proved(a) == first
    os.kill(first, signal.SIGKILL)
    assert "not started again" in a.until("api", "failed")["why"]
    assert not copies(a)


def test_stopped_by_word_and_proved_again(one):
    """Told to stop it stays stopped; started and proved it is ordered anew, and followed."""
    a = one()
    first = proved(a)
    assert a.ctl("stop", "api").returncode == 0 and not a.unit("api")["standing"]
    assert a.ctl("start", "api").returncode == 0
    second = proved(a)
    os.kill(second, signal.SIGKILL)
    third = a.renewed("api", second)
    assert third["pid"] not in (first, second) and third["restarts"] == 1
    assert proved(a) == third["pid"]

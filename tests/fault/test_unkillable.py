"""Processes that no signal reaches: in state D, since they wait for a disk (mutefs.c) that never answers. They are told of,
never hidden; no second copy is started; and they are done with when the disk has gone."""
import os
import signal
import subprocess

import angel
import burrow
import pytest
from puppet import Puppet, lives, stat_of, until


class Mute:
    """.path: whoever looks it up hangs, until .go()."""

    def __init__(self, program, folder):
        self.mount = folder / "mute"
        self.mount.mkdir()
        self.path = self.mount / "x"
        self.said = folder / "mute.said"
        with open(self.said, "w") as said:
            self.process = subprocess.Popen([program, self.mount], stdout=said)
        until(lambda: "mounted" in self.said.read_text())

    def asked(self):
        """Somebody hangs now."""
        until(lambda: "asked" in self.said.read_text(), "nobody asks the disk")

    def go(self):
        self.process.kill()
        self.process.wait()

    def release(self):
        if self.process.poll() is None:
            self.go()
        burrow.run("fusermount3", "-u", "-z", self.mount)


@pytest.fixture
def mute(helper, tmp_path):
    m = Mute(helper("mutefs", *burrow.run("pkg-config", "--cflags", "--libs", "fuse3").stdout.split()), tmp_path)
    yield m
    m.release()


@pytest.fixture
def one(mute, tmp_path):
    """One angel (keeper and brain) and its services. The disk goes before the angel does."""
    made = []

    def make(services):
        made.append(angel.Angel(tmp_path, services, words=("run",), StopTimeoutSec=30))
        return made[-1]

    yield make
    mute.release()
    for a in made:
        a.close()


def hangs(pid):
    return (stat_of(pid) or " ")[0] == "D"


def child_of(pid, name):
    return int(burrow.run("pgrep", "-P", str(pid), "-x", name).stdout)


@pytest.mark.parametrize("groups", [True, False], ids=["groups", "proc"])
def test_a_sweep_names_survivors(mute, tmp_path, groups):
    p = Puppet(tmp_path / "state", groups=groups)
    try:
        p.start()
        main = p.shell(1, f"trap '' TERM; cat {mute.path}; exec sleep 1000")
        mute.asked()
        cat = child_of(main, "cat")
        p.pull("sweep", 1, 1)  # a deadline long past
        assert p.heard("exited", 1)[2:] == [str(main), "signal", "9"]
        p.heard("swept", 1)

        def left():
            """What a sweep leaves; it is asked and has answered: no answer is to come behind forget()."""
            n = len(p.said("swept", 1))
            p.pull("sweep", 1, 1)
            until(lambda: len(p.said("swept", 1)) > n, p.lines)
            return p.said("swept", 1)[-1][2:]

        until(lambda: left() == ["1", str(cat), "(D)", "cat"], p.lines)
        p.forget()
        p.pull("sweep", 1)  # as long as it takes
        p.sync()
        assert not p.said("swept") and hangs(cat)
        mute.go()
        assert p.heard("swept", 1)[2] == "0"
        assert not lives(cat)
    finally:
        mute.release()
        p.end()


def test_stop_reports_who_cannot_be_killed(mute, one):
    a = one([{"Name": "api", "Run": ["/bin/sh", "-c", f"cat {mute.path} & exec sleep 1000"], "StopRunAbortTimeoutSec": 1,
              "Notify": str(mute.mount.parent / "notices")}])
    main = a.until("api", "ready")["pid"]
    mute.asked()
    cat = child_of(main, "cat")
    said = f"1 of its processes cannot be killed: {cat} (D) cat"
    r = a.ctl("stop", "api")
    assert (r.returncode, said in r.stderr) == (1, True), r.stderr
    assert not lives(main) and hangs(cat)
    u = a.unit("api")
    assert (u["state"], u["why"], u.get("pid")) == ("stuck", said, None), u
    assert said in a.ctl("why", "api").stdout
    assert [e["text"] for e in a.events("stuck", "api")] == [said]
    notices = mute.mount.parent / "notices"
    until(lambda: notices.exists() and said in notices.read_text())
    r = a.ctl("start", "api", "--wait", "1")
    assert r.returncode == 4 and a.unit("api")["state"] == "jammed", r.stderr
    mute.go()
    started = a.until("api", "ready")
    assert started["pid"] != main and not lives(cat)


def test_end_and_new_start_with_one_that_cannot_be_killed(mute, one, tmp_path):
    """The angel does not wait for ever, says who is left, and the next takes it for what it is: no second copy."""
    file, fifo = tmp_path / "file", tmp_path / "fifo"
    file.symlink_to(mute.path)
    os.mkfifo(fifo)
    a = one([{"Name": "api", "Run": ["/bin/cat", str(file)], "StopRunAbortTimeoutSec": 1}])
    cat = a.until("api", "ready")["pid"]
    mute.asked()
    a.process.send_signal(signal.SIGTERM)
    assert a.process.wait(burrow.PATIENCE) == 1
    assert "stopped, but for processes that cannot be killed: of api" in a.log() and "all services have stopped" not in a.log()
    assert "1 of the processes that its children left behind could not be ended" in a.log()
    assert hangs(cat)
    a.start()
    assert a.until("api", "ready")["pid"] == cat
    os.replace(fifo, file)  # the next waits there
    os.kill(cat, signal.SIGKILL)
    mute.go()
    started = until(lambda: (lambda u: u if u["state"] == "ready" and u["pid"] != cat else None)(a.unit("api")), a.log)
    assert started["restarts"] == 1 and not lives(cat)


def test_programs_on_a_disk_that_does_not_answer_hold_nobody_up(mute, one):
    """More of them hang in exec, with the keeper's memory in use, than the keeper has berths for (keeper_berth.c)."""
    n = 6
    a = one([{"Name": "alive", "Run": ["/bin/sleep", "1000"]}] +
            [{"Name": f"hangs{i}", "Run": [str(mute.mount / f"program{i}")], "StopRunAbortTimeoutSec": 1} for i in range(n)])
    pid = a.until("alive", "ready")["pid"]
    mute.asked()  # one asks, and the others wait for its answer
    until(lambda: len(before_exec(a)) == n, a.log)
    for _ in range(3):
        os.kill(pid, signal.SIGKILL)
        pid = a.renewed("alive", pid)["pid"]
    assert len(before_exec(a)) == n
    mute.go()  # none of the programs is there: each says why, in its own words
    for i in range(n):
        a.until(f"hangs{i}", "backoff")
        assert f"program{i}" in a.ctl("why", f"hangs{i}").stdout


def before_exec(a):
    """Children of the keeper that still are, by their words, the keeper; without the brain, which is one as well."""
    words = open(f"/proc/{a.process.pid}/cmdline", "rb").read()
    of = burrow.run("pgrep", "-P", str(a.process.pid)).stdout.split()
    return [p for p in of if open(f"/proc/{p}/cmdline", "rb").read() == words and stat_of(int(p))[0] in "DS"]

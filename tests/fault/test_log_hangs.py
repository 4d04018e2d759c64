"""The disk of a log that takes questions and answers none (powerfs.c): the service is not blocked, others are captured, it is said, what was lost is
counted in the file when the disk answers again, and the angel ends all the same."""
import os
import pathlib
import re
import signal

import angel
import burrow
import powercut
import pytest
from puppet import lives, stat_of, until

LINE = b"x" * 99 + b"\n"
MARK = re.compile(rb"\n?\[burrow angel: (\d+) bytes lost from \S+ to \S+: the disk did not answer\]\n")
# Prints a line, and N lines for each number in the file "go"; says in "done" that they are printed.
PRINTS = """
import os, pathlib, sys, time
here, name, seen = pathlib.Path(sys.argv[1]), sys.argv[2], 0
line = b"x" * 99 + b"\\n"
while True:
    orders = (here / f"{name}.go").read_text().split() if (here / f"{name}.go").exists() else []
    for n in orders[seen:]:
        for i in range(int(n)):
            os.write(1, line)
        seen += 1
        (here / f"{name}.done").write_text(str(seen))
    time.sleep(0.01)
"""


class Disk(powercut.Disk):
    def hang(self):
        self.process.send_signal(signal.SIGUSR2)

    answer = hang


@pytest.fixture
def disk(helper, tmp_path):
    folder = tmp_path / "powerfs"
    folder.mkdir()
    d = Disk(helper("powerfs", *burrow.run("pkg-config", "--cflags", "--libs", "fuse3").stdout.split()), folder).on()
    yield d
    d.release()


@pytest.fixture
def make(disk, tmp_path):
    made = []

    def make(services, words=("run",)):
        (tmp_path / "prints.py").write_text(PRINTS)
        made.append(angel.Angel(tmp_path, services, words=words))
        return made[-1]

    yield make
    disk.release()
    for a in made:
        a.close()


class Printer:
    def __init__(self, folder, name, log):
        self.folder, self.name, self.log, self.orders = folder, name, pathlib.Path(log), []

    def order(self, n):
        self.orders.append(n)
        new = self.folder / f"{self.name}.new"
        new.write_text(" ".join(map(str, self.orders)))
        new.rename(self.folder / f"{self.name}.go")

    def is_done(self):
        done = self.folder / f"{self.name}.done"
        return done.exists() and done.read_text() == str(len(self.orders))

    def print(self, n):
        self.order(n)
        until(self.is_done, f"{self.name} is blocked")


def services(disk, folder, **more):
    def one(name, log):
        return {"Name": name, "Run": ["/usr/bin/python3", str(folder / "prints.py"), str(folder), name], "RedirectLogFile": str(log),
                "RedirectLogRotateFiles": 1}

    return [{**one("bad", disk.mount / "bad.log"), **more}, {**one("also", disk.mount / "also/also.log"), **more}, one("good", folder / "good.log")]


def begin(disk, make, folder, **more):
    a = make(services(disk, folder, **more))
    for name in ("bad", "also", "good"):
        a.until(name, "ready")
    bad, also, good = (Printer(folder, n, p) for n, p in
                       (("bad", disk.mount / "bad.log"), ("also", disk.mount / "also/also.log"), ("good", folder / "good.log")))
    for p in (bad, also, good):
        p.print(1)
        until(lambda: p.log.exists() and p.log.read_bytes() == LINE, a.log)
    disk.hang()
    bad.order(1)
    until(lambda: "hangs_since" in a.unit("bad")["log"], a.log)
    return a, bad, also, good


def captures(good, n):
    """Others go on."""
    good.print(n)
    until(lambda: good.log.read_bytes() == LINE * sum(good.orders))


def kept_and_counted(p, a):
    """All is there, or counted in marks and figures."""
    printed = len(LINE) * sum(p.orders)

    def balance():
        """(the marks count what is lost, and the rest is there; lost)"""
        text, lost = p.log.read_bytes(), a.unit(p.name)["log"]["lost_bytes"]
        return sum(int(n) for n in MARK.findall(text)) == lost and len(MARK.sub(b"", text)) + lost == printed, lost

    return until(lambda: (lambda b: b if b[0] else None)(balance()), lambda: f"{balance()} of {printed} {a.log()}")[1]


def test_others_go_on_and_it_is_counted(disk, make, tmp_path):
    a, bad, also, good = begin(disk, make, tmp_path)
    captures(good, 1000)
    bad.print(20000)  # 2 MB: far more than a pipe holds
    also.print(100)
    captures(good, 1000)
    until(lambda: "hangs_since" in a.unit("also")["log"], a.log)
    assert "hangs_since" not in a.unit("good")["log"]
    assert f"Its log hangs: in a disk call for {bad.log}" in a.ctl("why", "bad").stdout
    until(lambda: f"unit=bad path={bad.log} since=" in a.log() or f'"path":"{bad.log}"' in a.log(), a.log)
    assert [e["unit"] for e in a.events("log-hangs")].count("bad") == 1
    brain = burrow.run("pgrep", "-P", str(a.process.pid), "-f", "angel brain").stdout.split()[0]

    def threads():
        try:
            return [t for t in pathlib.Path(f"/proc/{brain}/task").iterdir() if (t / "comm").read_text() == "capture\n"]
        except OSError:  # one has just ended
            return []

    until(lambda: len(threads()) == 2, lambda: f"{threads()}")  # one call for both logs of that disk, and who goes on
    assert a.ctl("reopen").returncode == 0
    assert LINE.decode() in a.ctl("logs", "bad").stdout
    disk.answer()
    until(lambda: all("hangs_since" not in u["log"] for u in a.units().values()), a.log)
    assert kept_and_counted(bad, a) > 0
    assert kept_and_counted(also, a) == 0  # little was kept
    for p in (bad, also, good):
        p.print(10)
    assert kept_and_counted(bad, a) > 0
    captures(good, 10)
    a.stop()


def test_block_waits_and_loses_nothing(disk, make, tmp_path):
    a, bad, _, good = begin(disk, make, tmp_path, RedirectLogFull="block")
    bad.order(20000)
    captures(good, 1000)
    assert not bad.is_done()
    disk.answer()
    until(bad.is_done, a.log)
    assert kept_and_counted(bad, a) == 0
    a.stop()


def test_restarted_and_removed_while_it_hangs(disk, make, tmp_path):
    a, bad, also, good = begin(disk, make, tmp_path)
    bad.print(10)
    assert a.ctl("restart", "also").returncode == 0
    a.write([s for s in services(disk, tmp_path) if s["Name"] != "bad"] +
            [{"Name": "new", "Run": ["/bin/sh", "-c", "echo hello; exec sleep 1000"], "RedirectLogFile": str(disk.mount / "deep/new.log")}])
    a.process.send_signal(signal.SIGHUP)
    until(lambda: "bad" not in a.units() and a.units().get("new", {}).get("state") == "ready", a.log)
    until(lambda: "hello" in a.ctl("logs", "new").stdout, a.log)
    until(lambda: "hangs_since" in a.unit("new")["log"], a.log)  # its text may be there before its disk has been asked
    captures(good, 100)
    disk.answer()
    until(lambda: bad.log.read_bytes() == LINE * sum(bad.orders), a.log)
    until(lambda: (disk.mount / "deep/new.log").exists() and (disk.mount / "deep/new.log").read_bytes() == b"hello\n", a.log)
    a.stop()


def test_the_angel_ends_all_the_same(disk, make, tmp_path):
    a, bad, _, good = begin(disk, make, tmp_path)
    bad.print(20000)
    a.process.send_signal(signal.SIGTERM)
    assert a.process.wait(burrow.PATIENCE) == 0
    assert "the log of a service is left as it is: its disk does not answer" in a.log()
    assert "has ended but for disk calls that do not come back" in a.log()
    a.start()  # nobody holds what it needs
    until(lambda: a.unit("good")["state"] in ("starting", "ready", "running"), a.log)
    disk.answer()
    until(lambda: b" bytes lost from " in bad.log.read_bytes(), a.log)
    a.stop()


def test_a_killed_brain_is_replaced(disk, make, tmp_path):
    a, bad, _, good = begin(disk, make, tmp_path)
    brain = int(burrow.run("pgrep", "-P", str(a.process.pid), "-f", "angel brain").stdout.split()[0])
    os.kill(brain, signal.SIGKILL)
    until(lambda: a.log().count("services are watched") == 2, a.log)
    assert stat_of(brain)[0] == "Z"
    until(lambda: a.serves() and a.unit("good")["state"] == "ready", a.log)
    captures(good, 1000)
    disk.answer()
    until(lambda: b"bytes lost from" in bad.log.read_bytes(), a.log)
    until(lambda: not lives(brain), "the old brain stays")
    a.stop()


def test_renewed_while_it_hangs(disk, make, tmp_path):
    a, bad, _, good = begin(disk, make, tmp_path)
    assert a.ctl("upgrade").returncode == 0
    until(lambda: a.log().count("services are watched") == 2, a.log)
    captures(good, 100)
    bad.print(10)
    disk.answer()
    until(lambda: "hangs_since" not in a.unit("bad")["log"], a.log)
    a.stop()
    assert bad.log.read_bytes().endswith(10 * LINE)

"""Process managers as objects: the angel and its peers from Debian, all with the same children (bench/angel_child.c).

Each has start(n, more) → itself, stop(), pids() of the managing processes (children left out), log_command() for capture."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"


def child_program(folder):
    """The child, without a C library: its own start costs next to nothing."""
    out = pathlib.Path(folder) / "angel_child"
    subprocess.run(["gcc", "-O2", "-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector", "-fno-pie", "-no-pie", "-o", out, ROOT / "bench/angel_child.c"], check=True)
    return out


def processes():
    """{pid: (parent, name)} of the machine."""
    found = {}
    for p in pathlib.Path("/proc").iterdir():
        if not p.name.isdigit():
            continue
        try:
            head, tail = (p / "stat").read_text().rsplit(")", 1)
        except OSError:
            continue
        found[int(p.name)] = (int(tail.split()[1]), head.split("(", 1)[1])
    return found


class Manager:
    name = ""
    ready_fd = "-"

    def __init__(self, folder, child):
        self.folder, self.child = pathlib.Path(folder) / self.name, child
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.lines = self.folder / "lines"
        self.process = None

    @classmethod
    def is_there(cls):
        return True

    def words(self, i, more=()):
        return [str(self.child), str(self.lines), f"s{i}", self.ready_fd, *more]

    def run(self, words):
        self.begun = time.monotonic_ns()
        self.process = subprocess.Popen(list(map(str, words)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(self.folder / "stderr", "w"),
                                        start_new_session=True)
        return self

    def births(self):
        """[(name, ns, pid)] so far, in order."""
        try:
            return [(n, int(ns), int(pid)) for n, ns, pid in (l.split() for l in self.lines.read_text().splitlines())]
        except OSError:
            return []

    def latest(self, n):
        """The last n or fewer of them, without reading all."""
        with open(self.lines, "rb") as f:
            f.seek(max(0, f.seek(0, os.SEEK_END) - 40 * n))
            lines = f.read().decode().splitlines()[1:]
        return [(n, int(ns), int(pid)) for n, ns, pid in (l.split() for l in lines)]

    def wait_births(self, n, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.lines.exists() and self.lines.read_bytes().count(b"\n") >= n:
                return self.births()
            time.sleep(0.002)
        raise TimeoutError(f"{self.name}: {len(self.births())} of {n} children started in {seconds} s; {(self.folder / 'stderr').read_text()[-500:]}")

    def tree(self):
        all_, mine = processes(), {self.process.pid}
        while True:
            more = {p for p, (parent, _) in all_.items() if parent in mine} - mine
            if not more:
                return {p: all_[p][1] for p in mine if p in all_}
            mine |= more

    def pids(self):
        return [p for p, name in self.tree().items() if name != "angel_child"]

    def pss(self):
        total = 0
        for p in self.pids():
            total += int(re.search(r"^Pss:\s+(\d+)", pathlib.Path(f"/proc/{p}/smaps_rollup").read_text(), re.M).group(1))
        return total / 1024

    def wakeups(self):
        """Context switches (of both kinds) of all managing threads so far, and their CPU ticks."""
        switches = ticks = 0
        for p in self.pids():
            for t in pathlib.Path(f"/proc/{p}/task").iterdir():
                switches += sum(int(n) for n in re.findall(r"ctxt_switches:\s+(\d+)", (t / "status").read_text()))
                f = (t / "stat").read_text().rsplit(")", 1)[1].split()
                ticks += int(f[11]) + int(f[12])
        return switches, ticks

    def stop(self):
        if not self.process:
            return
        rest = self.tree()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for p in rest:  # peers leave children behind; only what stood in this manager's tree is ended
            try:
                if pathlib.Path(f"/proc/{p}/exe").resolve() in (self.child, *self.helpers()):
                    os.kill(p, signal.SIGKILL)
            except OSError:
                pass
        self.process = None

    def helpers(self):
        return []


class Angel(Manager):
    name = "burrow angel"
    extra = {}

    def start(self, n, more=(), extra=None):
        services = [{"Name": f"s{i}", "Run": self.words(i, more), "RetryStableSec": 1, "RedirectLogFile": f"{self.folder}/log/s{i}.log",
                     "RedirectLogRotateFiles": 5, "RedirectLogRotateBytes": 10485760, **(extra or {})} for i in range(n)]
        (self.folder / "log").mkdir(exist_ok=True)
        self.settings = self.folder / "angel.json"
        self.settings.write_text(json.dumps({"Services": services, **self.extra}))
        return self.run([BUILD / "burrow", "angel", "run", "--settings", self.settings, "--state", self.folder / "state"])


class S6(Manager):
    name = "s6"
    ready_fd = "3"  # without readiness it waits a second before each restart

    @classmethod
    def is_there(cls):
        return shutil.which("s6-svscan")

    def start(self, n, more=()):
        scan = self.folder / "scan"
        for i in range(n):
            d = scan / f"s{i}"
            d.mkdir(parents=True)
            (d / "run").write_text(f"#!/bin/sh\nexec {' '.join(self.words(i, more))}\n")
            (d / "run").chmod(0o755)
            (d / "notification-fd").write_text("3\n")
        return self.run(["s6-svscan", "-c", str(max(100, n + 10)), scan])

    def helpers(self):
        return [pathlib.Path(shutil.which("s6-supervise")).resolve()]


class Runit(Manager):
    name = "runit"

    @classmethod
    def is_there(cls):
        return shutil.which("runsvdir")

    def start(self, n, more=()):
        scan = self.folder / "scan"
        for i in range(min(n, 1000)):
            d = scan / f"s{i}"
            d.mkdir(parents=True)
            (d / "run").write_text(f"#!/bin/sh\nexec {' '.join(self.words(i, more))}\n")
            (d / "run").chmod(0o755)
        return self.run(["runsvdir", "-P", scan])

    def helpers(self):
        return [pathlib.Path(shutil.which("runsv")).resolve()]


class Supervisord(Manager):
    name = "supervisord"

    @classmethod
    def is_there(cls):
        return shutil.which("supervisord")

    def start(self, n, more=()):
        conf = self.folder / "supervisord.conf"
        text = [f"[supervisord]\nnodaemon=true\nlogfile={self.folder}/log\npidfile={self.folder}/pid\nuser=root\nminfds=20000\nloglevel=error\n"]
        for i in range(n):
            text.append(f"[program:s{i}]\ncommand={' '.join(self.words(i, more))}\nautorestart=true\nstartsecs=0\n"
                        f"stdout_logfile={self.folder}/s{i}.log\nredirect_stderr=true\n")
        conf.write_text("\n".join(text))
        return self.run(["/usr/bin/supervisord", "-c", conf])


class Bare(Manager):
    """No manager at all, but the least that one could cost on this machine (bench/bare.c)."""
    name = "bare loop"

    def start(self, n):
        return self.run([BUILD / "bench/bench_bare", n, self.child, self.lines])


ALL = [Angel, S6, Runit, Supervisord]

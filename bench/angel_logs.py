"""Capturing what children print: the angel and its peers, the same child, rotated into the same number of files on a memory disk, in turn.
The figure is the child's own: bytes by the time of all its writes. `./dev bench angel` runs it."""
import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

import managers

FILES, BYTES = 6, 10_000_000


def median(values):
    return statistics.median(values)


def child_program(folder):
    out = pathlib.Path(folder) / "log_child"
    subprocess.run(["gcc", "-O2", "-static", "-o", out, managers.ROOT / "bench/log_child.c"], check=True)
    return out


class Logger:
    """run(words) starts the child under it; .log: where the files are."""
    name = ""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / self.name.replace(" ", "-")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.log = self.folder / "log"
        self.log.mkdir(parents=True)
        self.processes = []

    def begin(self, words, **kw):
        self.processes.append(subprocess.Popen(list(map(str, words)), stdin=kw.pop("stdin", subprocess.DEVNULL), stderr=subprocess.DEVNULL, start_new_session=True,
                                               **{"stdout": subprocess.DEVNULL, **kw}))
        return self.processes[-1]

    def end(self):
        for p in self.processes:
            try:
                os.killpg(p.pid, signal.SIGTERM)
                p.wait(20)
            except ProcessLookupError:
                p.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
                p.wait()

    def kept(self):
        total = 0
        for p in self.log.rglob("*"):
            if p.is_file() and not p.name.endswith((".part", "lock", "state", "config")):
                total += len(gzip.open(p).read()) if p.suffix == ".gz" else p.stat().st_size
        return total

    def lost(self):
        return None


class Angel(Logger):
    name = "burrow angel"

    def run(self, words):
        settings = self.folder / "angel.json"
        settings.write_text(json.dumps({"Services": [{"Name": "talk", "Run": list(map(str, words)), "RedirectLogFile": str(self.log / "talk.log"),
                                                      "RedirectLogRotateFiles": FILES, "RedirectLogRotateBytes": BYTES}]}))
        self.begin([managers.BUILD / "burrow", "angel", "run", "--settings", settings, "--state", self.folder / "state"])

    def lost(self):
        out = subprocess.run([managers.BUILD / "burrow", "ctl", "status", "--json", "--state", self.folder / "state"], capture_output=True, text=True).stdout
        return sum(int(n) for n in re.findall(r'"lost_bytes":\s*(\d+)', out)) if "lost_bytes" in out else None


class S6Log(Logger):
    name = "s6-log"

    def run(self, words):
        child = self.begin(words, stdout=subprocess.PIPE)
        self.begin(["s6-log", f"n{FILES - 1}", f"s{BYTES}", self.log], stdin=child.stdout)
        child.stdout.close()


class Svlogd(Logger):
    name = "svlogd"

    def run(self, words):
        (self.log / "config").write_text(f"s{BYTES}\nn{FILES - 1}\n")
        child = self.begin(words, stdout=subprocess.PIPE)
        self.begin(["svlogd", self.log], stdin=child.stdout)
        child.stdout.close()


class Supervisord(Logger):
    name = "supervisord"

    def run(self, words):
        conf = self.folder / "supervisord.conf"
        conf.write_text(f"[supervisord]\nnodaemon=true\nlogfile={self.folder}/own\npidfile={self.folder}/pid\nuser=root\nloglevel=error\n"
                        f"[program:talk]\ncommand={' '.join(map(str, words))}\nstdout_logfile={self.log}/talk\nstdout_logfile_maxbytes={BYTES}\n"
                        f"stdout_logfile_backups={FILES - 1}\n")
        self.begin(["/usr/bin/supervisord", "-c", conf])


ALL = [Angel, S6Log, Svlogd, Supervisord]


def one(kind, folder, child, size, total):
    """(MB/s of the child, kept bytes, lost bytes or None)"""
    m = kind(folder)
    told = m.folder / "told"
    try:
        m.run([child, told, size, total])
        end = time.monotonic() + 120
        while not told.exists() or not told.read_text().endswith("\n"):
            assert time.monotonic() < end, f"{m.name}: the child did not get through"
            time.sleep(0.01)
        ns = int(told.read_text().split()[0])
        time.sleep(0.3)  # what is still in the pipe
        lost = m.lost()
    finally:
        m.end()
    return total / ns * 1e3, m.kept(), lost


def measure(size, total, rounds=3):
    out = {k.name: [] for k in ALL}
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        child = child_program(folder)
        for _ in range(rounds):
            for kind in ALL:
                if kind is Angel or shutil.which(kind.name):
                    out[kind.name].append(one(kind, folder, child, size, total))
    return {name: runs for name, runs in out.items() if runs}


def capture_row(table, what, size, total, target, whole):
    """whole: so much that everything fits into the rotated files, and must be there."""
    runs = measure(size, total)
    ours = runs.pop("burrow angel")
    speed = median([r[0] for r in ours])
    lost = max(total - r[1] if whole else (r[2] or 0) for r in ours)
    peers = {name: median([r[0] for r in p]) for name, p in runs.items()}
    best = max(peers, key=peers.get) if peers else None
    figures = f"{speed:,.0f} MB/s, {lost:,} bytes lost; " + "; ".join(f"{n} {v:,.0f}" for n, v in peers.items())
    table.row(what, figures, f"{speed / peers[best]:.2f} x {best}" if best else "no peer", f"≥ {target} MB/s, nothing lost", speed >= target and lost == 0)


def capture_rows(table):
    capture_row(table, "output captured, writes of 64 KiB, 512 MB through 6 files of 10 MB", 65536, 1 << 29, 800, False)
    capture_row(table, "output captured, lines of 128 bytes, 48 MB kept whole", 128, 48_000_000, 320, True)


if __name__ == "__main__":
    class Printed:
        def row(self, *words):
            print(*words[:-1], "ok" if words[-1] else "MISSED", sep=" | ", flush=True)
    capture_rows(Printed())

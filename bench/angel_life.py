"""The lives of children under the angel and its peers: start, restart, memory, idling, trees, crash loops, soak. Each function takes a
Table (rows go there) and measures all managers in one run with the same children. `./dev bench angel` runs them."""
import http.client
import json
import math
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time

import managers


def median(values):
    return statistics.median(values)


def p99(values):
    return sorted(values)[math.ceil(len(values) * 0.99) - 1]


class Unix(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path):
        super().__init__("localhost")
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def ask(path, target):
    c = Unix(path)
    c.request("GET", target)
    r = c.getresponse()
    body = r.read()
    c.close()
    return r.status, body


def kill_one(m, born):
    """Kills a child that has lived over a second; ms until its successor's first act, which that writes down itself: whoever looked for it
    meanwhile would take a processor from those who are measured."""
    name, _, pid = born
    n = len(m.births())
    at = time.monotonic_ns()
    os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + 10
    time.sleep(0.03)
    while time.monotonic() < end:
        for b in m.births()[n:]:
            if b[0] == name:
                return (b[1] - at) / 1e6, b
        time.sleep(0.02)
    raise TimeoutError(f"{m.name}: {name} was not started again")


def restarts(folder, child, n, kills):
    """{manager: [ms]}; s6 and runit hold back what has lived for less than a second, so the same child is spared that long."""
    out, rng = {}, random.Random(7)
    for kind in (*managers.ALL, managers.Bare):
        if not kind.is_there() or (n >= 1000 and kind is managers.Supervisord):  # a restart takes its tick of a second, whatever n is
            continue
        m = kind(folder, child).start(n)
        try:
            alive = {b[0]: b for b in m.wait_births(n, 120)}
            time.sleep(1.2)
            times = []
            for _ in range({managers.Supervisord: 5, managers.Angel: kills}.get(kind, kills // 4)):
                born = alive[rng.choice(list(alive))]
                while time.monotonic_ns() - born[1] < 1_200_000_000:
                    time.sleep(0.02)
                ms, fresh = kill_one(m, born)
                alive[fresh[0]] = fresh
                times.append(ms)
            out[m.name] = times
        finally:
            m.stop()
    return out


def restart_row(table, folder, child, n, kills):
    times = restarts(folder, child, n, kills)
    ours, bare = times.pop("burrow angel"), times.pop("bare loop")
    best, peer = min((median(t), name) for name, t in times.items())
    told = "; ".join(f"{name} {median(t):.2f} and {p99(t):.2f}" for name, t in times.items())
    met = median(ours) <= 2 and p99(ours) <= 6 and median(ours) <= best * 1.2
    table.row(f"kill -9 of a child → its successor's first act, {n:,} services, {len(ours)} kills",
              f"median {median(ours):.2f} ms, p99 {p99(ours):.2f}; {told}; a bare loop of posix_spawn, the machine's least, {median(bare):.2f} and {p99(bare):.2f}",
              f"{median(ours) / best:.2f} x {peer}", "median ≤ 2 ms, p99 ≤ 6 ms, ≤ 1.2 x the best peer", met)


def start_row(table, folder, child, n=1000, seconds=10):
    told, ours = [], None
    for kind in managers.ALL:
        if not kind.is_there():
            continue
        m = kind(folder, child).start(n)
        try:
            took = (m.wait_births(n, 120)[-1][1] - m.begun) / 1e6
            if kind is managers.Angel:
                time.sleep(2.5)  # RetryStableSec and what the start leaves to do
            before, pss = m.wakeups(), m.pss()
            time.sleep(seconds)
            switches, ticks = (b - a for a, b in zip(before, m.wakeups()))
        finally:
            m.stop()
        if kind is managers.Angel:
            ours = took, pss, switches, ticks
        else:
            told.append(f"{m.name} {took:,.0f} ms, {pss:.0f} MiB, {switches}")
    took, pss, switches, ticks = ours
    peers = "; ".join(told)
    table.row(f"{n:,} services started, from the start of the manager to the last child's first act", f"{took:,.0f} ms; {peers} (ms, PSS, switches while idle)",
              f"{took:,.0f} ms", "≤ 1 s", took <= 1000)
    table.row(f"memory with {n:,} services, output captured (PSS of all managing processes)", f"{pss:.1f} MiB", f"{pss:.1f} MiB", "≤ 10 MiB", pss <= 10)
    table.row(f"idle with {n:,} services, no probes, {seconds} s", f"{switches} context switches, {ticks * 10} ms CPU", f"{switches}", "no wake-ups, 0.0 % CPU",
              switches == 0 and ticks == 0)


TREE = r"""
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
out = sys.argv[1]
def note():
    with open(out, "a") as f: f.write(f"{os.getpid()}\n")
def sleep():
    while True: time.sleep(60)
if os.fork() == 0:
    os.setsid(); note(); sleep()
if os.fork() == 0:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: note(); sleep()
        os._exit(0)
    os._exit(0)
if os.fork() == 0:
    note(); sleep()
note(); sleep()
"""


def alive(pids):
    out = []
    for p in pids:
        try:
            state = pathlib.Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split()[0]
            if state != "Z":
                out.append(p)
        except OSError:
            pass
    return out


def tree_row(table, folder, grace=1.0):
    """A tree with a setsid escapee, a double fork and members that ignore TERM: empty within grace + 100 ms of a stop."""
    f = pathlib.Path(folder) / "tree"
    shutil.rmtree(f, ignore_errors=True)
    f.mkdir()
    (f / "tree.py").write_text(TREE)
    (f / "angel.json").write_text(json.dumps({"Services": [{"Name": "tree", "Run": ["/usr/bin/python3", str(f / "tree.py"), str(f / "pids")],
                                                            "StopRunAbortTimeoutSec": grace}]}))
    over = []
    for _ in range(5):
        (f / "pids").unlink(missing_ok=True)
        p = subprocess.Popen([managers.BUILD / "burrow", "angel", "run", "--settings", f / "angel.json", "--state", f / "state"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while not (f / "pids").exists() or len((f / "pids").read_text().split()) < 4:
            assert time.monotonic() < end, "the tree did not grow"
            time.sleep(0.01)
        pids = [int(x) for x in (f / "pids").read_text().split()]
        at = time.monotonic()
        p.send_signal(signal.SIGTERM)
        while alive(pids):
            assert time.monotonic() - at < 30, f"left alive: {alive(pids)}"
            time.sleep(0.001)
        over.append((time.monotonic() - at - grace) * 1000)
        p.wait(20)
    table.row("stop of a tree with setsid escapee, double fork and TERM-ignorers: empty after its grace of 1 s", f"median {median(over):.0f} ms, worst {max(over):.0f} ms more",
              f"{max(over):.0f} ms", "≤ 100 ms", max(over) <= 100)


def forks():
    return int(re.search(r"^processes (\d+)", pathlib.Path("/proc/stat").read_text(), re.M).group(1))


def most_within(times, span):
    """The most of these (sorted) times that lie within any span."""
    most = first = 0
    for i, t in enumerate(times):
        while times[first] <= t - span:
            first += 1
        most = max(most, i - first + 1)
    return most


def crash_row(table, folder, child, n=1000, seconds=15, budget=100):
    """All of n services exit at once, again and again: forks stay within the machine's budget, the control API answers. In any so many
    seconds, less what a child may take to its first act, there are no more than budget × seconds starts: not one."""
    class Crashing(managers.Angel):
        name = "burrow angel crashing"
        extra = {"RestartBudget": budget, "RestartBudgetSec": 1}
    m = Crashing(folder, child).start(n, more=("1",), extra={"AbortExitCodes": []})
    try:
        m.wait_births(n, 60)
        control = m.folder / "state" / "control.sock"
        end = time.monotonic() + 20
        while not control.exists():
            assert time.monotonic() < end, "no control socket"
            time.sleep(0.05)
        time.sleep(2)
        times, stop = [], time.monotonic() + seconds
        while time.monotonic() < stop:
            at = time.monotonic()
            status, _ = ask(control, "/v1/units/s7")
            times.append((time.monotonic() - at) * 1000)
            assert status == 200, status
            time.sleep(0.01)
        seen, restarts = set(), []
        for name, ns, _ in sorted(m.births(), key=lambda b: b[1]):
            if name in seen:
                restarts.append(ns)
            seen.add(name)
        most = most_within(restarts, (seconds - 0.25) * 1e9)
    finally:
        m.stop()
    table.row(f"{n:,} crash-looping services: starts, control API meanwhile",
              f"{most:,} in the worst {seconds} s (budget {budget * seconds:,}); p50 {median(times):.1f} ms, p99 {p99(times):.1f} ms",
              f"{p99(times):.1f} ms", "≤ budget, p99 ≤ 20 ms", most <= budget * seconds and p99(times) <= 20)


def footprint(m):
    """(descriptors, PSS MiB, zombies) of the managing processes."""
    fds = sum(len(list(pathlib.Path(f"/proc/{p}/fd").iterdir())) for p in m.pids())
    zombies = 0
    for p in m.tree():
        try:
            zombies += pathlib.Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
        except OSError:
            pass
    return fds, m.pss(), zombies


def soak(folder, child, seconds, n=50, say=print):
    """Flapping services for so long; [(descriptors, MiB, zombies)] sampled evenly, the first after a warm-up."""
    m = managers.Angel(folder, child)
    rng = random.Random(11)
    m.start(n)
    samples = []
    try:
        alive_now = {b[0]: b for b in m.wait_births(n, 30)}
        begin, warm = time.monotonic(), min(60, seconds / 5)
        step = (seconds - warm) / 20
        while time.monotonic() - begin < seconds:
            name, _, pid = alive_now[rng.choice(list(alive_now))]
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            time.sleep(0.02)
            for b in m.latest(2 * n):
                alive_now[b[0]] = b
            if time.monotonic() - begin > warm + step * len(samples):
                samples.append(footprint(m))
                say(f"soak: {time.monotonic() - begin:.0f} s, {len(m.births())} starts, descriptors {samples[-1][0]}, {samples[-1][1]:.1f} MiB")
    finally:
        m.stop()
    return samples


def soak_is_flat(samples):
    """Descriptors, memory and zombies of the last quarter against those of the first: no more than noise."""
    q = max(1, len(samples) // 4)
    first, last = samples[:q], samples[-q:]
    return (median([s[0] for s in last]) <= median([s[0] for s in first]) + 2 and median([s[1] for s in last]) <= median([s[1] for s in first]) + 0.5
            and median([s[2] for s in last]) <= 1)


def soak_row(table, folder, child, seconds):
    s = soak(folder, child, seconds, say=lambda *_: None)
    table.row(f"{seconds / 60:.0f} min of 50 flapping services", f"descriptors {s[0][0]} → {s[-1][0]}, PSS {s[0][1]:.1f} → {s[-1][1]:.1f} MiB, zombies {s[-1][2]}",
              "flat" if soak_is_flat(s) else "grows", "flat", soak_is_flat(s))

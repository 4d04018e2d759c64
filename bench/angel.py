#!/usr/bin/env python3
"""Measures the angel beside s6, runit and supervisord, with the same children, all in this run, and writes docs/benchmarks-angel.md.

usage: ./dev bench angel [NAME ...]     names: restart start tree capture crash soak; soak takes an hour and is only done when it is named
Everything runs on this machine and listens nowhere but on unix sockets."""
import contextlib
import datetime
import os
import pathlib
import platform
import re
import resource
import subprocess
import sys
import tempfile

import angel_life
import angel_logs
import managers

SOAK_SECONDS = 3600


class Table:
    def __init__(self):
        self.rows = []

    def row(self, work, figures, ratio, target, met):
        self.rows.append((work, figures, ratio, target, met))
        print(f"{work}: {figures}; {ratio} (target {target}) {'ok' if met else 'MISSED'}", flush=True)


def version(*words):
    out = subprocess.run(words, capture_output=True, text=True)
    return (out.stdout + out.stderr).strip().splitlines()[0] if out.stdout + out.stderr else "?"


def package(name):
    return f"{name} " + subprocess.run(["dpkg-query", "-W", "-f=${Version}", name], capture_output=True, text=True).stdout


def write(table):
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text()).group(1)
    page = managers.ROOT / "docs/benchmarks-angel.md"
    notes = page.read_text().partition("\n## ") if page.exists() else ("", "", "")  # what was written by hand stands behind the table
    lines = ["# Benchmarks of the angel", "",
             f"Written by `./dev bench angel` on {datetime.date.today()}: {os.cpu_count()} x {cpu}, Linux {platform.release()}. The children are a "
             "program without a C library (whose own start would be half of what is measured) whose first act is to write down the monotonic time; a kill is timed from just before it to that act of the successor.", "",
             f"Peers, from Debian, in the same run with the same children: {package('s6')} (with readiness, else it waits a second), {package('runit')}, "
             f"{package('supervisor')}.", "", "| work | figures | ratio | target | met |", "|---|---|---|---|---|"]
    lines += [f"| {w} | {f} | {r} | {t} | {'yes' if met else '**no**'} |" for w, f, r, t, met in table.rows]
    page.write_text("\n".join(lines) + "\n" + ("\n## " + notes[2] if notes[1] else ""))
    print(f"written: {page.relative_to(managers.ROOT)}")


def main():
    table = Table()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000), hard))
    with contextlib.suppress(OSError):  # ahead of whatever else runs on the machine
        os.setsid()
        pathlib.Path("/proc/self/autogroup").write_text("-19")
    with tempfile.TemporaryDirectory(dir=managers.BUILD) as folder:
        child = managers.child_program(folder)
        works = {
            "restart": lambda: [angel_life.restart_row(table, folder, child, n, kills) for n, kills in ((1, 100), (1000, 200))],
            "start": lambda: angel_life.start_row(table, folder, child),
            "tree": lambda: angel_life.tree_row(table, folder),
            "capture": lambda: angel_logs.capture_rows(table),
            "crash": lambda: angel_life.crash_row(table, folder, child),
            "soak": lambda: angel_life.soak_row(table, folder, child, SOAK_SECONDS),
        }
        for name in sys.argv[1:]:
            if name not in works:
                sys.exit(f"bench angel: no work '{name}': {', '.join(works)}")
        for name in sys.argv[1:] or [w for w in works if w != "soak"]:
            works[name]()
    if not sys.argv[1:]:
        write(table)


main()

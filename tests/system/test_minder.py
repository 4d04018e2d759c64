"""examples/minder: a program that supervises programs of its own with burrow/angel.h."""
import os
import signal
import subprocess

import pytest

import burrow
from angel import until

MINDER = burrow.BUILD / "examples/minder/minder"


def lives(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def minder(tmp_path):
    begun = []

    def begin(*words):
        out = tmp_path / "out"
        p = subprocess.Popen([MINDER, *words], cwd=tmp_path, stdout=open(out, "w"), stderr=subprocess.STDOUT)
        p.said = out.read_text
        begun.append(p)
        return p

    yield begin
    for p in begun:
        if p.poll() is None:
            p.kill()
            p.wait()


def pid_of(p, name):
    """The last one told; 0 before."""
    told = [line.split()[-1] for line in p.said().splitlines() if line.startswith(f"{name} runs as process ")]
    return int(told[-1]) if told else 0


def test_minds_its_own(minder, tmp_path):
    p = minder("a=sh -c 'setsid sleep 1000 & echo $! >away; wait'", "b=sleep 1000")
    until(lambda: (tmp_path / "away").exists() and (tmp_path / "away").read_text().strip() and pid_of(p, "b"))
    first, away = pid_of(p, "b"), int((tmp_path / "away").read_text())
    assert lives(away)
    os.kill(first, signal.SIGKILL)
    until(lambda: pid_of(p, "b") != first, p.said())
    p.send_signal(signal.SIGTERM)
    assert p.wait(burrow.PATIENCE) == 0
    assert not lives(away), "what had run away with setsid is left"
    assert not lives(pid_of(p, "a")) and not lives(pid_of(p, "b"))
    assert p.said().splitlines()[-1] == "all services have stopped"


def test_says_what_is_wrong(minder):
    p = minder("a=sleep 1", "sleep")
    assert p.wait(burrow.PATIENCE) == 1 and "'sleep' is not NAME=COMMAND" in p.said()
    assert minder().wait(burrow.PATIENCE) == 2

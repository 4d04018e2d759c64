"""kill -9 of the keeper, of the brain, of both, in the middle of whatever they do: strace kills them as they enter
their Nth call of a kind. Afterwards an angel is started again. Whatever ran still runs, under the same pid; there is
never a second copy; nothing is missing.

The brain of angel_puppet.c keeps three services running by itself; each holds a lock of its own for as long as it
lives, and tells of a second copy."""
import os
import signal
import subprocess

import pytest
from puppet import BUILD, Puppet, lives, marked, name_of, stat_of, until

SERVICES = 3
SERVICE = """#!/bin/sh
exec 9>"$PUPPET/lock.$1"
flock -n 9 || echo "$1" >>"$PUPPET/second"
echo "$1 $$" >>"$PUPPET/starts"
exec sleep 100000
"""

KEEPER = {"openat": 14, "mkdirat": 3, "pipe2": 3, "clone3": 3, "clone": 1, "epoll_ctl": 10, "epoll_wait": 10, "recvmsg": 8,
          "sendmsg": 8, "read": 8, "close": 12, "waitid": 6, "pidfd_open": 1, "fallocate": 1}
BRAIN = {"sendmsg": 6, "recvmsg": 6, "epoll_ctl": 5, "epoll_wait": 8, "write": 6, "openat": 5}


def points(kinds):
    return [(call, n) for call, most in kinds.items() for n in range(1, most + 1)]


@pytest.fixture
def puppet(tmp_path):
    made = []

    def make(**more):
        state = tmp_path / "state"
        state.mkdir()
        (state / "auto").write_text(str(SERVICES))
        (state / "service").write_text(SERVICE)
        (state / "service").chmod(0o755)
        made.append(Puppet(state, **more))
        return made[-1]

    yield make
    for p in made:
        p.end()


def kill_at(call, n):
    return ["strace", "-D", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={n}"]


def running(p):
    """pid → number of each service that runs. Between fork and exec it is not one yet."""
    found = {}
    for pid in marked(p.mark):
        try:
            words = open(f"/proc/{pid}/cmdline").read().split("\0")
        except OSError:
            continue
        fields = stat_of(pid)
        itself = fields and fields[3] == str(pid)  # and not what the script forks
        if itself and ("sleep" in words[0] or words[1:2] == [str(p.state / "service")]):
            found[pid] = env_of(pid, "BURROW_UNIT")
    return {pid: unit for pid, unit in found.items() if unit}


def env_of(pid, name):
    try:
        for line in open(f"/proc/{pid}/environ").read().split("\0"):
            if line.startswith(name + "="):
                return line.partition("=")[2]
    except OSError:
        pass
    return ""


def complete(p):
    """What runs, by pid, when all do; in one look: between two of them one may be in the middle of its exec."""
    now = running(p)
    return now if sorted(now.values()) == [str(i) for i in range(1, SERVICES + 1)] else None


def provoke(p, over):
    """All that an angel does, until it has met its death: a service ends, the brain crashes, signals come."""
    for _ in range(4):
        if over():
            return
        now = until(lambda: over() or complete(p))
        if over():
            return
        victim = min(now)
        os.kill(victim, signal.SIGKILL)
        until(lambda: over() or (not lives(victim) and complete(p)))
        if over():
            return
        p.process.send_signal(signal.SIGHUP)
        until(lambda: over() or p.said("asked", "reload"))
        p.forget()
    assert over(), "it has never come to that call"


def check_again(p, before):
    """A new angel, on what the dead one left."""
    p.start()  # its brain has begun: what was adopted looks complete before that
    after = until(lambda: complete(p), lambda: f"{running(p)} {(p.state / 'log').read_text()}")
    assert {pid: u for pid, u in after.items() if pid in before} == before, "a service that ran was restarted"
    assert not (p.state / "second").exists(), "there was a second copy"
    p.process.send_signal(signal.SIGTERM)
    assert p.process.wait(timeout=60) == 0
    assert not running(p)


@pytest.mark.parametrize("call, n", points(KEEPER))
def test_keeper_killed(puppet, call, n):
    p = puppet(wrapper=kill_at(call, n))
    p.start(wait=False)
    over = lambda: p.process.poll() is not None
    provoke(p, over)
    p.process.kill()
    p.process.wait()
    until(lambda: not [pid for pid in marked(p.mark) if "puppet" in name_of(pid) or "strace" in name_of(pid)],
          "the brain or a child before its exec stays")
    before = running(p)
    p.wrapper = []
    check_again(p, before)


@pytest.mark.parametrize("call, n", points(BRAIN))
def test_brain_killed(puppet, call, n):
    """The first brain dies; the keeper starts another, and no service notices."""
    p = puppet(env={})
    wrapper = p.state / "brain"
    wrapper.write_text(f"""#!/bin/sh
puppet={BUILD}/tests/angel_puppet
mkdir {p.state}/once 2>/dev/null || exec $puppet "$@"
exec {" ".join(kill_at(call, n))} $puppet "$@"
""")
    wrapper.chmod(0o755)
    p.env["PUPPET_BRAIN"] = str(wrapper)
    p.start(wait=False)
    over = lambda: b"was ended by signal 9" in (p.state / "log").read_bytes()
    provoke(p, over)
    until(lambda: complete(p))
    p.kill()
    until(lambda: not [pid for pid in marked(p.mark) if "puppet" in name_of(pid) or "strace" in name_of(pid)])
    before = until(lambda: complete(p))
    check_again(p, before)


@pytest.mark.parametrize("n", range(1, 11))
def test_both_killed(puppet, n):
    p = puppet(wrapper=kill_at("epoll_wait", n))
    p.start(wait=False)
    provoke(p, lambda: p.process.poll() is not None)
    for pid in marked(p.mark):
        if "puppet" in name_of(pid) and not env_of(pid, "BURROW_UNIT"):
            os.kill(pid, signal.SIGKILL)
    p.process.wait()
    until(lambda: not [pid for pid in marked(p.mark) if "puppet" in name_of(pid) or "strace" in name_of(pid)])
    before = running(p)
    p.wrapper = []
    check_again(p, before)

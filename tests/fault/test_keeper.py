"""The keeper: what it does when brains crash, when it is killed itself, when the system fails it. Named after the fault
list of the process managers' survey."""
import ctypes
import os
import pathlib
import re
import resource
import signal
import subprocess

import pytest
from puppet import BUILD, Puppet, lives, marked, stat_of, until


@pytest.fixture(params=["groups", "proc"])
def puppet(request, tmp_path):
    p = Puppet(tmp_path / "state", groups=request.param == "groups")
    yield p
    p.end()


@pytest.fixture
def make(tmp_path):
    made = []

    def one(name="state", **more):
        made.append(Puppet(tmp_path / name, **more))
        return made[-1]

    yield one
    for p in made:
        p.end()


ESCAPES = ("trap '' TERM; sleep 1000 & setsid sh -c 'trap \"\" TERM; sleep 1001 & sleep 1001' & "
           "(setsid sh -c 'sleep 1002 & exit' &); ")


# ---- one child ----


def test_child_lives_and_ends(puppet):
    puppet.start()
    pid = puppet.shell(1, "exec sleep 1000")
    assert lives(pid) and int(stat_of(pid)[1]) == puppet.process.pid
    puppet.pull("signal", 1, 15, "m")
    assert puppet.heard("exited", 1)[2:] == [str(pid), "signal", "15"]
    puppet.pull("sweep", 1)
    assert puppet.heard("swept", 1)[2] == "0"
    puppet.pull("release", 1)
    puppet.pull("done", 5)
    assert puppet.process.wait() == 5


@pytest.mark.parametrize("why, step, error", [("missing", "exec", "ENOENT"), ("no_right", "exec", "EACCES"),
                                              ("busy", "exec", "ETXTBSY"), ("no_program", "exec", "ENOEXEC")])
def test_exec_fails(puppet, tmp_path, why, step, error):
    program = tmp_path / "program"
    if why != "missing":
        program.write_bytes(b"\x01\x02nothing the system can run\n")
        program.chmod(0o600 if why == "no_right" else 0o700)
    puppet.start()
    with open(program if why == "busy" else "/dev/null", "ab"):
        puppet.spawn(1, program)
        assert puppet.heard("failed", 1)[2:] == [step, error]
    assert not puppet.said("spawned") and not puppet.said("exited")
    until(lambda: not children_of(puppet.process.pid) - {puppet.brain()}, "zombies")


def children_of(pid):
    return {int(p) for task in pathlib.Path(f"/proc/{pid}/task").iterdir() for p in (task / "children").read_text().split()}


def inject(what, when="1+"):
    """strace's arguments: this error for these calls of the keeper, not of what it forks."""
    return ["strace", "-D", "-qq", "-o", "/dev/null", "-e", f"trace={what.split(':')[0]}", "-e", f"inject={what}:when={when}"]


def test_fork_fails_eagain(make):
    """At the limit of processes of a user: no fork, then none too many."""
    p = make(wrapper=inject("clone3:error=EAGAIN")).start()
    p.spawn(1, "/bin/true")
    assert p.heard("failed", 1)[2:] == ["fork", "EAGAIN"]


def test_fork_works_without_clone3(make):
    """Old kernels, and containers that filter it."""
    p = make(wrapper=inject("clone3:error=ENOSYS")).start()
    pid = p.shell(1, ESCAPES + "exec sleep 1000")
    until(lambda: len(p.processes()) >= 5)
    p.pull("sweep", 1)
    assert p.heard("exited", 1)[2:] == [str(pid), "signal", "9"]
    assert p.heard("swept", 1)[2] == "0"
    assert not p.processes()


def test_exec_fails_at_the_users_limit(make):
    """RLIMIT_NPROC: the kernel refuses exec with EAGAIN when the user has too many."""
    p = make(env={"PUPPET_NPROC": "0"}).start()
    p.spawn(1, "/bin/sleep", 1000, user="54321:54321")
    p.heard("spawned", 1)
    p.spawn(2, "/bin/true", user="54321:54321")
    assert p.heard("failed", 2)[2:] == ["exec", "EAGAIN"]


def test_emfile_in_spawn(make):
    """No descriptor left: told, and it goes on when there are some again."""
    p = make()
    p.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32)))
    n = 0
    while not p.said("failed"):
        n += 1
        assert n < 40
        p.spawn(n, "/bin/sleep", 1000)
        until(lambda: p.said("failed", n) or p.said("spawned", n))
    failed = p.said("failed")[0]
    assert failed[3] == "EMFILE" and n > 5
    p.pull("sweep", 1)
    p.heard("swept", 1)
    p.pull("release", 1)
    p.forget()
    p.shell(100, "exec sleep 1000")


def test_child_dies_before_its_pid_is_known(puppet):
    """It has gone before the parent's fork comes back; reported once, with its status."""
    puppet.start()
    for child in range(1, 60):
        puppet.spawn(child, "/bin/true")
    for child in range(1, 60):
        assert puppet.heard("exited", child)[3:] == ["code", "0"]
    said = [l for l in puppet.said() if l[0] in ("spawned", "exited")]
    assert len(said) == 2 * 59


def test_closes_stdout_but_lives(puppet, tmp_path):
    puppet.start()
    pid = puppet.shell(1, f"echo said >&1; exec >&- 2>&-; exec sleep 1000", out=tmp_path / "out")
    until(lambda: (tmp_path / "out").read_text() == "said\n")
    until(lambda: not pathlib.Path(f"/proc/{pid}/fd/1").exists() and stat_of(pid)[0] == "S")
    assert lives(pid) and not puppet.said("exited")


@pytest.mark.parametrize("who", ["grandchild", "sibling"])
def test_pipe_stays_open_after_death(puppet, tmp_path, who):
    """The end is the process's, not the pipe's: somebody else still holds it."""
    os.mkfifo(tmp_path / "out")
    puppet.start()
    other = 2
    if who == "sibling":
        puppet.shell(other, "exec sleep 1000", out=tmp_path / "out")
        puppet.shell(1, "exit 3", out=tmp_path / "out")
    else:
        puppet.shell(1, "sleep 1000 & exit 3", out=tmp_path / "out")
    assert puppet.heard("exited", 1)[3:] == ["code", "3"]


def test_descriptors_do_not_leak_to_siblings(puppet, tmp_path):
    puppet.start()
    puppet.pull("keep", "secret", tmp_path / "secret")
    for child in range(1, 20):
        puppet.spawn(child, "/bin/sleep", 1000, out=tmp_path / "out")
    for child in range(1, 20):
        fds = lambda: sorted(os.listdir(f"/proc/{pid}/fd"))  # a moment after exec the dynamic loader has its libraries open
        pid = puppet.heard("spawned", child)[2]
        until(lambda: fds() == ["0", "1", "2"], lambda: f"open in the child: {fds()}")


# ---- stopped means empty ----


@pytest.mark.parametrize("main", ["lives", "has ended"])
def test_tree_with_escapees_is_emptied(puppet, main):
    """setsid, double fork, ignoring TERM: all of it ends, in time."""
    puppet.start()
    puppet.shell(1, ESCAPES + ("sleep 1003" if main == "lives" else "exit 0"))
    until(lambda: len(puppet.processes()) == (7 if main == "lives" else 5))
    if main != "lives":
        puppet.heard("exited", 1)
    puppet.pull("sweep", 1)
    assert puppet.heard("swept", 1)[2] == "0"
    assert not puppet.processes()
    until(lambda: not children_of(puppet.process.pid) - {puppet.brain()}, "zombies")  # reaped a moment after they are told of


def test_double_fork_daemon_comes_back_to_the_keeper(puppet):
    puppet.start()
    puppet.shell(1, "(setsid sh -c 'sleep 1000 & exit' &); exec sleep 1001")

    def is_daemon(p):
        try:
            return int((stat_of(p) or [0, 0])[1]) == puppet.process.pid and pathlib.Path(f"/proc/{p}/cmdline").read_bytes() == b"sleep\0" b"1000\0"
        except OSError:  # one on the way has just ended
            return False

    pid = until(lambda: [p for p in puppet.processes() if is_daemon(p)])[0]
    os.kill(pid, signal.SIGKILL)
    until(lambda: stat_of(pid) is None, "it stays a zombie")
    assert not puppet.said("exited")


def test_stopped_child_hears_term(puppet):
    puppet.start()
    pid = puppet.shell(1, "trap 'exit 9' TERM; while :; do sleep 0.02; done")
    os.kill(pid, signal.SIGSTOP)
    until(lambda: stat_of(pid)[0] in "TD")
    puppet.pull("signal", 1, 15, "m")
    assert puppet.heard("exited", 1)[3:] == ["code", "9"]


def test_ptraced_child_ends(puppet, helper):
    """Its tracer keeps the zombie: the end is told when it lets go, and nobody spins meanwhile."""
    puppet.start()
    pid = puppet.shell(1, "exec sleep 1000")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    assert libc.ptrace(0x4206, pid, None, None) == 0, os.strerror(ctypes.get_errno())  # PTRACE_SEIZE
    puppet.pull("sweep", 1)
    until(lambda: stat_of(pid)[0] == "Z")
    spent = cpu_of(puppet.process.pid)
    puppet.spawn(2, "/bin/true")  # others have their turn
    puppet.heard("exited", 2)
    assert not puppet.said("exited", 1)
    os.waitpid(pid, 0)
    assert puppet.heard("exited", 1)[2:] == [str(pid), "signal", "9"]
    assert puppet.heard("swept", 1)[2] == "0"
    assert cpu_of(puppet.process.pid) - spent < 20


def cpu_of(pid):
    fields = stat_of(pid)
    return int(fields[11]) + int(fields[12])  # ticks


def test_foreign_process_is_not_signalled(make):
    """A record names a pid that has come to mean another (its start time differs): left alone, nothing adopted."""
    p = make().start()
    pid = p.shell(1, "exec sleep 1000", unit="api")
    p.kill()
    until(lambda: not lives(p.brain()))
    os.kill(pid, signal.SIGKILL)
    until(lambda: not lives(pid))
    foreign = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    try:
        records = bytearray((p.state / "children").read_bytes())
        at = records.index(b"api\0") - 40
        assert int.from_bytes(records[at + 4:at + 8], "little") == pid
        records[at + 4:at + 8] = foreign.pid.to_bytes(4, "little")
        (p.state / "children").write_bytes(records)
        p.start()
        assert p.said("found", 1) and p.heard("exited", 1)[2:] == [str(foreign.pid), "unknown"]
        p.pull("signal", 1, 9, "m")
        p.pull("signal", 1, 9, "t")
        p.pull("sweep", 1)
        assert p.heard("swept", 1)[2] == "0"
        p.pull("spawn", "api", 1, 2, "s", "", "", "/bin/true")
        p.heard("spawned", 1)
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


def test_pid_reuse_in_a_small_namespace(make):
    """pids wrap around at 400: thousands of lives, and never a signal to somebody else's."""
    p = make()
    script = f"""
        echo 400 >/proc/sys/kernel/pid_max && mount -t proc proc /proc || exit 77
        exec {BUILD}/tests/angel_puppet keep {p.state}"""
    p.wrapper = ["unshare", "--pid", "--fork", "--mount", "--mount-proc", "--kill-child", "sh", "-c", script, "sh"]
    probe = subprocess.run(["unshare", "--pid", "--fork", "--mount", "--mount-proc", "sh", "-c",
                            "echo 400 >/proc/sys/kernel/pid_max && cat /proc/sys/kernel/pid_max"],
                           capture_output=True, text=True)
    outside = pathlib.Path("/proc/sys/kernel/pid_max").read_text()
    assert outside.strip() != "400"
    if probe.stdout.strip() != "400":
        pytest.skip("this kernel has one pid_max for all namespaces")
    p.start()
    p.shell(1, "exec sleep 1000", unit="stays")
    pids = set()
    for run in range(1, 1200):
        p.forget()
        p.spawn(2, "/bin/true", unit="goes", run=run)
        pids.add(p.heard("exited", 2)[2])
        p.pull("sweep", 2)
        p.heard("swept", 2)
        p.pull("signal", 2, 9, "t")  # it has gone; its number may be another's
    assert len(pids) < 400
    p.pull("signal", 1, 15, "m")
    assert p.heard("exited", 1)[3:] == ["signal", "15"]


def test_5000_children_die_at_once(make):
    """Each is told once, none stays a zombie: by pidfd, never by counting signals."""
    p = make().start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16384, 16384)))
    for child in range(1, 5001):
        p.spawn(child, "/bin/sleep", 1000, unit=f"u{child}")
    until(lambda: len(p.said("spawned")) == 5000, patience=300)
    pids = [int(l[2]) for l in p.said("spawned")]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(p.said("exited")) == 5000, patience=300)
    assert {l[1] for l in p.said("exited")} == {str(i) for i in range(1, 5001)}
    for child in range(1, 5001):
        p.pull("release", child)
    until(lambda: children_of(p.process.pid) == {p.brain()})
    p.pull("done", 0)
    assert p.process.wait() == 0


# ---- brains come and go ----


def test_brain_is_killed(puppet):
    """No child notices; what happened meanwhile is told to the next brain."""
    puppet.start()
    pid = puppet.shell(1, "exec sleep 1000", unit="api", run=4)
    ends = puppet.shell(2, "trap 'exit 4' TERM; while :; do sleep 0.01; done")
    puppet.pull("keep", "out/api", puppet.state / "kept")
    puppet.pull("note", "api", "k=3")
    puppet.pull("ready", "")
    puppet.sync()
    brain = puppet.brain()
    puppet.forget()
    os.kill(brain, signal.SIGSTOP)
    os.kill(ends, signal.SIGTERM)
    until(lambda: not lives(ends))
    os.kill(brain, signal.SIGKILL)
    puppet.renewed(brain)
    assert puppet.said("found", 1) == [["found", "1", str(pid), "api", "run", "4", "ours"]]
    assert puppet.heard("exited", 2)[2:] == [str(ends), "code", "4"]
    puppet.pull("kept", "out/api")
    assert puppet.heard("kept")[2] == str(puppet.state / "kept")
    puppet.pull("noted", "api")
    assert puppet.heard("noted")[1] == "k=3"
    puppet.pull("signal", 1, 15, "m")
    assert puppet.heard("exited", 1)[2:] == [str(pid), "signal", "15"]


def test_brain_crashes_again_and_again(puppet):
    puppet.start()
    puppet.pull("ready", "")
    pid = puppet.shell(1, "exec sleep 1000")
    for n in range(1, 6):
        brain = puppet.brain()
        puppet.forget()
        puppet.pull("crash")
        puppet.renewed(brain)
        assert puppet.said("begin")[0][3] == str(n)
        assert puppet.said("found", 1)
    assert lives(pid)


def test_helpers_end_with_their_brain(puppet):
    puppet.start()
    puppet.pull("ready", "")
    stays = puppet.shell(1, "exec sleep 1000")
    helper = puppet.shell(2, ESCAPES + "sleep 1000", helper=True)
    until(lambda: len(puppet.processes()) == 8)
    brain = puppet.brain()
    puppet.forget()
    puppet.pull("crash")
    puppet.renewed(brain)
    assert not puppet.said("found", 2)
    until(lambda: puppet.processes() == [stays])
    assert not lives(helper)


def test_brain_that_cannot_begin_is_not_tried_for_ever(make):
    p = make().start()
    p.pull("exit", 3)
    assert p.process.wait() == 3


def test_many_events_wait_for_a_brain(make):
    """A thousand ends while no brain listens: none is lost, the keeper's memory stays."""
    p = make().start()
    p.pull("ready", "")
    p.sync()
    for child in range(1, 1001):
        p.spawn(child, "/bin/sleep", 1000, unit=f"u{child}")
    until(lambda: len(p.said("spawned")) == 1000)
    pids = [int(l[2]) for l in p.said("spawned")]
    brain = p.brain()
    os.kill(brain, signal.SIGSTOP)
    before = pss_of(p.process.pid)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not any(lives(pid) for pid in pids))
    p.forget()
    os.kill(brain, signal.SIGKILL)
    p.renewed(brain)
    until(lambda: len(p.said("exited")) == 1000)
    assert len({l[1] for l in p.said("exited")}) == 1000
    assert pss_of(p.process.pid) - before < 512


def pss_of(pid):
    return int(re.search(r"^Pss: +(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])


def test_signals_are_for_the_brain(puppet):
    puppet.start()
    for number, word in ((signal.SIGHUP, "reload"), (signal.SIGUSR1, "reopen"), (signal.SIGTERM, "stop")):
        puppet.process.send_signal(number)
        puppet.heard("asked", word)
    brain = puppet.brain()
    puppet.pull("ready", "")
    puppet.sync()
    puppet.forget()
    os.kill(brain, signal.SIGKILL)  # in the middle of stopping: the next one is told again
    puppet.renewed(brain)
    puppet.heard("asked", "stop")
    puppet.pull("done", 0)
    assert puppet.process.wait() == 0


# ---- keepers come and go ----


def test_keeper_is_killed(puppet):
    """The brain ends with it, children stay; the next keeper adopts them and knows their ends."""
    puppet.start()
    pid = puppet.shell(1, ESCAPES + "exec sleep 1000", unit="api", run=7)
    until(lambda: len(puppet.processes()) == 6)
    brain = puppet.brain()
    puppet.kill()
    until(lambda: not lives(brain))
    assert lives(pid)
    puppet.start()
    assert puppet.said("found", 1) == [["found", "1", str(pid), "api", "run", "7", "adopted"]]
    puppet.pull("signal", 1, 9, "m")
    assert puppet.heard("exited", 1)[2:] == [str(pid), "unknown"]
    puppet.pull("sweep", 1)
    assert puppet.heard("swept", 1)[2] == "0"
    assert not puppet.processes()


def test_child_ends_while_no_angel_is_there(puppet):
    puppet.start()
    pid = puppet.shell(1, ESCAPES + "exec sleep 1000")
    until(lambda: len(puppet.processes()) == 6)
    puppet.kill()
    until(lambda: not lives(puppet.brain()))
    os.kill(pid, signal.SIGKILL)
    until(lambda: not lives(pid))
    puppet.start()
    assert puppet.heard("exited", 1)[2:] == [str(pid), "unknown"]
    puppet.pull("sweep", 1)  # what it left behind
    assert puppet.heard("swept", 1)[2] == "0"
    assert not puppet.processes()


def test_brain_that_hangs_does_not_keep_the_next_angel_out(make):
    p = make().start()
    pid = p.shell(1, "exec sleep 1000")
    brain = p.brain()
    os.kill(brain, signal.SIGSTOP)
    p.kill()
    p.start()
    assert not lives(brain) and p.brain() != brain
    assert p.said("found", 1)[0][2] == str(pid)


def test_two_angels_started_at_once(make):
    p, others = make(), []
    p.start()
    second = Puppet(p.state)
    second.start(wait=False)
    assert second.process.wait() == 1
    assert "is locked by puppet" in (p.state / "log").read_text()
    p.pull("kept", "x")  # the first one does not care
    p.heard("kept", "x")


def test_keeper_is_renewed_in_place(puppet):
    """The same process runs a new program: children, descriptors, notes and unheard events go over."""
    puppet.start()
    pid = puppet.shell(1, "exec sleep 1000", unit="api", run=2)
    puppet.pull("keep", "out/api", puppet.state / "kept")
    puppet.pull("note", "api", "k=1")
    puppet.pull("ready", "")
    puppet.sync()
    for n in range(3):
        brain = puppet.brain()
        puppet.forget()
        puppet.process.send_signal(signal.SIGUSR2) if n < 2 else puppet.pull("upgrade")
        puppet.renewed(brain)
        assert b"resume" in pathlib.Path(f"/proc/{puppet.process.pid}/cmdline").read_bytes()
        assert puppet.said("found", 1) == [["found", "1", str(pid), "api", "run", "2", "ours"]]
        puppet.pull("kept", "out/api")
        assert puppet.heard("kept")[2] == str(puppet.state / "kept")
        puppet.pull("noted", "api")
        assert puppet.heard("noted")[1] == "k=1"
    open_fds = len(os.listdir(f"/proc/{puppet.process.pid}/fd"))
    assert open_fds < 24
    puppet.pull("signal", 1, 15, "m")
    assert puppet.heard("exited", 1)[2:] == [str(pid), "signal", "15"]
    puppet.pull("done", 4)
    assert puppet.process.wait() == 4


# ---- the disk ----


def test_disk_is_full_while_writing_state(make, tmp_path):
    """No record, no start: told as such; what runs is not touched, and it goes on when there is room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], check=True)
    try:
        p = make("disk/state").start()
        p.said_path = tmp_path / "said"
    except BaseException:
        subprocess.run(["umount", "-l", str(disk)])
        raise
    try:
        p.said_path = disk / "state/said"
        filler = disk / "filler"
        n = 0
        with open(filler, "wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"x" * 1024)
            except OSError:
                pass
            os.ftruncate(f.fileno(), os.path.getsize(filler) - 8192)  # room for what the brain says
            while not p.said("failed") and n < 200:
                n += 1
                p.spawn(n, "/bin/sleep", 1000)
                until(lambda: p.said("failed", n) or p.said("spawned", n))
            assert p.said("failed")[0][2:] == ["record", "ENOSPC"]
            os.ftruncate(f.fileno(), 0)
        p.shell(n, "exec sleep 1000")
        assert len(p.said("spawned")) == n
    finally:
        p.end()
        subprocess.run(["umount", "-l", str(disk)], check=True)

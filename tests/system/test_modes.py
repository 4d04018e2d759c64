"""Run modes: what each says and its exit code; one test for each way a start can go wrong."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import pytest
import requests

import burrow
from wire import Wire


def blog(folder, *words, **kw):
    return burrow.run(burrow.BLOG, *words, folder=folder, **kw)


@pytest.fixture
def daemon(tmp_path):
    """A daemon of the blog in tmp_path, ended with the test."""
    out = blog(tmp_path, "--fork", "--listen", "127.0.0.1:0")
    assert out.returncode == 0, out.stderr
    yield out
    assert blog(tmp_path, "--silentkill").returncode == 0


def pid_of(folder):
    return int((folder / "data/blog.pid").read_text().split()[0])


def test_fork_comes_back_when_it_serves(tmp_path, daemon):
    url = re.search(r"listening on (\S+)", daemon.stdout)[1]
    assert requests.get(url + "ready", timeout=burrow.PATIENCE).json()["status"] == "ready"
    assert f"blog (pid {pid_of(tmp_path)}) serves" in daemon.stdout
    where = pathlib.Path(f"/proc/{pid_of(tmp_path)}")
    assert os.readlink(where / "cwd") == "/"
    assert {os.readlink(where / "fd" / n) for n in "012"} == {"/dev/null"}
    assert os.getsid(pid_of(tmp_path)) == pid_of(tmp_path)
    assert "Umask:\t0027" in (where / "status").read_text()
    burrow.until(lambda: '"msg":"ready"' in (tmp_path / "data/blog.log").read_text())


def test_fork_tells_why_not(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
        out = blog(tmp_path, "--fork", "--listen", f"127.0.0.1:{port}")
    assert out.returncode == 1
    assert out.stderr == (f"blog: listening on 127.0.0.1:{port}: 127.0.0.1:{port} is in use by another program; "
                          "stop it or choose another port\n")
    assert blog(tmp_path, "--state").returncode == 3


def test_state_health_kill(tmp_path, daemon):
    out = blog(tmp_path, "--state")
    assert (out.returncode, out.stderr) == (0, "")
    assert re.fullmatch(rf"blog \(pid {pid_of(tmp_path)}\) is ready at http://127\.0\.0\.1:\d+/\n", out.stdout)
    out = blog(tmp_path, "--health")
    assert out.returncode == 0 and json.loads(out.stdout)["status"] == "ready"
    pid = pid_of(tmp_path)
    out = blog(tmp_path, "--kill")
    assert (out.returncode, out.stdout) == (0, f"blog (pid {pid}) has ended\n")
    assert not (tmp_path / "data/blog.pid").exists() and not (tmp_path / "data/blog.pid.lock").exists()


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "unix:blog.sock"])
def test_health_finds_its_way(tmp_path, address):
    try:
        out = blog(tmp_path, "--fork", "--listen", address)
        assert out.returncode == 0, out.stderr
        out = blog(tmp_path, "--health")
        assert out.returncode == 0 and json.loads(out.stdout)["status"] == "ready"
    finally:
        blog(tmp_path, "--silentkill")
    assert not (tmp_path / "blog.sock").exists()


def test_nothing_runs(tmp_path):
    for mode, code, said in (("--kill", 0, "blog does not run\n"), ("--silentkill", 0, ""), ("--state", 3, "blog does not run\n")):
        out = blog(tmp_path, mode)
        assert (out.returncode, out.stdout, out.stderr) == (code, said, "")
    for mode in ("--health", "--reload"):
        out = blog(tmp_path, mode)
        assert (out.returncode, out.stderr) == (1, "blog: blog does not run\n")


def test_a_second_instance_hears_who_runs(tmp_path, daemon):
    said = f"blog (pid {pid_of(tmp_path)}) serves this already; --kill ends it"
    for mode in ("--console", "--run", "--fork"):
        out = blog(tmp_path, mode, "--listen", "127.0.0.1:0")
        assert out.returncode == 1 and said in out.stderr
    assert blog(tmp_path, "--health").returncode == 0


def test_of_many_that_start_at_once_one_serves(tmp_path):
    words = [burrow.BLOG, "--run", "--listen", "127.0.0.1:0"]
    started = [subprocess.Popen(words, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
               for _ in range(6)]
    try:
        said, deadline = {}, time.monotonic() + burrow.PATIENCE
        while len(said) < 5:
            assert time.monotonic() < deadline
            time.sleep(0.01)
            for p in started:
                if p not in said and p.poll() is not None:
                    said[p] = p.communicate()[1]
        (winner,) = [p for p in started if p not in said]
        assert "listening on" in winner.stdout.readline()
        for p, text in said.items():
            assert p.returncode == 1 and re.search(r"serves this already|is already served|another process", text), text
        assert pid_of(tmp_path) == winner.pid and blog(tmp_path, "--health").returncode == 0
    finally:
        for p in started:
            if p.poll() is None:
                p.terminate()
                assert p.wait(burrow.PATIENCE) == 0
    assert blog(tmp_path, "--state").returncode == 3


def test_a_crash_leaves_a_stale_file_that_stops_nobody(tmp_path, start):
    first = start()
    pid = first.process.pid
    first.kill()
    out = blog(tmp_path, "--state")
    assert (out.returncode, out.stdout) == (1, f"blog (pid {pid}) has died without an orderly end\n")
    assert "died" not in blog(tmp_path, "--kill").stdout
    second = start()
    assert pid_of(tmp_path) == second.process.pid
    assert blog(tmp_path, "--state").returncode == 0


def test_a_pid_that_is_somebody_elses_is_left_alone(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/blog.pid").write_text(f"{os.getpid()}\nname blog\nstate ready\n")
    assert blog(tmp_path, "--kill").returncode == 0  # and this test still runs
    assert blog(tmp_path, "--state").returncode == 1


def test_unreadable_settings(tmp_path):
    for mode, code in (("--console", 1), ("--run", 1), ("--fork", 1), ("--check", 1), ("--state", 4), ("--kill", 1)):
        out = blog(tmp_path, mode, "--settings", "none.json")
        assert out.returncode == code
        assert out.stderr == "blog: opening none.json: No such file or directory\n"
    (tmp_path / "bad.json").write_text('{\n  "log": { "levle": "info" }\n}')
    out = blog(tmp_path, "--fork", "--settings", "bad.json")
    assert out.returncode == 1 and out.stderr.startswith("blog: bad.json:2:") and "did you mean 'level'" in out.stderr


def test_a_service_without_systemd(tmp_path):
    out = blog(tmp_path, "--install", "--listen", "127.0.0.1:0")
    assert out.returncode == 1 and "put what this command line sets into it" in out.stderr
    for mode in ("--start", "/stop"):
        out = blog(tmp_path, mode, env={"PATH": str(tmp_path)})
        assert (out.returncode, out.stderr) == (1, "blog: starting systemctl: services need systemd here: No such file or directory\n")
    (tmp_path / "systemctl").write_text("#!/bin/sh\necho $@ >>said\nexit 7\n")
    (tmp_path / "systemctl").chmod(0o755)
    out = blog(tmp_path, "--start", env={"PATH": str(tmp_path)})
    assert (out.returncode, out.stderr) == (1, "blog: 'systemctl start blog.service' failed (exit code 7)\n")
    assert (tmp_path / "said").read_text() == "start blog.service\n"


def test_wrong_use(tmp_path):
    for words, said in ((["--fork", "--kill"], "--fork and --kill exclude each other"), (["--kil"], "did you mean '--kill'"),
                        (["/instal"], "no switch '/instal', did you mean '/install'?"), (["nonsense"], "'nonsense' is no switch"),
                        (["/run", "/state"], "--run and --state exclude each other")):
        out = blog(tmp_path, *words)
        assert out.returncode == 2 and said in out.stderr


def as_nobody(folder, *words):
    return burrow.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", burrow.BLOG, *words, folder=folder)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to give it up")
def test_no_permission(open_path):
    out = as_nobody(open_path, "--fork", "--listen", "127.0.0.1:0")
    assert out.returncode == 1 and out.stderr == f"blog: making the folder {open_path}/data: Permission denied\n"
    out = as_nobody(open_path, "--fork", "--data", "/tmp", "--server.pid_file=/root/x.pid", "--listen", "127.0.0.1:0")
    assert out.returncode == 1 and "/root/x.pid.lock: Permission denied" in out.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to give it up")
def test_root_is_given_up_once_it_listens(open_path, start):
    s = burrow.blog(open_path, "--server.user=nobody", "--listen", f"127.0.0.1:{burrow.free_port(range(600, 1024))}")
    try:
        status = (pathlib.Path("/proc") / str(s.process.pid) / "status").read_text()
        assert "Uid:\t65534\t65534\t65534\t65534" in status and "CapEff:\t0000000000000000" in status
        assert s.get("/ready").status_code == 200
        assert (open_path / "data").stat().st_uid == 65534
    finally:
        s.stop()
    s = start("--server.user=nobodyy", wait=False)
    assert s.process.wait(burrow.PATIENCE) == 1 and "there is no user 'nobodyy'" in s.log()


def test_reload(tmp_path):
    file = tmp_path / "blog.json"
    file.write_text('{"log": {"level": "info"}}')
    assert blog(tmp_path, "--fork", "--listen", "127.0.0.1:0", "--settings", "blog.json").returncode == 0
    words = ("--reload", "--settings", "blog.json")
    try:
        assert "nothing has changed" in blog(tmp_path, *words).stdout
        file.write_text('{"log": {"level": "debug"}, "server": {"threads": 3}}')
        out = blog(tmp_path, *words)
        assert out.returncode == 0 and "changed: log.level; needs a restart: server.threads" in out.stdout
        good = file.read_text()
        file.write_text('{"log": {"level": "loud"}}')
        os.kill(pid_of(tmp_path), signal.SIGHUP)
        burrow.until(lambda: "not-reloaded" in (tmp_path / "data/blog.pid").read_text())
        said = (tmp_path / "data/blog.pid").read_text()
        assert "the settings stay as they are" in said and "loud" in said
        file.write_text(good)
        assert blog(tmp_path, *words).returncode == 0
        assert blog(tmp_path, "--health").returncode == 0
        log = tmp_path / "data/blog.log"
        burrow.until(lambda: "settings not read again" in log.read_text() and log.read_text().count("settings read again") >= 3)
    finally:
        blog(tmp_path, "--silentkill", "--settings", "blog.json")


def descriptors(proc):
    """Number: what it is, of those that stay."""
    found = {}
    for p in (proc / "fd").iterdir():
        try:
            found[p.name] = os.readlink(p)
        except FileNotFoundError:  # closed meanwhile
            pass
    return found


def test_inherited_descriptors_are_closed(tmp_path, start):
    with open(tmp_path / "secret", "w") as f:
        os.set_inheritable(f.fileno(), True)
        process = subprocess.Popen([burrow.BLOG, "--run", "--listen", "127.0.0.1:0"], cwd=tmp_path, close_fds=False,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert "listening" in process.stdout.readline()
        fds = descriptors(pathlib.Path(f"/proc/{process.pid}")).values()
        process.terminate()
        assert process.wait(burrow.PATIENCE) == 0
    assert not [f for f in fds if f.endswith("secret")]


def test_standard_input_at_its_end_is_not_polled(start):
    """/dev/null is always readable: who polls it never sleeps. Every server of these tests has it there."""
    proc = pathlib.Path(f"/proc/{start().process.pid}")
    assert os.readlink(proc / "fd/0") == "/dev/null"
    polls = [n for n, what in descriptors(proc).items() if "eventpoll" in what]
    polled = [line for n in polls for line in (proc / "fdinfo" / n).read_text().splitlines() if line.startswith("tfd:")]
    assert polled and not [line for line in polled if line.split()[1] == "0"]


def connected(process, sock, said):
    """A connection to the process as soon as it takes one; its socket's path is there a moment before."""
    end = time.monotonic() + burrow.PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            return Wire.unix(sock)
        except (FileNotFoundError, ConnectionRefusedError):
            pass
    raise AssertionError(said.read_text())


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1, 2]], ids=str)
@pytest.mark.parametrize("program", ["blog", "burrow"])
def test_closed_standard_descriptors_change_nothing(tmp_path, closed, program):
    """What is opened first must not become standard error: that may be the database."""
    sock = tmp_path / "x.sock"
    words = [burrow.BLOG] if program == "blog" else [burrow.BURROW, "serve", burrow.ROOT / "examples/blog.json"]
    shell = 'exec "$@" ' + " ".join(f"{fd}>&-" for fd in closed)
    with open(tmp_path / "said", "w") as said:
        process = subprocess.Popen(["sh", "-c", shell, "sh", *map(str, words), "--listen", f"unix:{sock}"], cwd=tmp_path,
                                   stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        w = connected(process, sock, tmp_path / "said")
        body = '{"name":"a"}'
        w.send(f"POST /api/Category HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}")
        assert w.answer().status == 201
        fds = descriptors(pathlib.Path(f"/proc/{process.pid}"))
        assert [fds[str(fd)] for fd in closed] == ["/dev/null"] * len(closed)
        w.close()
        process.terminate()
        assert process.wait(burrow.PATIENCE) == 0, (tmp_path / "said").read_text()
    finally:
        process.kill()
        process.wait()


def test_serve_has_the_same_modes(tmp_path):
    (tmp_path / "notes.json").write_text(json.dumps({"tables": [{"name": "Note", "fields": [{"name": "t", "type": "text"}]}]}))
    def serve(*words):
        return burrow.run(burrow.BURROW, "serve", "notes.json", *words, folder=tmp_path)
    assert serve("--state").returncode == 3
    assert serve("--fork", "--listen", "127.0.0.1:0").returncode == 0
    assert "notes (pid" in serve("--state").stdout
    assert serve("--health").returncode == 0
    assert "notes (pid" in serve("--reload").stdout
    assert serve("--kill").returncode == 0

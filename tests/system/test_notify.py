"""What a service tells its manager, and what it is given: systemd's protocols, spoken by the test."""
import os
import signal
import socket
import sqlite3
import subprocess
import time

import pytest

import burrow


class Manager:
    """The manager's end of $NOTIFY_SOCKET."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address.replace("@", "\0", 1))
        self.socket.settimeout(burrow.PATIENCE)
        self.env = {"NOTIFY_SOCKET": address}

    def next(self):
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().split("\n"))

    def wait(self, key):
        """The next message that holds the key."""
        while key not in (message := self.next()):
            pass
        return message


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    m = Manager(str(tmp_path / "n.sock") if request.param == "path" else f"@burrow-test-{os.getpid()}-{time.monotonic_ns()}")
    yield m
    m.socket.close()


def test_start_reload_and_stop_are_told(manager, start):
    s = start("--run", env=manager.env)
    first = manager.next()
    assert first["EXTEND_TIMEOUT_USEC"] == "30000000" and first["STATUS"] == "Opening the stores"
    ready = manager.wait("READY")
    assert ready["MAINPID"] == str(s.process.pid) and ready["STATUS"] == f"Serving at {s.url}/"
    s.process.send_signal(signal.SIGHUP)
    told = manager.wait("RELOADING")
    assert 0 < int(told["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
    assert "nothing has changed" in manager.wait("READY")["STATUS"]
    assert s.stop() == 0
    assert manager.wait("STOPPING")["STATUS"] == "Finishing the requests in flight"


def test_a_daemon_tells_its_own_pid(manager, tmp_path):
    try:
        assert burrow.run(burrow.BLOG, "--fork", "--listen", "127.0.0.1:0", folder=tmp_path, env=manager.env).returncode == 0
        assert manager.wait("READY")["MAINPID"] == (tmp_path / "data/blog.pid").read_text().split()[0]
    finally:
        burrow.run(burrow.BLOG, "--silentkill", folder=tmp_path)


def test_why_it_could_not_start(manager, start):
    s = start("--server.user=nobodyy", wait=False, env=manager.env)
    assert s.process.wait(burrow.PATIENCE) == 1
    assert "there is no user 'nobodyy'" in manager.next()["STATUS"]


def test_the_watchdog_is_fed_while_the_writer_answers(manager, start, tmp_path):
    s = start("--rest.batch_timeout=1ms", env={**manager.env, "WATCHDOG_USEC": "300000"})
    manager.wait("READY")
    manager.wait("WATCHDOG")
    manager.wait("WATCHDOG")
    other = sqlite3.connect(next((tmp_path / "data").glob("*.db")), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # the writer cannot begin now
    manager.socket.settimeout(1)
    with pytest.raises(TimeoutError):
        for _ in range(50):
            manager.next()
    burrow.until(lambda: "writer has stopped answering" in s.log())
    other.execute("ROLLBACK")
    manager.socket.settimeout(burrow.PATIENCE)
    manager.wait("WATCHDOG")


def test_a_watchdog_of_another_process_is_not_ours(manager, start):
    start("--run", env={**manager.env, "WATCHDOG_USEC": "3000", "WATCHDOG_PID": "1"})
    manager.wait("READY")
    manager.socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        manager.next()


def activated(folder, sockets, names, *words):
    """The blog with these sockets given to it from descriptor 3 on."""
    def give():
        copies = [os.dup2(s.fileno(), 50 + i) for i, s in enumerate(sockets)]
        for i, c in enumerate(copies):
            os.dup2(c, 3 + i, inheritable=True)
    process = subprocess.Popen(
        ["/bin/sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", str(burrow.BLOG), "--run", *words], cwd=folder, preexec_fn=give,
        close_fds=False, env={**os.environ, "LISTEN_FDS": str(len(sockets)), "LISTEN_FDNAMES": ":".join(names)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return process


def test_given_sockets_are_served(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "x.sock"))
        unix.listen()
        # One that waits since before the start is served too.
        early = socket.create_connection(tcp.getsockname())
        early.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        process = activated(tmp_path, [tcp, unix], ["http", "local"])
        told = [process.stdout.readline() for _ in range(2)]
        assert told[0] == f"listening on http://127.0.0.1:{tcp.getsockname()[1]}/\n"
        assert "x.sock" in told[1]
        assert early.makefile().readline().startswith("HTTP/1.1 200")
        early.close()
        with socket.socket(socket.AF_UNIX) as c:
            c.connect(str(tmp_path / "x.sock"))
            c.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert c.makefile().readline().startswith("HTTP/1.1 200")
        process.terminate()
        assert process.wait(burrow.PATIENCE) == 0
        process.communicate()
    assert (tmp_path / "x.sock").exists()  # the manager's, not ours


def test_sockets_by_name(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        process = activated(tmp_path, [one, two], ["one", "two"], "--listen", "systemd:two")
        assert process.stdout.readline() == f"listening on http://127.0.0.1:{two.getsockname()[1]}/\n"
        process.terminate()
        assert process.wait(burrow.PATIENCE) == 0
        process.communicate()
        process = activated(tmp_path, [one], ["one"], "--listen", "systemd:tow")
        assert process.wait(burrow.PATIENCE) == 1
        assert "no socket named 'tow' was given" in process.communicate()[1]


def test_what_is_no_listening_socket_is_refused(tmp_path):
    with open(tmp_path / "file", "w") as f:
        process = activated(tmp_path, [f], ["http"])
        assert process.wait(burrow.PATIENCE) == 1
        assert "given to the process" in process.communicate()[1]


def test_settings_as_a_credential(tmp_path, start):
    (tmp_path / "creds").mkdir()
    (tmp_path / "creds/blog").write_text('{"rest": {"root": "v7"}}')
    s = start("--settings", "@blog", env={"CREDENTIALS_DIRECTORY": str(tmp_path / "creds")})
    assert s.get("/v7/Article").status_code == 200
    out = burrow.run(burrow.BLOG, "--settings", "@blog", folder=tmp_path)
    assert out.returncode == 1 and "LoadCredential=blog:" in out.stderr

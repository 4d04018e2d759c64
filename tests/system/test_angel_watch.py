"""What the angel sees and tells: output in files, readiness by every kind of probe, mail; with the real program."""
import base64
import gzip
import os
import re
import socket
import ssl
import subprocess
import threading

import pytest

import burrow
from angel import Angel, until

MAY_MOUNT = int(next(l.split()[1] for l in open("/proc/self/status") if l.startswith("CapEff")), 16) >> 21 & 1


SPEAKER = """
import os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(os.environ["NOTIFY_SOCKET"])
go, beats = sys.argv[1], int(os.environ.get("WATCHDOG_USEC", "0")) / 1e6
while not os.path.exists(go): time.sleep(0.01)
s.send(b"STATUS=up\\nREADY=1")
while not os.path.exists(go + ".hang"):
    s.send(b"WATCHDOG=1")
    time.sleep(beats / 4 or 60)
time.sleep(600)
"""


@pytest.fixture
def open_angel(open_path):
    """As `angel`, where services of other users find their files."""
    made = []

    def make(services):
        made.append(Angel(open_path, services, words=("run",)))
        return made[-1]

    yield make
    for a in made:
        a.close()


def test_sd_notify_readies_dependents_and_feeds_the_watchdog(open_angel, open_path):
    """Also of a process of another user; and a stranger's READY=1 is nothing."""
    (open_path / "speak.py").write_text(SPEAKER)
    db = {"Name": "db", "Run": ["/usr/bin/python3", f"{open_path}/speak.py", f"{open_path}/go"], "Ready": {"Check": "notify"},
          "Live": {"Check": "notify", "Interval": 3}}
    if os.getuid() == 0:
        db["User"] = "nobody"
    a = open_angel([db, {"Name": "api", "Run": ["/bin/sleep", "600"], "Needs": ["db"]}])
    until(lambda: a.unit("db").get("pid"))
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.sendto(b"READY=1", str(open_path / "state/notify"))
    until(lambda: "no process of a unit" in a.log())
    assert a.unit("db")["state"] == "running" and a.unit("api")["state"] == "waiting"
    (open_path / "go").touch()
    a.until("db", "ready")
    a.until("api", "ready")
    first = a.unit("db")["pid"]
    (open_path / "go.hang").touch()
    until(lambda: a.unit("db").get("pid", first) != first)
    until(lambda: "WATCHDOG=1" in a.log())


def test_output_in_order_rotated_and_stamped(angel, tmp_path):
    script = "i=0; while [ $i -lt 3000 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done; echo done; exec sleep 600"
    a = angel([{"Name": "talk", "Run": ["/bin/sh", "-c", script], "Ready": {"Check": "log:done"}, "RedirectLogFile": f"{tmp_path}/talk.log",
                "RedirectLogRotateFiles": 100, "RedirectLogRotateBytes": 10000, "RedirectLogStamp": True}])
    a.until("talk", "ready")
    want = [w for i in range(3000) for w in (f"out {i}", f"err {i}")] + ["done"]

    def lines():
        files = [*sorted(p for p in tmp_path.glob("talk.log.*") if not p.name.endswith(".part")), tmp_path / "talk.log"]
        try:
            return b"".join(gzip.open(p).read() if p.suffix == ".gz" else p.read_bytes() for p in files).decode().splitlines()
        except FileNotFoundError:  # being packed, or rotated
            return None

    got = until(lambda: (lambda l: l if l and len(l) == len(want) else None)(lines()))
    assert [l.split(" ", 1)[1] for l in got] == want
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z ", l) for l in got)
    assert len(list(tmp_path.glob("talk.log.*"))) > 5


@pytest.mark.skipif(not MAY_MOUNT, reason="may not mount")
def test_a_full_log_disk_of_3_mb(angel, tmp_path):
    """The service is never blocked, memory is flat, losses are counted, and logging resumes when there is room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", disk], check=True)
    try:
        (disk / "ballast").write_bytes(b"b" * (1 << 20))
        script = (f"import os,sys,time\nfor i in range(120000): os.write(1, b'%099d\\n' % i)\nopen('{tmp_path}/through','w')\n"
                  f"while not os.path.exists('{tmp_path}/more'): time.sleep(0.01)\nos.write(1, b'after\\n')\ntime.sleep(600)")
        a = angel([{"Name": "talk", "Run": ["/usr/bin/python3", "-c", script], "RedirectLogFile": f"{disk}/talk.log", "RedirectLogRotateFiles": 0,
                    "RedirectLogFull": "drop-new"}])
        until(lambda: (tmp_path / "through").exists())
        until(lambda: (disk / "talk.log").stat().st_size > 1 << 20 and "output of a service is lost" in a.log())
        (disk / "ballast").unlink()
        until(lambda: b"bytes lost from" in (disk / "talk.log").read_bytes()[-300:])
        (tmp_path / "more").touch()
        until(lambda: (disk / "talk.log").read_bytes().endswith(b"after\n"))
        text = (disk / "talk.log").read_bytes()
        told = sum(int(n) for n in re.findall(rb"(\d+) bytes lost from", text))
        kept = len(re.sub(rb"\n?\[burrow angel: [^\]]*\]\n", b"", text))
        assert told > 8 << 20 and told + kept == 120000 * 100 + len("after\n")
        a.stop()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


class Smtp(threading.Thread):
    """Takes mails on a loopback port; with a certificate it offers STARTTLS, or speaks TLS at once. .users: (name, password, was it by TLS?)"""

    def __init__(self, tls=None, at_once=False):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.tls, self.at_once, self.mails, self.users = self.listener.getsockname()[1], tls, at_once, [], []
        self.start()

    def run(self):
        while True:
            try:
                c, _ = self.listener.accept()
                self.talk(c)
            except OSError:
                return

    def talk(self, c):
        if self.at_once:
            c = self.tls.wrap_socket(c, server_side=True)
        f, say = c.makefile("rb"), lambda t: c.sendall(t.encode() + b"\r\n")
        say("220 test")
        while line := f.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"EHLO":
                secure = isinstance(c, ssl.SSLSocket)
                say("250-test\r\n250 " + ("AUTH PLAIN" if secure else "STARTTLS") if self.tls else "250 test")
            elif word == b"AUTH":
                say("334 ")
                _, name, password = base64.b64decode(f.readline()).decode().split("\0")
                self.users.append((name, password, isinstance(c, ssl.SSLSocket)))
                say("235 welcome")
            elif word == b"STARTTLS":
                say("220 go")
                try:
                    c = self.tls.wrap_socket(c, server_side=True)
                except OSError:  # it does not trust us
                    return
                f = c.makefile("rb")
            elif word == b"DATA":
                say("354 go")
                mail = b""
                while (l := f.readline()) not in (b".\r\n", b""):
                    mail += l
                self.mails.append(mail.decode())
                say("250 taken")
            elif word == b"QUIT":
                say("221 bye")
                break
            else:
                say("250 fine")
        c.close()


def test_mail_of_a_crash_and_a_test(angel, tmp_path):
    server = Smtp()
    a = angel([{"Name": "api", "Run": ["/bin/sh", "-c", "exit 3"], "AbortExitCodes": [3], "Notify": "admin@example.com"}],
              Smtp=f"127.0.0.1:{server.port}", SmtpFrom="angel@example.com")
    until(lambda: server.mails)
    mail = server.mails[0]
    assert "From: angel@example.com\r\n" in mail and "To: admin@example.com\r\n" in mail
    assert re.search(r"Subject: \[\S+ api\] \S+: .*exit code 3", mail)
    r = a.ctl("notify-test")
    assert r.returncode == 0, r.stderr
    assert any("this is a test" in m for m in server.mails)


def test_mail_never_goes_to_a_server_it_cannot_trust(angel, tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "key", "-out", tmp_path / "cert", "-days", "2",
                    "-subj", "/CN=localhost"], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    server = Smtp(tls)
    a = angel([{"Name": "api", "Run": ["/bin/sleep", "600"], "Notify": "admin@example.com"}],
              Smtp=f"user:secret@127.0.0.1:{server.port}", SmtpFrom="angel@example.com")
    r = a.ctl("notify-test")
    assert r.returncode == 1 and "certificate" in (r.stdout + r.stderr).lower()
    assert not server.mails and "secret" not in r.stdout + r.stderr + a.log()


def test_a_hanging_target_holds_up_no_restart(angel, tmp_path):
    """A mail server that says nothing: the service is started again at once, others are told."""
    silent = socket.create_server(("127.0.0.1", 0))
    a = angel([{"Name": "api", "Run": ["/bin/sleep", "600"], "RetryStableSec": 1, "Notify": f"admin@example.com,{tmp_path}/alerts.log"}],
              Smtp=f"127.0.0.1:{silent.getsockname()[1]}", SmtpFrom="angel@example.com")
    first = a.until("api", "ready")["pid"]
    os.kill(first, 9)
    a.renewed("api", first)
    until(lambda: (tmp_path / "alerts.log").exists() and "SIGKILL" in (tmp_path / "alerts.log").read_text())
    until(lambda: list((tmp_path / "state/notices").glob("*.json")), "no mail waits on the disk")


def test_a_crash_leaves_a_report(angel, tmp_path):
    script = "echo last words; kill -SEGV $$"
    a = angel([{"Name": "api", "Run": ["/bin/sh", "-c", script], "AbortSignals": ["SEGV"]}])
    until(lambda: list((tmp_path / "state/crash").glob("api-*.txt")) if (tmp_path / "state/crash").exists() else None)
    text = next((tmp_path / "state/crash").glob("api-*.txt")).read_text()
    assert "signal 11 (SIGSEGV)" in text and text.rstrip().endswith("last words") and "KiB at most" in text

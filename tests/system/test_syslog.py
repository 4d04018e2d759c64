"""The log at a syslog server, by the real program: over a unix socket, UDP, TCP and TLS."""
import os
import re
import socket
import ssl
import subprocess
import threading
import time

import pytest

import burrow

RECORD = re.compile(r"<(\d+)>1 (\d{4}-\d\d-\d\dT[\d:.]+Z) (\S+) blog (\d+) (\S+) (-|\[.*\])(?: (.*))?", re.S)


class Listener:
    """A syslog server on a stream: frames of RFC 6587, collected; TLS with a context."""

    def __init__(self, context=None):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.context, self.records, self.peers, self.errors = context, [], [], []
        self.changed = threading.Condition()
        self.connections = []
        self.deaf = False
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while not self.deaf:
            try:
                c, _ = self.socket.accept()
            except OSError:
                return
            try:
                c.settimeout(burrow.PATIENCE)
                if self.context:
                    c = self.context.wrap_socket(c, server_side=True)
                    self.peers.append(c.getpeercert())
                self.connections.append(c)
                self.read(c)
            except OSError as e:
                with self.changed:
                    self.errors.append(e)
                    self.changed.notify_all()

    def read(self, c):
        text = b""
        while piece := c.recv(65536):
            text += piece
            while m := re.match(rb"(\d+) ", text):
                end = m.end() + int(m[1])
                if len(text) < end:
                    break
                with self.changed:
                    self.records.append(text[m.end():end].decode())
                    self.changed.notify_all()
                text = text[end:]
        if text:
            raise OSError(f"no frames: {text[:20]}")

    def wait(self, what):
        with self.changed:
            assert self.changed.wait_for(lambda: any(what in r for r in self.records), burrow.PATIENCE), (what, self.records, self.errors)

    def stop_accepting(self):
        self.deaf = True
        self.hang_up()

    def hang_up(self):
        """Ends the connection, as a server that is restarted does."""
        socket.socket.shutdown(self.connections[-1], socket.SHUT_RDWR)


def check_records(records):
    for r in records:
        assert RECORD.fullmatch(r), r
    ready = RECORD.fullmatch(next(r for r in records if " ready" in r))
    assert ready[1] == str(3 * 8 + 6) and ready[5] == "host" and re.fullmatch(r'\[burrow@\d+ pid="\d+"\]', ready[6]), ready[0]


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A CA, a server's and a client's certificate signed by it, as PEM files."""
    folder = tmp_path_factory.mktemp("keys")

    def run(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
        "-subj", "/CN=test ca", "-addext", "basicConstraints=critical,CA:TRUE")
    for name, alt in (("server", "IP:127.0.0.1,DNS:localhost"), ("other", "DNS:elsewhere.example"), ("client", "DNS:blog.example")):
        run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (folder / f"{name}.ext").write_text(f"subjectAltName={alt}\n")
        run("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext",
            "-out", f"{name}.pem")
    return folder


def context(keys, name="server", ask_client=False):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(keys / f"{name}.pem", keys / f"{name}.key")
    if ask_client:
        c.verify_mode = ssl.CERT_REQUIRED
        c.load_verify_locations(keys / "ca.pem")
    return c


def test_tcp(start):
    l = Listener()
    s = start("--log.to=syslog", f"--log.syslog=tcp:127.0.0.1:{l.port}")
    s.stop()
    l.wait("stopped")
    check_records(l.records)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_tls(start, keys, host):
    l = Listener(context(keys))
    s = start("--log.to=syslog", f"--log.syslog=tls:{host}:{l.port}", f"--log.syslog_ca={keys}/ca.pem")
    l.wait(" ready")
    s.stop()
    l.wait("stopped")
    check_records(l.records)
    assert l.peers == [None] and l.connections[0].version() in ("TLSv1.2", "TLSv1.3")


def test_tls_with_a_certificate_of_ours(start, keys):
    l = Listener(context(keys, ask_client=True))
    s = start("--log.to=syslog", f"--log.syslog=tls:127.0.0.1:{l.port}", f"--log.syslog_ca={keys}/ca.pem",
              f"--log.syslog_cert={keys}/client.pem", f"--log.syslog_key={keys}/client.key")
    l.wait(" ready")
    s.stop()
    assert ("DNS", "blog.example") in l.peers[0]["subjectAltName"]


def test_tls_goes_on_when_the_server_is_back(start, keys, tmp_path):
    l = Listener(context(keys))
    (tmp_path / "s.json").write_text("{}")
    s = start("--run", "--settings", "s.json", "--log.to=syslog", f"--log.syslog=tls:127.0.0.1:{l.port}", f"--log.syslog_ca={keys}/ca.pem")
    l.wait(" ready")
    l.hang_up()
    out = burrow.run(burrow.BLOG, "--reload", "--data", tmp_path / "data", folder=tmp_path)
    assert out.returncode == 0, out.stderr
    l.wait("settings read again")  # over a new connection
    assert len(l.connections) == 2
    s.stop()


@pytest.mark.parametrize("name,ca,says", [
    ("server", None, "is not trusted"), ("other", "ca.pem", "IP address mismatch"), ("server", "nowhere.pem", "reading log.syslog_ca"),
])
def test_tls_trusts_nobody_else(keys, tmp_path, name, ca, says):
    l = Listener(context(keys, name))
    more = [f"--log.syslog_ca={keys / ca}"] if ca else []
    out = burrow.run(burrow.BLOG, "--run", "--listen", "127.0.0.1:0", "--log.to=syslog", f"--log.syslog=tls:127.0.0.1:{l.port}", *more,
                     folder=tmp_path)
    assert out.returncode == 1 and says in out.stderr and l.records == [], out.stderr


def test_tls_without_tls(tmp_path):
    l = Listener()  # takes bytes, says nothing
    out = burrow.run(burrow.BLOG, "--run", "--listen", "127.0.0.1:0", "--log.to=syslog", f"--log.syslog=tls:127.0.0.1:{l.port}", folder=tmp_path)
    assert out.returncode == 1 and "TLS with the syslog server 127.0.0.1: the other end gave no answer" in out.stderr


def the_file_has_all(s, file):
    for _ in range(400):
        assert s.get("/health").status_code == 200
    deadline = time.monotonic() + burrow.PATIENCE
    while file.read_text().count('"path":"/health"') < 400:
        assert time.monotonic() < deadline, "the file waits for the other sink"
        time.sleep(0.05)
    s.stop()
    assert '"msg":"stopped"' in file.read_text()


def test_a_server_that_hangs_does_not_hold_up_the_file(start, keys, tmp_path):
    l = Listener(context(keys))
    s = start("--run", "--log.to=file,syslog", f"--log.file={tmp_path}/x.log", f"--log.syslog=tls:127.0.0.1:{l.port}",
              f"--log.syslog_ca={keys}/ca.pem", "--log.level=debug")
    l.wait(" ready")
    deaf = socket.socket(fileno=os.dup(l.socket.fileno()))  # takes connections on, answers none
    l.stop_accepting()
    the_file_has_all(s, tmp_path / "x.log")
    deaf.close()


def test_a_journal_that_hangs_does_not_hold_up_the_file(start, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as d:
        d.bind(str(tmp_path / "log.sock"))  # its queue fills, nobody reads
        s = start("--run", "--log.to=file,syslog", f"--log.file={tmp_path}/x.log", f"--log.syslog=unix:{tmp_path}/log.sock", "--log.level=debug")
        the_file_has_all(s, tmp_path / "x.log")


def test_datagrams(start, tmp_path):
    path = tmp_path / "log.sock"
    for family, address in ((socket.AF_UNIX, str(path)), (socket.AF_INET, ("127.0.0.1", 0))):
        with socket.socket(family, socket.SOCK_DGRAM) as d:
            d.bind(address)
            d.settimeout(burrow.PATIENCE)
            where = f"unix:{path}" if family == socket.AF_UNIX else f"udp:127.0.0.1:{d.getsockname()[1]}"
            s = start("--log.to=syslog", f"--log.syslog={where}")
            s.stop()
            records = [d.recv(65536).decode()]
            while "stopped" not in records[-1]:
                records.append(d.recv(65536).decode())
            check_records(records)

"""TLS end to end: probes, mail, the control API, a collector; each against a real peer with a certificate made by openssl here."""
import http.server
import socket
import ssl
import subprocess
import threading

import pytest

import burrow
from angel import until
from test_angel_watch import Smtp
from test_tracing import Collector, TRACE, CONTEXT, env as otel

SLEEP = ["/bin/sleep", "600"]


class Certs:
    """An authority (.ca) and what it has signed: .good for localhost and 127.0.0.1, .other for another host."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = folder / "ca.pem"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "ca.key", "-out", self.ca,
                     "-days", "30", "-subj", "/CN=The Test Authority")
        self.good = self.make("good", "DNS:localhost,IP:127.0.0.1")
        self.other = self.make("other", "DNS:elsewhere.example")

    def openssl(self, *words):
        done = subprocess.run(["openssl", *words], cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def make(self, name, hosts, days="9"):
        key, request, cert, both = (self.folder / f"{name}.{x}" for x in ("key", "csr", "crt", "pem"))
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}",
                     "-addext", f"subjectAltName={hosts}")
        self.openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.folder / "ca.key", "-CAcreateserial", "-out", cert, "-days", days,
                     "-copy_extensions", "copy")
        both.write_text(cert.read_text() + key.read_text())
        return both

    def context(self, pem):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(pem)
        return tls


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    return Certs(tmp_path_factory.mktemp("certs"))


@pytest.fixture
def https(certs):
    """https(pem): the port of a server whose /health is 200."""
    servers = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/health" else 404)
            if self.path != "/endless":  # else its end is the connection's, which TLS must tell: this server does not
                self.send_header("Content-Length", "12")
            self.end_headers()
            self.wfile.write(b'{"up": true}')

        def log_message(self, *words):
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *words):  # a client that does not trust us goes
            pass

    def begin(pem):
        server = Server(("127.0.0.1", 0), Handler)
        server.socket = certs.context(pem).wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        return server.server_address[1]

    yield begin
    for s in servers:
        s.shutdown()
        s.server_close()


def watched(name, check, **more):
    return {"Name": name, "Run": SLEEP, "Ready": {"Check": check, "Interval": 0.1, **more}}


def test_a_probe_by_https(angel, certs, https, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certs.ca))
    port, other = https(certs.good), https(certs.other)
    a = angel([watched("api", f"https://localhost:{port}/health=200"), watched("member", f"https://127.0.0.1:{port}/health", Member="up", Equals="true"),
               watched("lost", f"https://localhost:{port}/nothing"),
               watched("cut", f"https://localhost:{port}/endless=404", Member="up"), watched("imposter", f"https://localhost:{other}/health")])
    a.until("api", "ready")
    a.until("member", "ready")
    until(lambda: "answered 404, not 200" in a.ctl("why", "lost").stdout, "why does not say 404")
    until(lambda: "its certificate is for 'elsewhere.example', not for 'localhost'" in a.ctl("why", "imposter").stdout, "why does not say whose certificate")
    until(lambda: "without saying that this was all (TLS close_notify)" in a.ctl("why", "cut").stdout, "why does not say that the answer may be cut")
    assert not a.unit("lost")["ready"] and not a.unit("imposter")["ready"]


def test_a_probe_trusts_nobody_unasked(angel, certs, https):
    a = angel([watched("api", f"https://localhost:{https(certs.good)}/health")])
    until(lambda: "is signed by 'The Test Authority', who is not trusted here" in a.ctl("why", "api").stdout, "why does not say who signed it")
    assert not a.unit("api")["ready"]


def test_a_probe_of_a_unix_socket(angel, tmp_path):
    path = tmp_path / "app.sock"
    a = angel([watched("api", f"unix:{path}")])
    until(lambda: f"unix:{path}" in a.ctl("why", "api").stdout, "why does not name the socket")
    assert not a.unit("api")["ready"]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    with listener:
        a.until("api", "ready")
        listener.settimeout(burrow.PATIENCE)
        listener.accept()[0].close()  # it was there


@pytest.mark.parametrize("scheme", ["starttls", "smtps"])
def test_mail_by_tls(angel, certs, scheme, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certs.ca))
    server = Smtp(certs.context(certs.good), at_once=scheme == "smtps")
    where = f"smtps://localhost:{server.port}" if scheme == "smtps" else f"localhost:{server.port}"
    a = angel([{"Name": "api", "Run": SLEEP, "Notify": "admin@example.com"}], Smtp=f"user:geheim@{where}", SmtpFrom="angel@example.com")
    r = a.ctl("notify-test")
    assert r.returncode == 0, r.stderr + a.log()
    assert "To: admin@example.com\r\n" in server.mails[0] and "this is a test" in server.mails[0]
    assert server.users == [("user", "geheim", True)]


def control(angel, tmp_path, certs, **more):
    token = tmp_path / "token"
    token.write_text("geheim\n")
    return angel([{"Name": "api", "Run": SLEEP}], ControlListen="127.0.0.1:0", ControlToken=f"@{token}", ControlCert=str(certs.good), **more), f"@{token}"


def test_the_control_api_by_tls(angel, certs, tmp_path):
    a, token = control(angel, tmp_path, certs)
    url = a.ask("GET", "/v1/state")[1]["control_tcp"]
    assert url.startswith("https://127.0.0.1:")

    def ctl(*words, **kw):
        return burrow.run(burrow.BURROW, "ctl", *words, **kw)

    done = ctl("status", "--names", "--control", url, "--ca", certs.ca, "--token", token)
    assert (done.returncode, done.stdout) == (0, "api\n"), done.stderr
    assert ctl("status", "--names", "--control", url, "--token", token, env={"SSL_CERT_FILE": str(certs.ca)}).stdout == "api\n"
    done = ctl("status", "--control", url, "--token", token)
    assert done.returncode == 3 and "'The Test Authority', who is not trusted here" in done.stderr
    done = ctl("status", "--control", url, "--ca", certs.ca)
    assert done.returncode == 1 and "Authorization: Bearer" in done.stderr
    done = ctl("status", "--control", url, "--ca", tmp_path / "none.pem", "--token", token)
    assert done.returncode == 2 and "none.pem: No such file" in done.stderr
    done = ctl("status", "--control", url.replace("https:", "http:"), "--token", token)
    assert done.returncode == 1 and "this port speaks TLS: use https:// here" in done.stderr
    done = burrow.run("curl", "-sS", "--cacert", certs.ca, "-H", "Authorization: Bearer geheim", f"{url}v1/units")
    assert done.returncode == 0 and '"api"' in done.stdout, done.stderr


def test_the_control_api_stays_at_home_without_tls(tmp_path, certs):
    settings, token = tmp_path / "a.json", '"ControlToken": "geheim"'

    def check(more):
        settings.write_text(f'{{{token}, {more}, "Services": []}}')
        return burrow.run(burrow.BURROW, "angel", "check", "--settings", settings)

    done = check('"ControlListen": "0.0.0.0:9000"')
    assert done.returncode == 1 and "ControlCert" in done.stderr and "ControlUnencrypted" in done.stderr, done.stderr
    for fine in ('"ControlListen": "127.0.0.1:9000"', '"ControlListen": "[::1]:9000"', '"ControlListen": "localhost:9000"',
                 '"ControlListen": "0.0.0.0:9000", "ControlUnencrypted": true', f'"ControlListen": "0.0.0.0:9000", "ControlCert": "{certs.good}"'):
        assert check(fine).returncode == 0, fine


def test_a_missing_certificate_is_told(tmp_path):
    settings = tmp_path / "a.json"
    settings.write_text(f'{{"State": "{tmp_path}/state", "ControlListen": "127.0.0.1:0", "ControlToken": "x", "ControlCert": "none.pem", "Services": []}}')
    done = burrow.run(burrow.BURROW, "angel", "brain", "--settings", settings)
    assert done.returncode == 1 and f"{tmp_path}/none.pem: No such file" in done.stderr


def test_a_control_port_in_use_is_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings, address = tmp_path / "a.json", f"127.0.0.1:{taken.getsockname()[1]}"
        settings.write_text(f'{{"State": "{tmp_path}/state", "ControlListen": "{address}", "ControlToken": "x", "Services": []}}')
        done = burrow.run(burrow.BURROW, "angel", "brain", "--settings", settings)
        assert done.returncode == 1 and f"ControlListen: {address} is in use" in done.stderr


def test_a_collector_by_https(start, certs):
    c = Collector(tls=certs.context(certs.good))
    try:
        s = start(env=otel(c, SSL_CERT_FILE=str(certs.ca)))
        assert s.get("/api/Category", headers=CONTEXT).status_code == 200
        until(lambda: TRACE in {x["traceId"] for x in c.spans()}, "no span came")
    finally:
        c.close()


def test_a_collector_that_is_not_trusted_gets_nothing(start, certs):
    c = Collector(tls=certs.context(certs.good))
    try:
        s = start(env=otel(c, OTEL_BSP_EXPORT_TIMEOUT="100"))
        s.get("/api/Category", headers=CONTEXT)
        until(lambda: "who is not trusted here" in s.log(), "no line says why")
        assert not c.messages
    finally:
        c.close()

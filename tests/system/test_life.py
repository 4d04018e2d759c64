"""The life of a hosted application: what it says of itself, its settings from every source, its listeners, its end."""
import json
import re
import signal
import socket

import pytest

import burrow
from wire import Wire


def ask(folder, *words, **kw):
    return burrow.run(burrow.BLOG, *words, folder=folder, **kw)


def settings(folder, *words, env=None):
    out = ask(folder, *words, "--print-settings", env=env)
    assert out.returncode == 0, out.stderr
    return json.loads(out.stdout)


def test_help_teaches(tmp_path):
    out = ask(tmp_path, "--help")
    assert (out.returncode, out.stderr) == (0, "")
    for word in ("usage:", "--settings FILE", "--listen ADDR:PORT", "--data FOLDER", "--check", "--print-settings", "--version",
                 "server.max_connections", "default 16384", "BURROW_SERVER_MAX_CONNECTIONS", "--log.level=debug"):
        assert word in out.stdout


def test_version(tmp_path):
    out = ask(tmp_path, "--version")
    assert out.returncode == 0 and re.fullmatch(r"blog 1\.0 \(Burrow \d+\.\d+\.\d+\)\n", out.stdout)


@pytest.mark.parametrize("words, said", [
    (["--lisen", "x"], "no switch '--lisen', did you mean '--listen'?"), (["--qqqqqqqq"], "no switch '--qqqqqqqq'; --help"),
    (["serve"], "'serve' is no switch"), (["--data"], "--data needs a value: --data FOLDER"), (["--check=1"], "--check takes no value")])
def test_wrong_use_exits_2(tmp_path, words, said):
    out = ask(tmp_path, *words)
    assert out.returncode == 2 and said in out.stderr and out.stdout == ""


def test_check(tmp_path):
    """Before the first start, and after."""
    out = ask(tmp_path, "--check")
    assert (out.returncode, out.stdout) == (0, "settings, tables and database fit together\n"), out.stderr
    assert not (tmp_path / "data").exists()
    burrow.blog(tmp_path).stop()
    assert ask(tmp_path, "--check").returncode == 0
    (tmp_path / "data/blog.db").write_bytes(b"no database at all" * 100)
    out = ask(tmp_path, "--check")
    assert out.returncode == 1 and "damaged or no SQLite database" in out.stderr


def test_printed_settings_read_back(tmp_path):
    first = settings(tmp_path, "--server.head_timeout=250ms", "--listen", "127.0.0.1:1", "--listen", "[::1]:2", "--log.level=debug")
    assert first["listen"] == ["127.0.0.1:1", "[::1]:2"] and first["server"]["head_timeout"] == "250ms"
    (tmp_path / "s.json").write_text(json.dumps(first))
    assert settings(tmp_path, "--settings", "s.json") == first
    out = ask(tmp_path, "--settings", "s.json", "--check")
    assert out.returncode == 0, out.stderr


def test_the_later_source_wins(tmp_path):
    (tmp_path / "s.json").write_text('{ "log": { "level": "warn" }, /* and */ "rest": { "root": "file" }, // more\n "data": "d1" }')
    env = {"BURROW_REST_ROOT": "environment", "BURROW_DATA": "d2"}
    got = settings(tmp_path, "--settings", "s.json", "--data", "d3", env=env)
    assert (got["log"]["level"], got["rest"]["root"], got["data"]) == ("warn", "environment", "d3")


@pytest.mark.parametrize("text, said", [
    ('{\n  "sever": {}\n}', "s.json:2:3: unknown setting 'sever', did you mean 'server'?"),
    ('{ "server": {\n "threads": "x" } }', "s.json:2:13: server.threads must be a whole number"),
    ('{ "server": { "threads": 257 } }', "s.json:1:26: server.threads"), ('{ "log": { "level": "lowd" } }', "s.json:1:21: log.level"),
    ('{ "server": { "head_timeout": "10 lightyears" } }', "s.json:1:31: server.head_timeout"),
    ('{ "data": 7 }', "s.json:1:11: data"), ('{ "rest": {\n"root": "a/b" } }', "s.json:2:9: rest.root"),
    ('{ "data": "a", "data": "b" }', "s.json:1:16:"), ('{ "data": "a"\n', "s.json:2:1:"), ("", "s.json:1:1:")])
def test_settings_errors_tell_the_place(tmp_path, text, said):
    (tmp_path / "s.json").write_text(text)
    out = ask(tmp_path, "--settings", "s.json", "--check")
    assert out.returncode == 1 and said in out.stderr, out.stderr


@pytest.mark.parametrize("name, value, said", [
    ("BURROW_LOG_LEVLE", "debug", "did you mean BURROW_LOG_LEVEL?"), ("BURROW_LOG_LEVEL", "lowd", "BURROW_LOG_LEVEL"),
    ("BURROW_SERVER_THREADS", "-1", "BURROW_SERVER_THREADS")])
def test_environment_errors_name_the_variable(tmp_path, name, value, said):
    out = ask(tmp_path, "--check", env={name: value})
    assert out.returncode == 1 and said in out.stderr, out.stderr


def test_a_setting_on_the_command_line_is_checked_too(tmp_path):
    out = ask(tmp_path, "--server.threds=2", "--check")
    assert out.returncode != 0 and "no setting 'server.threds', did you mean" in out.stderr, out.stderr


def test_several_addresses(tmp_path):
    sock = tmp_path / "blog.sock"
    s = burrow.blog(tmp_path, "--listen", "[::1]:0", "--listen", f"unix:{sock}")
    burrow.until(lambda: len(s.out_lines) >= 3)  # told in one write, read line by line
    urls = [line.removeprefix("listening on ") for line in s.out_lines]
    ports = [int(u.rsplit(":", 1)[1].rstrip("/")) for u in urls[:2]]
    assert urls[0].startswith("http://127.0.0.1:") and urls[1].startswith("http://[::1]:") and urls[2].startswith("http+unix://")
    assert 0 not in ports and len(set(ports)) == 2
    for w in (Wire.tcp("127.0.0.1", ports[0]), Wire.tcp("::1", ports[1]), Wire.unix(sock)):
        assert w.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n").answer().status == 200
        w.close()
    assert s.stop() == 0
    assert not sock.exists()


def test_a_port_in_use_is_told_with_its_holder(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    port = burrow.free_port()
    at = f"127.0.0.1:{port}"
    with socket.create_server(("127.0.0.1", port)):
        out = ask(other, "--listen", at)
    assert out.returncode == 1 and f"{at} is in use by another program; stop it or choose another port" in out.stderr
    first = burrow.blog(tmp_path, "--listen", at)
    out = ask(other, "--listen", at)
    assert out.returncode == 1 and f"{at} is already served by blog (pid {first.process.pid})" in out.stderr
    assert first.stop() == 0


@pytest.mark.parametrize("address, said", [("127.0.0.1", "names no port"), ("127.0.0.1:99999", "names no port"), ("::1:80", "brackets"),
                                           ("no.such.host.invalid:80", "no.such.host.invalid")])
def test_addresses_that_are_none(tmp_path, address, said):
    out = ask(tmp_path, "--listen", address)
    assert out.returncode == 1 and said in out.stderr, out.stderr


def test_no_address_at_all(tmp_path):
    (tmp_path / "s.json").write_text('{"listen": []}')
    out = ask(tmp_path, "--settings", "s.json")
    assert out.returncode == 1 and "'listen' names no address" in out.stderr, out.stderr


def test_a_database_in_use_is_told_with_its_holder(tmp_path):
    s = burrow.blog(tmp_path)
    out = burrow.run(burrow.BURROW, "check", "--app", burrow.ROOT / "examples/blog.json", "--data", tmp_path / "data")
    assert out.returncode == 1 and f"blog.db' is in use by process {s.process.pid}; stop that one" in out.stderr, out.stderr
    assert s.stop() == 0


def half_a_request(s):
    """An upload whose second half is to come, and that the server is at work on."""
    w = Wire.to(s)
    body = '{"title":"finished after the signal"}'
    w.send(f"POST /api/Article HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n")
    assert w.answer().status == 100
    w.send(body[:20])
    return w, body[20:]


def wait_refused(s):
    """Until the server takes no more connections."""
    at = s.url.removeprefix("http://").split(":")

    def is_refused():
        try:
            socket.create_connection((at[0], int(at[1])), burrow.PATIENCE).close()
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:
            pass  # it was waiting to be accepted when the server closed its door
        return False

    burrow.until(is_refused, "it takes connections still")


def ended(s):
    """The exit status of a server that was told to stop already: a second signal would end it at once."""
    s.process.wait(burrow.PATIENCE)
    return s.stop()


def test_what_is_in_flight_is_finished(tmp_path):
    s = burrow.blog(tmp_path)
    idle = Wire.to(s)
    assert idle.send("GET /ready HTTP/1.1\r\nHost: x\r\n\r\n").answer().status == 200
    w, rest = half_a_request(s)
    s.process.send_signal(signal.SIGTERM)
    wait_refused(s)
    assert idle.ended()  # an idle connection has nothing to be finished
    w.send(rest)
    r = w.answer()
    assert r.status == 201 and r.fields["connection"] == "close"
    assert w.ended()
    assert ended(s) == 0
    s = burrow.blog(tmp_path)
    assert s.get(f"/api/{r.fields['location']}").json()["title"] == "finished after the signal"
    assert s.stop() == 0


def test_a_list_on_its_way_is_finished(tmp_path):
    s = burrow.blog(tmp_path, "--server.compress=false")
    body = "x" * 20000
    lines = "".join('{"title":"t%d","body":"%s"}\n' % (i, body) for i in range(1000))
    r = s.call("POST", "/api/Article/batch", data=lines, headers={"Content-Type": "application/x-ndjson", "Prefer": "return=minimal"})
    assert r.status_code == 200, r.text
    w = Wire.to(s, receive_buffer=4096)
    w.send("GET /api/Article?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n")
    head = w.head()
    s.process.send_signal(signal.SIGTERM)
    wait_refused(s)
    assert len(json.loads(w.body(head))) == 1000
    assert ended(s) == 0


def test_the_drain_has_an_end(tmp_path):
    s = burrow.blog(tmp_path, "--server.drain_timeout=200ms")
    w, _ = half_a_request(s)
    s.process.send_signal(signal.SIGTERM)
    assert ended(s) == 0
    w.close()


def test_told_twice_it_ends_at_once(tmp_path):
    s = burrow.blog(tmp_path)
    w, _ = half_a_request(s)
    s.process.send_signal(signal.SIGTERM)
    wait_refused(s)
    s.process.send_signal(signal.SIGTERM)
    assert s.process.wait(burrow.PATIENCE) == 1
    w.close()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_an_orderly_end(tmp_path, sig):
    """Also under sanitizers: a report or a leak fails it."""
    s = burrow.blog(tmp_path)
    assert s.post("/api/Article", {"title": "a"}).status_code == 201
    s.process.send_signal(sig)
    assert ended(s) == 0
    assert "stopped" in s.log() and not list((tmp_path / "data").glob("*-wal"))

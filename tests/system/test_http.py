"""HTTP/1.1 as bytes against the real server: what it refuses, in which order it answers, what it bounds."""
import json
import threading

import pytest

import burrow
from wire import Wire

HOST = "Host: x\r\n"
POST = "POST /api/Calculator.Add HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
GET = "GET /ready HTTP/1.1\r\n"
SANITIZED = "asan" in str(burrow.BUILD)


def get(path, *fields):
    return f"GET {path} HTTP/1.1\r\n{HOST}" + "".join(f + "\r\n" for f in fields) + "\r\n"


def problem(a, status):
    assert a.status == status, (a.status, a.body)
    assert a.fields["content-type"] == "application/problem+json"
    body = json.loads(a.body)
    assert body["status"] == status and body["errorCode"] == status and body["errorText"] and body["title"]
    return body


@pytest.mark.parametrize("status, data", [
    # RFC 9112 6.1, 6.3: how long a body is must have one answer
    (400, POST + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    (400, POST + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n[1,2]"),
    (400, POST + "Content-Length: 5, 6\r\n\r\n[1,2]"),
    (400, POST + "Content-Length: +5\r\n\r\n[1,2]"),
    (400, POST + "Content-Length: -5\r\n\r\n[1,2]"),
    (400, POST + "Content-Length: 0x5\r\n\r\n[1,2]"),
    (400, POST + "Content-Length: \r\n\r\n"),
    (400, POST + "Content-Length: 18446744073709551621\r\n\r\n[1,2]"),
    (400, POST + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    (501, POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    (501, POST + "Transfer-Encoding: zebra\r\n\r\n"),
    (400, "POST /api/Calculator.Add HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    # 7.1: chunks
    (400, POST + "Transfer-Encoding: chunked\r\n\r\nG\r\n"),
    (400, POST + "Transfer-Encoding: chunked\r\n\r\n-1\r\n"),
    (400, POST + "Transfer-Encoding: chunked\r\n\r\n 5\r\n"),
    (400, POST + "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\n"),
    (400, POST + "Transfer-Encoding: chunked\r\n\r\n5\n[1,2]"),
    (400, POST + "Transfer-Encoding: chunked\r\n\r\n5\r\n[1,2]x\r\n"),
    (400, POST + "Transfer-Encoding: chunked\r\n\r\n5;" + "e" * 300 + "\r\n[1,2]\r\n0\r\n\r\n"),
    # 2.2, 5: lines and fields
    (400, GET + HOST + "X: a\r\n folded\r\n\r\n"),
    (400, GET + HOST + "X: a\n\r\n"),
    (400, "GET /ready HTTP/1.1\nHost: x\n\n"),
    (400, GET + HOST + "X: a\rb\r\n\r\n"),
    (400, GET + HOST + "X: a\0b\r\n\r\n"),
    (400, GET + HOST + "X: a\x01b\r\n\r\n"),
    (400, GET + HOST + "X : a\r\n\r\n"),
    (400, GET + HOST + ": a\r\n\r\n"),
    (400, GET + HOST + "no colon\r\n\r\n"),
    (400, GET + "\r\n"),
    (400, GET + HOST + HOST + "\r\n"),
    (400, GET + "Host: a b\r\n\r\n"),
    (400, GET + "Host: x:port\r\n\r\n"),
    (400, GET + "Host: a/b\r\n\r\n"),
    # 3: the request line
    (400, "GET  /ready HTTP/1.1\r\n" + HOST + "\r\n"),
    (400, "GET ready HTTP/1.1\r\n" + HOST + "\r\n"),
    (400, "GET /re\x01ady HTTP/1.1\r\n" + HOST + "\r\n"),
    (400, "GET /%zz HTTP/1.1\r\n" + HOST + "\r\n"),
    (400, "G@T /ready HTTP/1.1\r\n" + HOST + "\r\n"),
    (400, "GET /ready\r\n\r\n"),
    (505, "GET /ready HTTP/2.0\r\n" + HOST + "\r\n"),
    (400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n"),
    # limits
    (414, "GET /" + "a" * 9000 + " HTTP/1.1\r\n" + HOST + "\r\n"),
    (414, "GET /" + "a" * 9000),
    (431, GET + HOST + "".join(f"X{i}: a\r\n" for i in range(101)) + "\r\n"),
    (431, GET + HOST + "".join(f"X{i}: {'a' * 7000}\r\n" for i in range(10)) + "\r\n"),
    (413, POST + f"Content-Length: {17 << 20}\r\n\r\n"),
    (413, POST + f"Content-Length: {1 << 40}\r\n\r\n"),
], ids=lambda v: repr(v)[-60:] if isinstance(v, str) else str(v))
def test_refused_with_its_status_and_closed(blog, status, data):
    w = Wire.to(blog)
    w.send(data.encode("latin-1"))
    a = w.answer()
    problem(a, status)
    assert a.fields["connection"] == "close"
    assert w.ended()
    w.close()
    assert blog.get("/ready").status_code == 200


def test_a_body_over_the_limit_in_chunks(blog):
    w = Wire.to(blog)
    w.send(POST + "Transfer-Encoding: chunked\r\n\r\n")
    piece = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    try:
        for _ in range(40):
            w.send(piece)
    except (BrokenPipeError, ConnectionResetError):
        pass  # it stopped listening
    try:
        problem(w.answer(), 413)
    except ConnectionResetError:
        pass  # and the end overtook the answer
    w.close()
    assert blog.get("/ready").status_code == 200


def test_pipelined_answers_come_in_order(blog):
    """Fast and slow ones, refused and large ones, in one stream of bytes."""
    paths = ["/api/Calculator.Add?n1=%d&n2=0" % i if i % 5 else "/api/Article?limit=%d" % (i + 1) if i % 2 else "/none/%d" % i
             for i in range(200)]
    w = Wire.to(blog)
    threading.Thread(target=w.send, args=("".join(get(p) for p in paths),)).start()
    for i, p in enumerate(paths):
        a = w.answer()
        if p.startswith("/api/Calc"):
            assert json.loads(a.body) == {"result": [i]}
        elif p.startswith("/none"):
            assert p in problem(a, 404)["detail"]
        else:
            assert a.status == 200 and isinstance(json.loads(a.body), list)
    w.close()


def test_pipelined_writes_are_seen_by_what_follows(start):
    s = start()
    body = '{"title":"a"}'
    post = f"POST /api/Article HTTP/1.1\r\n{HOST}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    w = Wire.to(s)
    w.send("".join(post + get(f"/api/Article/{i}") for i in range(1, 51)))
    for i in range(1, 51):
        assert w.answer().fields["location"] == f"Article/{i}"
        assert json.loads(w.answer().body)["id"] == i
    w.close()


def test_forms_of_a_request(blog):
    w = Wire.to(blog)
    w.send("\r\nGET http://other.example/ready HTTP/1.1\r\nHost: x\r\n\r\n")  # absolute-form, after an empty line
    assert w.answer().status == 200
    w.send("OPTIONS * HTTP/1.1\r\n" + HOST + "\r\n")
    assert w.answer().status == 204
    w.send("HEAD /ready HTTP/1.1\r\n" + HOST + "\r\n" + get("/ready"))
    head, whole = w.answer("HEAD"), w.answer()
    assert head.status == whole.status == 200 and int(head.fields["content-length"]) == len(whole.body)
    w.send(POST + "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
    assert w.answer().status == 100
    for i in range(5):  # a byte at a time
        w.send("1;a=b\r\n" + "[1,2]"[i] + "\r\n")
    w.send("0\r\nTrailer-Field: x\r\n\r\n")
    assert json.loads(w.answer().body) == {"result": [3]}
    w.send("GET /ready HTTP/1.0\r\n\r\n")
    a = w.answer()
    assert a.status == 200 and w.ended()
    w.close()


# ---- bodies of any size in bounded memory ----

def peak(s):
    """MiB the process has had at most."""
    with open(f"/proc/{s.process.pid}/status") as f:
        return next(int(l.split()[1]) for l in f if l.startswith("VmHWM")) / 1024


def test_large_bodies_in_bounded_memory(start):
    """2 GiB up and down again (200 MiB under a sanitizer): controls take six bytes in JSON, so the disk holds a sixth."""
    row = b'{"title":"big","body":"' + b"\\u0001" * 1_000_000 + b'"}\n'
    rows = (200 << 20 if SANITIZED else 2 << 30) // len(row) + 1
    s = start("--server.compress=false", "--rest.limit_default=1000")
    w = Wire.to(s)
    w.send(f"POST /api/Article/batch HTTP/1.1\r\n{HOST}Content-Type: application/x-ndjson\r\nPrefer: return=minimal\r\n"
           f"Content-Length: {rows * len(row)}\r\n\r\n")
    for _ in range(rows):
        w.send(row)
    a = w.answer()
    assert a.status == 200, a.body
    up = peak(s)
    seen = {"bytes": 0, "controls": 0}

    def take(piece):
        seen["bytes"] += len(piece)

    w.send(get("/api/Article", "Accept-Encoding: identity"))
    a = w.head()
    assert a.status == 200
    w.body(a, take)
    assert seen["bytes"] > rows * 6_000_000
    w.close()
    assert SANITIZED or peak(s) < 96, f"{up:.0f} MiB after the upload, {peak(s):.0f} MiB after the download"


# ---- slow peers ----
# Each test shortens only the time it is about: a slow machine must not meet another one's end.

def test_slow_heads_and_bodies(start):
    hasty = start("--server.head_timeout=200ms", "--server.body_timeout=200ms")
    slow = [Wire.to(hasty).send("GET /ready HTT"), Wire.to(hasty).send(GET + HOST),
            Wire.to(hasty).send(POST + "Content-Length: 5\r\n\r\n[1"), Wire.to(hasty).send(POST + "Transfer-Encoding: chunked\r\n\r\n5\r\n[1")]
    for w in slow:
        a = w.answer()
        problem(a, 408)
        assert w.ended()
    assert hasty.get("/ready").status_code == 200


def test_who_says_nothing_is_left(start):
    hasty = start("--server.idle_timeout=1s")
    silent = Wire.to(hasty)
    with burrow.paused(hasty.process):
        idle = Wire.to(hasty).send(get("/ready"))
    assert silent.ended()
    assert idle.answer().status == 200 and idle.ended()


def test_a_reader_that_takes_nothing_is_left(start):
    hasty = start("--server.write_timeout=200ms", "--server.compress=false")
    lines = "".join('{"title":"t%d","body":"%s"}\n' % (i, "x" * 20000) for i in range(1000))
    r = hasty.call("POST", "/api/Article/batch", data=lines, headers={"Content-Type": "application/x-ndjson", "Prefer": "return=minimal"})
    assert r.status_code == 200, r.text
    w = Wire.to(hasty, receive_buffer=4096)
    head = w.send(get("/api/Article?limit=1000")).head()
    burrow.until(lambda: hasty.get("/health").json()["connections"] == 1, "it is waited for")
    with pytest.raises((AssertionError, ConnectionResetError)):
        w.body(head)
    w.close()


# ---- maxima ----

def test_too_many_connections(start):
    s = start("--server.max_connections=3")
    held = [Wire.to(s).send(get("/ready")) for _ in range(3)]
    assert [w.answer().status for w in held] == [200] * 3
    w = Wire.to(s)
    a = w.answer()  # told without being asked
    problem(a, 503)
    assert a.fields["retry-after"] and a.fields["connection"] == "close" and w.ended()
    held[0].close()
    while (w := Wire.to(s).send(get("/ready"))).answer().status != 200:
        w.close()
    for w in held[1:]:
        assert w.send(get("/ready")).answer().status == 200


def test_too_many_requests_in_flight(start):
    s = start("--server.max_in_flight=2", "--server.threads=1")
    held = [Wire.to(s).send(POST + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n") for _ in range(2)]
    assert [w.answer().status for w in held] == [100, 100]
    w = Wire.to(s).send(get("/ready"))
    a = w.answer()
    problem(a, 503)
    assert a.fields["retry-after"] and w.ended()
    for w in held:
        assert json.loads(w.send("[1,2]").answer().body) == {"result": [3]}
    assert s.get("/ready").status_code == 200


def test_a_full_table_of_descriptors(tmp_path):
    data = tmp_path / "data"
    s = burrow.Server(["prlimit", "--nofile=64:64", burrow.BLOG, "--listen", "127.0.0.1:0", "--data", data], tmp_path)
    first = Wire.to(s).send(get("/api/Article"))
    assert first.answer().status == 200
    crowd = [Wire.to(s) for _ in range(120)]
    burrow.until(lambda: "raise the limit of open files" in s.log())
    for _ in range(20):  # who is in is served, and may write
        assert first.send(get("/api/Calculator.Add?n1=1&n2=2")).answer().status == 200
    body = '{"title":"a"}'
    first.send(f"POST /api/Article HTTP/1.1\r\n{HOST}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}")
    assert first.answer().status == 201
    for w in crowd[:-1]:
        w.close()
    assert crowd[-1].send(get("/ready")).answer().status == 200
    assert s.get("/api/Article").json()[0]["title"] == "a"
    assert s.stop() == 0

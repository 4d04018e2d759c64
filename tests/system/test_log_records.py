"""The access log, and records of what is slow, by a real server."""
import json
import pathlib
import re
import signal
import socket
import time

import pytest

import burrow


def test_the_access_log(start, tmp_path):
    s = start("--log.access=json", f"--log.access_file={tmp_path / 'access.log'}")
    assert s.get("/api/Article/999?token=secret", headers={"User-Agent": 'x"y', "X-Request-Id": "r-1"}).status_code == 400
    assert s.get("/health").status_code == 200
    assert s.stop() == 0
    lines = [json.loads(l) for l in (tmp_path / "access.log").read_text().splitlines()]
    assert [(l["path"], l["status"]) for l in lines] == [("/api/Article/999", 400), ("/health", 200)]
    assert lines[0]["user_agent"] == 'x"y' and lines[0]["request"] == "r-1" and lines[0]["peer"] == "127.0.0.1"
    assert "secret" not in (tmp_path / "access.log").read_text()


def test_the_access_log_on_standard_output(start):
    s = start("--log.access=common", "--log.access_errors_only=true")
    s.get("/health")
    s.get("/nowhere")
    assert s.stop() == 0
    s.process.wait()
    lines = [l for l in s.out_lines if not l.startswith("listening")]
    assert len(lines) == 1, lines
    assert re.fullmatch(r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET /nowhere HTTP/1\.1" 404 \d+',
                        lines[0])


def test_a_wrong_form_is_refused(tmp_path):
    r = burrow.run(burrow.BLOG, "--check", "--data", tmp_path / "data", "--log.access=$ip")
    assert r.returncode != 0 and ": log.access: '$ip' is none of $peer" in r.stderr and r.stderr.count("log.access") == 1, r.stderr


def test_what_is_slow_is_told(start):
    s = start("--log.slow_request=1us", "--log.slow_query=1us", "--log.format=json")
    s.get("/api/Article?q=secret")
    s.get("/api/Article?limit=3")
    assert s.stop() == 0
    records = [json.loads(l) for l in s.log().splitlines() if l.startswith("{")]
    requests = [r for r in records if r["msg"] == "slow request"]
    queries = [r for r in records if r["msg"] == "slow query"]
    assert [r["path"] for r in requests] == ["/api/Article"] * 2 and requests[0]["ms"] > 0
    assert any("Article" in q["sql"] for q in queries)
    assert "secret" not in s.log()


def test_a_crash_tells_what_was_going_on(start, tmp_path):
    if b"libasan" in pathlib.Path(burrow.BLOG).read_bytes():  # the sanitizer has its own handler and report
        s = start()
        assert s.stop(signal.SIGSEGV) == 1
        assert "AddressSanitizer" in s.log()
        return
    s = start(f"--log.file={tmp_path / 'x.log'}", "--server.threads=1")
    hand = socket.create_connection(("127.0.0.1", int(s.url.rsplit(":", 1)[1])), timeout=burrow.PATIENCE)
    hand.sendall(b"POST /api/Article?secret=1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
    deadline = time.monotonic() + burrow.PATIENCE
    while 'http_requests_in_flight{method="POST",route="/api/Article"} 1' not in s.get("/metrics?format=openmetrics").text:
        assert time.monotonic() < deadline
    assert s.stop(signal.SIGSEGV) == -signal.SIGSEGV
    for text in (s.log(), (tmp_path / "x.log").read_text()):
        assert "crashed: SIGSEGV" in text and "backtrace:" in text and "end of the crash report" in text
        # Functions of ours have names, also static ones; which thread the signal meets is open.
        assert re.search(r"(?m)^#\d+ fall\+0x[0-9a-f]+ \(blog\+0x[0-9a-f]+\)$", text), text
        assert re.search(r"(?m)^in hand: POST /api/Article\b", text) and "secret" not in text, text
        assert "listening" in text  # written, or still queued
    hand.close()


def test_records_of_a_request_carry_its_name(start):
    s = start("--log.level=debug", "--log.slow_query=1ns")
    s.get("/api/Category", headers={"X-Request-Id": "name-7"})
    s.get("/api/Category")
    s.stop()
    lines = [json.loads(l) for l in s.log().splitlines()]
    slow = [l for l in lines if l["msg"] == "slow query" and "request" in l]
    told = [l for l in lines if l["msg"] == "request"]
    assert [l["request"] for l in slow] == [l["request"] for l in told] and slow[0]["request"] == "name-7"
    assert re.fullmatch("[0-9a-f-]{36}", slow[1]["request"])
    assert not any("request" in l for l in lines if l["area"] in ("host", "listen"))

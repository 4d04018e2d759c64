"""Traces: W3C context in, spans out to a collector (a stand-in), and no harm done by a dead one."""
import http.server
import json
import os
import socket
import threading
import time

import pytest

import burrow
from test_metrics import eventually, value

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CONTEXT = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "a=b"}


class Collector:
    """Takes what is posted and answers with .status; .hold: answers nothing until it is set."""

    def __init__(self, tls=None):
        self.status, self.hold, self.heads, self.messages, self.posts = 200, None, [], [], 0
        me = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                me.posts += 1
                if me.hold:
                    me.hold.wait(burrow.PATIENCE)
                me.heads.append((self.path, dict(self.headers)))
                if me.status == 200:
                    me.messages.append(json.loads(body))
                self.send_response(me.status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *words):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.handle_error = lambda *words: None  # the server under test has gone
        if tls:
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def spans(self):
        return [s for m in list(self.messages) for r in m["resourceSpans"] for c in r["scopeSpans"] for s in c["spans"]]

    def close(self):
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def collector():
    c = Collector()
    yield c
    c.close()


def env(collector, **more):
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "20", **more}


def attributes(span):
    return {a["key"]: a["value"].get("stringValue", a["value"].get("intValue")) for a in span["attributes"]}


def test_a_request_becomes_spans(start, collector):
    s = start(env=env(collector, OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test%20bed",
                      OTEL_EXPORTER_OTLP_HEADERS="X-Key=se%2Ccret"))
    made = s.post("/api/Category", {"name": "traced"}, headers={**CONTEXT, "X-Request-Id": "me-1"})
    assert made.status_code == 201 and made.headers["X-Request-Id"] == "me-1"
    eventually(lambda: any(x["name"] == "POST /api/Category" for x in collector.spans()))
    path, head = collector.heads[0]
    assert path == "/v1/traces" and head["Content-Type"] == "application/json" and head["X-Key"] == "se,cret"
    resource = {a["key"]: a["value"]["stringValue"] for a in collector.messages[0]["resourceSpans"][0]["resource"]["attributes"]}
    assert resource == {"service.name": "blog", "deployment.environment.name": "test bed"}
    spans = [x for x in collector.spans() if x["traceId"] == TRACE]
    by_id = {x["spanId"]: x for x in spans}
    assert len(by_id) == len(spans)
    root = next(x for x in spans if x["kind"] == 2)
    assert root["parentSpanId"] == PARENT and root["traceState"] == "a=b" and root["flags"] == 1
    assert attributes(root) == {
        "http.request.method": "POST", "http.route": "/api/Category", "url.path": "/api/Category", "client.address": "127.0.0.1",
        "http.response.status_code": "201", "http.response.body.size": str(len(made.content)), "http.request.id": "me-1"}
    steps = [x["name"] for x in spans if x["parentSpanId"] == root["spanId"]]
    assert steps == ["route", "guard", "negotiate", "handle", "observe"]
    insert = next(x for x in spans if x["name"] == "INSERT")
    assert attributes(insert)["db.query.text"].startswith('INSERT INTO "Category"') and "traced" not in json.dumps(spans)
    assert by_id[insert["parentSpanId"]]["name"] == "write"
    assert by_id[by_id[insert["parentSpanId"]]["parentSpanId"]]["name"] == "handle"
    for x in spans:
        begun, ended = int(x["startTimeUnixNano"]), int(x["endTimeUnixNano"])
        assert abs(begun / 1e9 - time.time()) < 600 and ended >= begun
        if x is not root:
            parent = by_id[x["parentSpanId"]]
            assert int(parent["startTimeUnixNano"]) <= begun and ended <= int(parent["endTimeUnixNano"])


def test_what_comes_without_context_begins_a_trace(start, collector):
    s = start(env=env(collector, OTEL_SERVICE_NAME="mine"))
    assert s.get("/api/Category").status_code == 200
    assert s.get("/api/Category/77", headers={"traceparent": CONTEXT["traceparent"].upper()}).status_code == 404
    assert s.get("/nowhere").status_code == 404
    eventually(lambda: len([x for x in collector.spans() if x["kind"] == 2]) == 3)
    roots = {x["name"]: x for x in collector.spans() if x["kind"] == 2}
    assert set(roots) == {"GET /api/Category", "GET /api/Category/:id", "GET"}
    assert len({x["traceId"] for x in roots.values()} | {TRACE}) == 4
    assert not any("parentSpanId" in x or "traceState" in x for x in roots.values())
    assert not any(x["status"] for x in roots.values())  # a 4xx is the client's failure
    assert any(x["name"] == "SELECT" for x in collector.spans())
    assert collector.messages[0]["resourceSpans"][0]["resource"]["attributes"][0]["value"]["stringValue"] == "mine"
    eventually(lambda: value(s, "trace_spans_total", result="sent") >= 3)  # counted when the collector has answered
    assert value(s, "trace_spans_total", result="lost") == 0


def test_who_calls_decides_what_is_sampled(start, collector):
    s = start(env=env(collector, OTEL_TRACES_SAMPLER="parentbased_always_off"))
    for _ in range(3):
        s.get("/health")
    s.get("/api/Category", headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})
    s.get("/api/Category", headers=CONTEXT)
    eventually(collector.spans)
    assert s.stop() == 0
    assert {x["traceId"] for x in collector.spans()} == {TRACE}
    assert len([x for x in collector.spans() if x["kind"] == 2]) == 1


def test_what_is_queued_is_sent_at_the_end(start, collector):
    s = start(env=env(collector, OTEL_BSP_SCHEDULE_DELAY="600000"))
    s.get("/api/Category", headers=CONTEXT)
    assert s.stop() == 0
    assert TRACE in {x["traceId"] for x in collector.spans()}


def test_a_batch_is_sent_when_it_is_full(start, collector):
    s = start(env=env(collector, OTEL_BSP_SCHEDULE_DELAY="600000", OTEL_BSP_MAX_EXPORT_BATCH_SIZE="12"))
    for _ in range(6):
        s.get("/health")  # six spans each
    eventually(lambda: len(collector.messages) >= 3)
    sizes = [len(m["resourceSpans"][0]["scopeSpans"][0]["spans"]) for m in collector.messages]
    assert all(n <= 12 for n in sizes), sizes


def test_a_collector_that_answers_late_or_never_slows_nobody(start, collector):
    collector.hold = threading.Event()
    s = start(env=env(collector, OTEL_BSP_MAX_QUEUE_SIZE="60", OTEL_BSP_MAX_EXPORT_BATCH_SIZE="30"))
    for i in range(200):
        assert s.get("/health").status_code == 200
    # The queue is full and one batch is on its way: the others are lost, and counted.
    lost = value(s, "trace_spans_total", result="lost")
    assert lost >= 200 * 6 - 60 - 30 - 6 and value(s, "trace_spans_total", result="sent") == 0
    collector.hold.set()
    eventually(lambda: value(s, "trace_spans_total", result="sent") >= 60)
    assert s.stop() == 0


def test_the_end_does_not_wait_for_a_collector_that_never_answers(start, collector):
    collector.hold = threading.Event()
    s = start(env=env(collector, OTEL_EXPORTER_OTLP_TIMEOUT="600000", OTEL_BSP_EXPORT_TIMEOUT="600000"))
    s.get("/health", headers=CONTEXT)
    eventually(lambda: value(s, "trace_spans_total", result="sent") == 0 and collector.posts)
    assert s.stop() == 0
    collector.hold.set()


def test_a_collector_that_is_away_and_comes_back(start, collector):
    collector.status = 503
    s = start(env=env(collector, OTEL_BSP_EXPORT_TIMEOUT="30"))
    s.get("/health", headers=CONTEXT)
    eventually(lambda: value(s, "trace_spans_total", result="lost") >= 6)
    assert len(collector.heads) >= 1
    eventually(lambda: "the collector answers 503" in s.log())
    collector.status = 200
    s.get("/health", headers=CONTEXT)
    eventually(lambda: TRACE in {x["traceId"] for x in collector.spans()})
    eventually(lambda: "the collector takes spans again" in s.log())
    collector.status = 400  # it will never take these: not tried again
    n = len(collector.heads)
    lost = value(s, "trace_spans_total", result="lost")
    eventually(lambda: value(s, "trace_spans_total", result="lost") > lost)
    assert len(collector.heads) > n
    assert s.stop() == 0
    assert s.log().count("spans are lost") == 2


def test_no_collector_at_all(start):
    with socket.socket() as gone:
        gone.bind(("127.0.0.1", 0))
        s = start(env={"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{gone.getsockname()[1]}", "OTEL_BSP_SCHEDULE_DELAY": "20",
                       "OTEL_BSP_EXPORT_TIMEOUT": "30"})
        assert s.get("/api/Category").status_code == 200
        eventually(lambda: value(s, "trace_spans_total", result="lost") > 0)
        s.get("/api/Category")
        assert s.stop() == 0


@pytest.mark.parametrize("said, told", [
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "grpc://x"}, "is no URL; no spans are sent"),
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}, None),
    ({"OTEL_SERVICE_NAME": "x"}, None),
])
def test_off(start, said, told):
    s = start(env=said)
    r = s.get("/api/Category", headers=CONTEXT)
    assert r.status_code == 200 and "X-Request-Id" not in r.headers
    if told:
        eventually(lambda: told in s.log())
    else:
        assert '"area":"trace"' not in s.log()
    eventually(lambda: len(os.listdir(f"/proc/{s.process.pid}/task")) == value(s, "process_threads"))
    assert s.stop() == 0


def test_the_request_and_its_trace_are_named_in_log_and_answer(start, tmp_path):
    s = start("--log.access=$name $trace $path", "--log.access_file=access.log", "--log.slow_request=1ns")
    assert s.get("/api/Category", headers={**CONTEXT, "X-Request-Id": "r-1"}).headers["X-Request-Id"] == "r-1"
    wrong = s.get("/api/Category/1")
    assert wrong.status_code == 404 and wrong.headers["X-Request-Id"] == wrong.json()["instance"].removeprefix("urn:uuid:")
    odd = s.get("/api/Category", headers={"X-Request-Id": "a b"})
    assert odd.headers["X-Request-Id"] != "a b"
    assert s.stop() == 0
    lines = (tmp_path / "access.log").read_text().splitlines()
    assert lines[0] == f"r-1 {TRACE} /api/Category" and lines[1].split()[1:] == ["-", "/api/Category/1"]
    slow = [json.loads(x) for x in s.log().splitlines() if "slow request" in x]
    assert slow[0]["request"] == "r-1" and slow[0]["trace"] == TRACE


def test_every_answer_may_be_named(start):
    s = start("--rest.request_ids=true")
    names = {s.get("/health").headers["X-Request-Id"] for _ in range(3)}
    assert len(names) == 3

"""/metrics of a running server: read by public parsers, and telling what the server does."""
import json
import re
import socket
import subprocess
import time

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

import burrow

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def families(server):
    r = server.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert r.status_code == 200 and r.headers["Content-Type"] == OPENMETRICS
    return {f.name: f for f in openmetrics(r.text)}


def value(server, name, **labels):
    """The sum of the samples of that name whose labels are among these."""
    found = [s.value for f in families(server).values() for s in f.samples
             if s.name == name and labels.items() <= s.labels.items()]
    assert found, name
    return sum(found)


def eventually(what, seconds=burrow.PATIENCE):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def some_work(server):
    made = server.post("/api/Category", {"name": f"n{time.monotonic_ns()}"})
    assert made.status_code == 201, made.text
    assert server.get("/api/Category").status_code == 200
    assert server.get("/api/Category/999999").status_code == 404
    assert server.get("/nowhere").status_code == 404


def test_both_forms_are_read_by_a_public_parser(blog):
    some_work(blog)
    told = families(blog)
    text = blog.get("/metrics?format=prometheus").text
    plain = {f.name: f for f in prometheus(text)}
    assert {n for n, f in told.items() if f.type == "histogram"} == {n for n, f in plain.items() if f.type == "histogram"}
    assert set(told) == set(plain)
    out = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    # Opinions about names it has; an error it must not have.
    assert "error" not in (out.stdout + out.stderr).lower(), out.stderr
    assert "# EOF" == blog.get("/metrics?format=openmetrics").text.splitlines()[-1]


def test_what_the_list_has_is_told_and_nothing_else(blog):
    listed = set(re.findall(r"^\| `(\w+)`", burrow.run(burrow.BURROW, "help", "--metrics").stdout, re.M))
    told = {f.name + ("_total" if f.type == "counter" else "") for f in families(blog).values()}
    assert told == listed


def test_many_routes_are_many_lines_but_not_more(tmp_path):
    tables = [{"name": f"Table{i}", "fields": [{"name": "a", "type": "text"}]} for i in range(150)]
    (tmp_path / "app.json").write_text(json.dumps({"tables": tables}))
    s = burrow.Server([burrow.BURROW, "serve", "app.json", "--listen", "127.0.0.1:0"], tmp_path)
    try:
        for i in range(150):
            assert s.get(f"/api/Table{i}").status_code == 200
            assert s.get(f"/api/Table{i}/1").status_code == 404
        told = families(s)  # a public parser reads it
        rows = [x for x in told["http_requests"].samples if x.value]
        assert sum(x.value for x in rows if x.labels["status"] == "2xx" and "Table" in x.labels["route"]
                   or x.labels["route"] == "(other)" and x.labels["status"] == "2xx") == 150
        assert sum(x.value for x in rows if x.labels["route"] == "(other)") > 0
        routes = {(x.labels["method"], x.labels["route"]) for x in told["http_requests"].samples}
        assert len(routes) <= 503
        assert value(s, "metric_overflow_total") == 0 and value(s, "db_connections") >= 1
    finally:
        s.stop()


def test_every_request_is_counted_once(start):
    s = start()
    some_work(s)
    route = dict(method="GET", route="/api/Category/:id")
    assert value(s, "http_requests_total", status="4xx", **route) == 1
    assert value(s, "http_request_duration_seconds_count", **route) == 1
    assert value(s, "http_response_size_bytes_sum", **route) > 100
    post = dict(method="POST", route="/api/Category")
    assert value(s, "http_requests_total", status="2xx", **post) == 1
    assert value(s, "http_request_size_bytes_sum", **post) > 10
    assert value(s, "http_requests_total", route="(none)", status="4xx") == 1
    assert value(s, "http_requests_in_flight") == 1  # this one
    every = value(s, "burrow_requests_total")
    assert every >= 4 and value(s, "http_requests_total") >= every


def test_the_engine_tells_of_writes_and_flushes(start):
    s = start()
    before = {n: value(s, n) for n in ("db_writes_total", "db_commits_total")}
    for _ in range(5):
        some_work(s)
    db = dict(db="blog.db")
    assert value(s, "db_writes_total", **db) >= before["db_writes_total"] + 5
    assert value(s, "db_group_sum", **db) == value(s, "db_writes_total", **db)
    assert value(s, "db_group_count", **db) <= value(s, "db_commits_total", **db)
    assert value(s, "db_commit_seconds_count", **db) == value(s, "db_commits_total", **db)
    # sync is full: each commit flushes the log.
    assert value(s, "db_fsync_seconds_count", **db) >= value(s, "db_commits_total", **db) - before["db_commits_total"]
    assert value(s, "db_wal_bytes", **db) > 0
    assert value(s, "db_writer_queue", **db) == 0
    assert value(s, "db_connections", **db) >= 1
    assert {"db_checkpoints", "db_snapshots_renewed", "db_longest_slice_seconds", "db_queries_moved"} <= set(families(s))


def test_loops_fibers_and_stacks(start):
    s = start("--server.threads=2")
    some_work(s)
    assert value(s, "loop_turn_seconds_count") > 0
    assert {x.labels["loop"] for x in families(s)["fibers"].samples} == {"0", "1"}
    assert value(s, "fibers", state="pooled") >= 0
    eventually(lambda: value(s, "fiber_stack_bytes") >= 4096)
    assert value(s, "fiber_stack_bytes") <= 2 * 256 * 1024
    assert value(s, "http_connections", socket="public") >= 1
    assert value(s, "http_connections", socket="admin") == 0
    assert value(s, "http_refused_total") == 0
    with socket.create_connection(s.url.removeprefix("http://").split(":")) as c:
        c.sendall(b"no HTTP at all\r\n\r\n")
        assert c.recv(4096).startswith(b"HTTP/1.1 400 ")
    assert value(s, "http_refused_total", socket="public", status="400") == 1
    assert value(s, "http_refused_total", status="503") == 0
    assert {"http_contexts_pooled", "http_client_pooled", "worker_jobs"} <= set(families(s))


def test_the_process_is_told_as_the_system_sees_it(start):
    s = start()
    pid = s.process.pid
    assert value(s, "process_open_fds") >= 5
    limits = open(f"/proc/{pid}/limits").read()
    soft = limits.split("Max open files")[1].split()[0]
    assert value(s, "process_max_fds") == (-1 if soft == "unlimited" else int(soft))
    eventually(lambda: value(s, "process_threads") == int(open(f"/proc/{pid}/status").read().split("Threads:")[1].split()[0]))
    assert value(s, "process_resident_memory_bytes") > 1e6
    assert abs(value(s, "process_start_time_seconds") - time.time()) < 600
    assert value(s, "process_cpu_seconds_total") > 0
    assert value(s, "burrow_info", app="blog") == 1 and value(s, "burrow_ready") == 1

"""Batches: many writes in one request."""
import json

import pytest

import burrow


def count(s, table="Article"):
    r = s.get(f"/api/{table}?limit=1", headers={"Prefer": "count=exact"})
    return int(r.headers["Content-Range"].split("/")[1])


def test_atomic_all_or_none(start):
    s = start()
    writes = [{"add": "Category", "record": {"name": "c"}}, {"add": "Article", "record": {"title": "a", "category": 1}},
              {"update": "Article", "id": 1, "record": {"views": 5}}, {"delete": "Article", "id": 1}]
    r = s.post("/api/batch", {"writes": writes})
    assert r.status_code == 200, r.text
    assert [w["status"] for w in r.json()["results"]] == [201, 201, 200, 200]
    r = s.post("/api/batch", {"atomic": True, "writes": [{"add": "Article", "record": {"title": "kept?"}},
                                                       {"add": "Article", "record": {"title": ""}}]})
    assert r.status_code == 422 and "write 2" in r.json()["detail"], r.text
    assert count(s) == 0
    r = s.post("/api/batch", [{"add": "Article", "record": {"title": "x"}}, {"add": "Category", "record": {"name": "c"}}])
    assert r.status_code == 409, r.text
    assert count(s) == 0


def test_each_on_its_own(start):
    s = start()
    writes = [{"add": "Article", "record": {"title": "one"}}, {"add": "Article", "record": {"views": 1}},
              {"update": "Article", "id": 99, "record": {"views": 1}}, {"add": "Article", "record": {"title": "two"}}]
    r = s.post("/api/batch", {"atomic": False, "writes": writes})
    assert r.status_code == 200
    results = r.json()["results"]
    assert [w["status"] for w in results] == [201, 422, 404, 201]
    assert results[1]["error"]["errors"][0]["field"] == "title"
    assert count(s) == 2


@pytest.mark.parametrize("body", ["{", "[", '{"writes":1}', '[{"add":"Nope","record":{}}]', "[7]", '{"writes":[],"x":1}',
                                  '[{"ad":"Article","record":{"title":"a"}}]'])
def test_what_is_no_batch(blog, body):
    before = count(blog)
    r = blog.call("POST", "/api/batch", data=body, headers={"Content-Type": "application/json"})
    assert 400 <= r.status_code < 500, r.text
    assert r.json()["errorText"]
    assert count(blog) == before


def test_ndjson_into_one_table(start):
    s = start()
    lines = "".join(json.dumps({"title": f"t{i}", "views": i}) + "\n" for i in range(5000))
    r = s.call("POST", "/api/Article/batch", data=lines, headers={"Content-Type": "application/x-ndjson"})
    assert r.status_code == 200, r.text
    ids = [w["id"] for w in r.json()["results"]]
    assert ids == sorted(ids) and len(set(ids)) == 5000
    assert count(s) == 5000
    lines += '{"title":""}\n'
    r = s.call("POST", "/api/Article/batch", data=lines, headers={"Content-Type": "application/x-ndjson"})
    assert r.status_code == 422 and "5001" in r.json()["detail"], r.text
    assert count(s) == 5000
    r = s.call("POST", "/api/Article/batch?atomic=false", data=lines,
               headers={"Content-Type": "application/x-ndjson", "Prefer": "return=minimal"})
    assert r.status_code == 200 and r.json()["failed"] == 1 and r.json()["done"] == 5000, r.text[:300]
    assert count(s) == 10000


SANITIZED = "asan" in str(burrow.BUILD)


@pytest.mark.parametrize("form, atomic", [("ndjson", True), ("json", False)])
def test_a_million_rows_in_constant_memory(start, form, atomic):
    """Streamed in, and every result told, in either form and either way (50,000 under a sanitizer)."""
    rows = 50_000 if SANITIZED else 1_000_000
    s = start()

    def memory():
        with open(f"/proc/{s.process.pid}/status") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmHWM")) / 1024

    def body():
        opening, between, end = ("", "\n", "\n") if form == "ndjson" else ('{"atomic":%s,"writes":[' % json.dumps(atomic), ",", "]}")
        for at in range(0, rows, 10_000):
            piece = between.join('{"title":"row %d","views":%d}' % (i, i) for i in range(at, at + 10_000))
            yield ((between if at else opening) + piece + (end if at + 10_000 == rows else "")).encode()

    before = memory()
    path = "/api/Article/batch" + ("" if atomic or form == "json" else "?atomic=false")
    r = s.call("POST", path, data=body(), stream=True,
               headers={"Content-Type": "application/x-ndjson" if form == "ndjson" else "application/json", "Accept-Encoding": "identity"})
    assert r.status_code == 200, r.text
    size, tail = 0, b""
    for piece in r.iter_content(1 << 20):
        size, tail = size + len(piece), (tail + piece)[-100:]
    assert tail.endswith(b'"done":%d,"failed":0}' % rows) and size > rows * 30
    assert count(s) == rows
    assert SANITIZED or memory() - before < 48, f"{before:.0f} MiB before, {memory():.0f} at most"

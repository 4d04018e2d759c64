"""Batches: many writes in one request."""
import json

import pytest


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

"""Services, the blog's own route, builtin endpoints."""
import subprocess

import jsonschema
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families


@pytest.mark.parametrize("path", ["/api/Calculator.Add", "/api/Calculator/Add", "/api/calculator.add"])
def test_a_call_with_array_or_object(blog, path):
    assert blog.post(path, [1, 2]).json() == {"result": [3]}
    assert blog.post(path, {"n1": 1, "n2": 2}).json() == {"result": [3]}
    assert blog.post(path, {"n2": 2, "n1": 2**62}).json() == {"result": [2**62 + 2]}
    assert blog.get(path + "?n1=1&n2=2").json() == {"result": [3]}


def test_every_method(blog):
    assert blog.post("/api/Calculator.Subtract", [5, 7]).json() == {"result": [-2]}
    assert blog.post("/api/Calculator.Multiply", [5, 7]).json() == {"result": [35]}
    assert blog.post("/api/Calculator.Divide", [7, 2]).json() == {"result": [3.5]}


@pytest.mark.parametrize("args, says", [
    ([1], "n2"), ([1, 2, 3], "takes 2 parameters"), ({"n1": 1}, "n2"), ({"n1": 1, "n3": 2}, "n3"), ({"n1": "x", "n2": 2}, "n1"), ([1.5, 2], "n1")])
def test_a_wrong_parameter_is_named(blog, args, says):
    r = blog.post("/api/Calculator.Add", args)
    assert r.status_code == 400 and says in r.json()["detail"], r.text


def test_division_by_zero(blog):
    r = blog.post("/api/Calculator.Divide", [1, 0])
    assert r.status_code == 422 and "zero" in r.json()["detail"]
    assert blog.post("/api/Calculator.Add", [2**63 - 1, 1]).status_code == 422
    assert blog.post("/api/Calculator.Divide", [1e308, 1e-10]).status_code == 422


def test_no_such_method(blog):
    r = blog.post("/api/Calculator.Ad", [1, 2])
    assert r.status_code == 404 and "Add" in r.json()["detail"]


def test_the_blogs_route(start):
    s = start()
    s.post("/api/Category", {"name": "Boats & Ships"})
    for i in range(3):
        s.post("/api/Article", {"title": "a", "category": 1, "published": i == 0})
    assert s.get("/api/stats/Boats%20%26%20Ships").json() == {"category": "Boats & Ships", "articles": 3, "published": 1}
    assert s.get("/api/stats/None").status_code == 404


def test_health(blog):
    body = blog.get("/health").json()
    assert body["status"] == "ok" and body["timestamp"].endswith("Z") and body["uptime"] >= 0
    assert body["connections"] >= 1 and body["version"]
    assert blog.get("/ready").status_code == 200
    assert blog.get("/api/timestamp").status_code == 200


def test_metrics(blog):
    blog.get("/api/Article")
    body = blog.get("/metrics").json()
    assert set(body) == {"requests_total", "requests_per_second", "memory_mb", "db_connections", "active_sessions"}
    assert body["requests_total"] > 0 and body["memory_mb"] > 0
    text = blog.get("/metrics?format=openmetrics").text
    families = {f.name: f for f in text_string_to_metric_families(text)}
    labels = [s.labels for f in families.values() for s in f.samples if "route" in s.labels]
    assert any(l["route"] == "/api/Article" for l in labels), sorted(families)
    by_accept = blog.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert by_accept.headers["Content-Type"].startswith("application/openmetrics-text")


def test_openapi_is_valid(blog, tmp_path):
    body = blog.get("/api/openapi.json").json()
    assert body["openapi"].startswith("3.1")
    assert {"/api/Article", "/api/Article/{id}", "/api/Article/{id}/picture", "/api/Calculator.Add",
            "/api/stats/{category}"} <= set(body["paths"])
    (tmp_path / "openapi.json").write_text(blog.get("/api/openapi.json").text)
    (tmp_path / "package.json").write_text('{"name":"check","private":true}')
    npm = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "@readme/openapi-parser@2"], cwd=tmp_path,
                         capture_output=True, text=True)
    assert npm.returncode == 0, npm.stderr
    (tmp_path / "check.js").write_text(
        "require('@readme/openapi-parser').validate('./openapi.json').catch(e => { console.error(e.message); process.exit(1); });\n")
    node = subprocess.run(["node", "check.js"], cwd=tmp_path, capture_output=True, text=True)
    assert node.returncode == 0, node.stdout[-3000:] + node.stderr[-3000:]


def documented(spec, operation, r):
    """The answer against what the operation says of it."""
    answers = operation["responses"]
    answer = answers.get(str(r.status_code)) or answers[f"{r.status_code // 100}XX" if r.status_code >= 400 else str(r.status_code)]
    if "$ref" in answer:
        answer = spec["components"]["responses"][answer["$ref"].split("/")[-1]]
    if r.status_code == 206 or not r.content:
        assert "content" not in answer
        return
    types = answer["content"]
    content = types.get(r.headers["Content-Type"].split(";")[0]) or types["*/*"]
    if "json" in r.headers["Content-Type"]:
        jsonschema.Draft202012Validator({**content["schema"], "components": spec["components"]}).validate(r.json())


def test_answers_are_what_openapi_says(start):
    s = start()
    author = s.post("/api/Author", {"name": "a", "email": "a@b"}).json()["id"]
    article = {"title": "t", "author": author, "category": s.post("/api/Category", {"name": "c"}).json()["id"]}
    id = s.post("/api/Article", article).json()["id"]
    s.post("/api/Comment", {"article": id, "name": "n", "text": "t"})
    s.call("PUT", f"/api/Article/{id}/picture", data=b"x", headers={"Content-Type": "image/png"})
    spec = s.get("/api/openapi.json").json()
    asked = 0
    for path, item in spec["paths"].items():
        if "get" in item and "{category}" not in path:  # the application's own says nothing of its answer
            query = "?n1=1&n2=2" if "Calculator" in path else ""
            for more in ("", "?expand=author,category") if path in ("/api/Article", "/api/Article/{id}") else ("",):
                documented(spec, item["get"], s.get(path.replace("{id}", "1") + query + more))
                asked += 1
    assert asked > 15
    tell = {"Prefer": "return=representation"}
    one, all, blob = (spec["paths"]["/api/Article" + more] for more in ("/{id}", "", "/{id}/picture"))
    for operation, r in [(all["post"], s.post("/api/Article", article)), (all["post"], s.post("/api/Article", article, headers=tell)),
                         (all["post"], s.post("/api/Article", {"views": -1})), (one["patch"], s.patch(f"/api/Article/{id}", {"views": 1})),
                         (one["patch"], s.patch(f"/api/Article/{id}", {"views": 1}, headers=tell)), (one["get"], s.get("/api/Article/999")),
                         (one["put"], s.put(f"/api/Article/{id}", {"views": 1, "version": 99})), (one["delete"], s.delete(f"/api/Article/{id}")),
                         (blob["put"], s.call("PUT", "/api/Article/2/picture", data=b"xy", headers={"Content-Type": "image/png"})),
                         (blob["get"], s.get("/api/Article/2/picture", headers={"Range": "bytes=0-0"})),
                         (one["get"], s.get("/api/Article/2", headers={"If-None-Match": "*"})),
                         (all["delete"], s.delete("/api/Article?id=gt.0")), (all["get"], s.get("/api/Article?nope=1")),
                         (spec["paths"]["/api/batch"]["post"], s.post("/api/batch?atomic=false", [
                             {"add": "Category", "record": {"name": "d"}}, {"add": "Category", "record": {}}]))]:
        documented(spec, operation, r)

"""Records over HTTP: add, read, change, delete, conditions, references, what is refused."""
import base64

import pytest

from burrow import dump


@pytest.fixture(scope="module")
def author(blog):
    return blog.post("/api/Author", {"name": "Ann", "email": "ann@example.com"}).json()["id"]


def add(blog, **fields):
    r = blog.post("/api/Article", {"title": "A title", **fields})
    assert r.status_code == 201, r.text
    return r.json()["id"]


def problem(r, status):
    assert r.status_code == status, r.text
    assert r.headers["Content-Type"].startswith("application/problem+json")
    body = r.json()
    assert body["status"] == status and body["errorCode"] == status and body["errorText"] and body["title"]
    return body


def test_add_tells_where_it_is(blog):
    r = blog.post("/api/Article", {"title": "First", "views": 3})
    assert r.status_code == 201
    id = r.json()["id"]
    assert r.headers["Location"] == f"Article/{id}"
    got = blog.get(f"/api/Article/{id}").json()
    assert got["title"] == "First" and got["views"] == 3 and got["published"] is False
    assert got["version"] == 1 and got["created_at"].endswith("Z") and got["author"] is None
    assert "picture" not in got


def test_add_answers_the_record_when_preferred(blog):
    r = blog.post("/api/Article", {"title": "Whole"}, headers={"Prefer": "return=representation"})
    assert r.status_code == 201
    assert r.json() == blog.get(f"/api/Article/{r.json()['id']}").json()


def test_tables_match_in_any_case_but_fields_do_not(blog):
    assert blog.get("/api/aRTICLE").status_code == 200
    assert "did you mean 'title'" in problem(blog.post("/api/Article", {"Title": "x"}), 422)["detail"]


def test_a_refused_record_names_every_wrong_field(blog):
    body = problem(blog.post("/api/Article", {"views": -3, "wiews": 1, "published": "yes", "author": 10**9}), 422)
    faults = {f["field"]: f for f in body["errors"]}
    assert set(faults) == {"title", "views", "wiews", "published", "author"}, dump(body)
    assert "at least 0" in faults["views"]["detail"]
    assert "did you mean 'views'" in faults["wiews"]["detail"]


def test_a_reference_to_nothing_is_refused(blog):
    body = problem(blog.post("/api/Article", {"title": "x", "author": 10**9}), 422)
    assert body["errors"][0]["field"] == "author"


def test_unique_conflicts(blog, author):
    body = problem(blog.post("/api/Author", {"name": "Other", "email": "ann@example.com"}), 409)
    assert body["errors"][0]["field"] == "email"


def test_all_that_the_store_refuses_is_named(blog):
    body = problem(blog.post("/api/Article", {"title": "x", "author": 10**9, "category": 10**8}), 422)
    assert [(f["field"], f["rule"]) for f in body["errors"]] == [("author", "reference"), ("category", "reference")]
    blog.post("/api/Author", {"name": "Taken", "email": "taken@example.com"})
    body = problem(blog.post("/api/Author", {"name": "x" * 101, "email": "taken@example.com"}), 422)
    assert [(f["field"], f["rule"]) for f in body["errors"]] == [("name", "max_len"), ("email", "unique")]
    r = blog.post("/api/batch", {"atomic": False, "writes": [{"add": "Article", "record": {"title": "x", "author": 10**9, "category": 10**8}},
                                                             {"add": "Article", "record": {"views": -1, "author": 10**9}}]})
    told = [[f["field"] for f in w["error"]["errors"]] for w in r.json()["results"]]
    assert told == [["author", "category"], ["views", "title", "author"]] or told == [["author", "category"], ["title", "views", "author"]]


def test_lengths_count_characters(blog):
    assert blog.post("/api/Article", {"title": "é" * 200}).status_code == 201
    problem(blog.post("/api/Article", {"title": "é" * 201}), 422)


def test_patterns(blog):
    problem(blog.post("/api/Author", {"name": "x", "email": "no mail"}), 422)


@pytest.mark.parametrize("verb", ["put", "patch"])
def test_an_update_changes_only_what_is_given(blog, verb):
    id = add(blog, body="text", views=7)
    r = getattr(blog, verb)(f"/api/Article/{id}", {"views": 8})
    assert r.status_code == 200, r.text
    got = blog.get(f"/api/Article/{id}").json()
    assert (got["views"], got["body"], got["version"]) == (8, "text", 2)
    assert got["modified_at"] >= got["created_at"]


def test_null_empties_a_field(blog):
    id = add(blog, body="text")
    assert blog.patch(f"/api/Article/{id}", {"body": None}).status_code == 200
    assert blog.get(f"/api/Article/{id}").json()["body"] is None
    problem(blog.patch(f"/api/Article/{id}", {"title": None}), 422)


def test_a_stale_version_changes_nothing(blog):
    id = add(blog, views=1)
    assert blog.patch(f"/api/Article/{id}", {"views": 2, "version": 1}).status_code == 200
    problem(blog.patch(f"/api/Article/{id}", {"views": 3, "version": 1}), 412)
    assert blog.get(f"/api/Article/{id}").json()["views"] == 2


def test_etags(blog):
    id = add(blog)
    etag = blog.get(f"/api/Article/{id}").headers["ETag"]
    assert blog.get(f"/api/Article/{id}", headers={"If-None-Match": etag}).status_code == 304
    assert blog.get(f"/api/Article/{id}", headers={"If-None-Match": '"other", ' + etag}).status_code == 304
    assert blog.patch(f"/api/Article/{id}", {"views": 5}, headers={"If-Match": etag}).status_code == 200
    problem(blog.patch(f"/api/Article/{id}", {"views": 6}, headers={"If-Match": etag}), 412)
    problem(blog.delete(f"/api/Article/{id}", headers={"If-Match": etag}), 412)
    assert blog.get(f"/api/Article/{id}", headers={"If-None-Match": etag}).status_code == 200


def test_a_304_tells_what_the_200_would(blog):
    """RFC 9110 15.4.5: ETag and Vary of the representation this request would get."""
    id = add(blog, body="x" * 5000)
    blog.call("PUT", f"/api/Article/{id}/picture", data="y" * 5000, headers={"Content-Type": "text/plain"})
    for path in (f"/api/Article/{id}", f"/api/Article/{id}?select=id", f"/api/Article/{id}/picture"):
        for coding in ("gzip", "identity"):
            full = blog.get(path, headers={"Accept-Encoding": coding})
            none = blog.get(path, headers={"Accept-Encoding": coding, "If-None-Match": full.headers["ETag"]})
            assert none.status_code == 304 and none.content == b""
            for field in ("ETag", "Vary"):
                assert none.headers.get(field) == full.headers.get(field), (path, coding, field)
            assert "Content-Encoding" not in none.headers and "Content-Length" not in none.headers


def test_etag_of_a_table_without_version(blog, author):
    etag = blog.get(f"/api/Author/{author}").headers["ETag"]
    assert blog.get(f"/api/Author/{author}", headers={"If-None-Match": etag}).status_code == 304
    assert blog.patch(f"/api/Author/{author}", {"name": "Anne"}, headers={"If-Match": etag}).status_code == 200
    problem(blog.patch(f"/api/Author/{author}", {"name": "Anna"}, headers={"If-Match": etag}), 412)


def test_missing_records(blog):
    for r in (blog.get("/api/Article/999999999"), blog.patch("/api/Article/999999999", {"views": 1}),
              blog.delete("/api/Article/999999999"), blog.get("/api/Article/abc"), blog.get("/api/Article/0")):
        problem(r, 404)


def test_delete_and_references(blog):
    writer = blog.post("/api/Author", {"name": "Bob", "email": "bob@example.com"}).json()["id"]
    id = add(blog, author=writer)
    assert problem(blog.delete(f"/api/Author/{writer}"), 409)["errors"][0]["rule"] == "restrict"
    comment = blog.post("/api/Comment", {"article": id, "name": "n", "text": "t"}).json()["id"]
    assert blog.delete(f"/api/Article/{id}").status_code == 200
    problem(blog.get(f"/api/Comment/{comment}"), 404)
    assert blog.delete(f"/api/Author/{writer}").status_code == 200


def test_delete_by_filter(blog):
    for i in range(3):
        add(blog, title=f"doomed {i}")
    problem(blog.delete("/api/Article"), 400)
    problem(blog.delete("/api/Article?limit=1"), 400)
    r = blog.delete("/api/Article?title=like.doomed*")
    assert r.status_code == 200 and r.json()["deleted"] == 3
    assert blog.get("/api/Article?title=like.doomed*").json() == []


def test_bodies_that_are_no_records(blog):
    for body in (b"", b"{", b"[]", b"7", b'{"title":"a"} x', b'{"title":"a","title":"b"}', b'{"title":"\xff"}'):
        r = blog.call("POST", "/api/Article", data=body, headers={"Content-Type": "application/json"})
        assert r.status_code in (400, 422), (body, r.text)
    r = blog.call("POST", "/api/Article", data="title=a", headers={"Content-Type": "application/x-www-form-urlencoded"})
    problem(r, 415)


def test_int64_is_exact(blog):
    id = add(blog, views=2**63 - 1)
    assert blog.get(f"/api/Article/{id}").json()["views"] == 2**63 - 1
    problem(blog.post("/api/Article", {"title": "x", "views": 2**63}), 400)


def test_blobs(blog):
    id = add(blog)
    path = f"/api/Article/{id}/picture"
    problem(blog.get(path), 404)
    png = bytes(range(256)) * 40
    r = blog.call("PUT", path, data=png, headers={"Content-Type": "image/png"})
    assert r.status_code in (200, 204), r.text
    r = blog.get(path)
    assert r.content == png and r.headers["Content-Type"] == "image/png"
    assert blog.get(path, headers={"If-None-Match": r.headers["ETag"]}).status_code == 304
    part = blog.get(path, headers={"Range": "bytes=10-19"})
    assert part.status_code == 206 and part.content == png[10:20]
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(png)}"
    assert blog.get(path, headers={"Range": "bytes=-5"}).content == png[-5:]
    assert blog.get(path, headers={"Range": f"bytes={len(png)}-"}).status_code == 416
    got = blog.get(f"/api/Article/{id}?select=id,picture").json()
    assert base64.b64decode(got["picture"]) == png
    assert blog.call("HEAD", path).headers["Content-Length"] == str(len(png))
    assert blog.delete(path).status_code in (200, 204)
    problem(blog.get(path), 404)


def test_methods(blog):
    r = blog.call("PATCH", "/api/Article", json={})
    problem(r, 405)
    assert {"GET", "POST", "DELETE"} <= {m.strip() for m in r.headers["Allow"].split(",")}
    r = blog.call("OPTIONS", "/api/Article/1")
    assert r.status_code == 204 and "PATCH" in r.headers["Allow"]
    assert "/api/Article" in problem(blog.get("/api/Artcle"), 404)["detail"]


def test_head_is_get_without_body(blog):
    id = add(blog)
    get, head = blog.get(f"/api/Article/{id}"), blog.call("HEAD", f"/api/Article/{id}")
    assert head.status_code == 200 and head.content == b""
    assert head.headers["ETag"] == get.headers["ETag"]

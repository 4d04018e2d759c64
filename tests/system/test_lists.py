"""Lists over HTTP: filters, order, pages, counts, expansion."""
import re
import urllib.parse

import pytest
import burrow


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A blog with 250 articles of known shape: views 0…249, every third without body, ten categories."""
    s = burrow.blog(tmp_path_factory.mktemp("lists"))
    writes = [{"add": "Category", "record": {"name": f"c{i}"}} for i in range(10)]
    writes += [{"add": "Author", "record": {"name": "Ann", "email": "ann@example.com"}}]
    writes += [{"add": "Article", "record": {"title": f"{'Boat' if i % 2 else 'boat'} {i:03}", "views": i, "category": i % 10 + 1,
                                             "author": 1 if i % 4 == 0 else None, "body": None if i % 3 == 0 else f"text {i}"}}
               for i in range(250)]
    r = s.post("/api/batch", {"atomic": True, "writes": writes})
    assert r.status_code == 200, r.text
    yield s
    s.stop()


def views(r):
    assert r.status_code == 200, r.text
    return [a["views"] for a in r.json()]


def test_an_empty_list(full):
    r = full.get("/api/Article?views=gt.1000")
    assert r.status_code == 200 and r.json() == [] and "Link" not in r.headers
    assert r.headers["Content-Type"].startswith("application/json")


def test_a_page_is_100_unless_said(full):
    assert len(full.get("/api/Article").json()) == 100
    assert len(full.get("/api/Article?limit=250").json()) == 250
    assert full.get("/api/Article?limit=1001").status_code == 400
    assert full.get("/api/Article?limit=0").status_code == 400


@pytest.mark.parametrize("query, want", [
    ("views=eq.7", [7]),
    ("views=lt.2", [0, 1]),
    ("views=lte.2", [0, 1, 2]),
    ("views=gt.247", [248, 249]),
    ("views=gte.247", [247, 248, 249]),
    ("views=neq.3&views=lt.5", [0, 1, 2, 4]),
    ("views=in.(5,3,999)", [3, 5]),
    ("views=not.in.(0,1,2)&views=lt.5", [3, 4]),
    ("title=like.*00*&views=lt.5", [0, 1, 2, 3, 4]),
    ("title=like.Boat*&views=lt.5", [1, 3]),
    ("title=ilike.BOAT*&views=lt.3", [0, 1, 2]),
    ("title=eq.boat 002", [2]),
    ("title=in.(\"boat 002\",\"Boat 003\")", [2, 3]),
    ("body=is.null&views=lt.7", [0, 3, 6]),
    ("body=not.is.null&views=lt.4", [1, 2]),
    ("published=is.false&views=lt.2", [0, 1]),
    ("published=eq.true", []),
    ("or=(views.eq.1,body.is.null)&views=lt.4", [0, 1, 3]),
    ("and=(views.gt.1,views.lt.4)", [2, 3]),
    ("not.or=(views.gt.2,views.eq.0)", [1, 2]),
    ("or=(views.eq.1,and(views.gt.5,views.lt.8,not.or(views.eq.6,views.eq.100)))", [1, 7]),
    ("or=(title.eq.\"boat 002\",views.eq.9)", [2, 9]),
    ("where=views<3 and not (views=1)", [0, 2]),
    ("where=title like 'BOAT 00%' and views between 1 and 2", [1, 2]),
    ("where=views in (4,5) or Title='boat 002'".replace("Title", "title"), [2, 4, 5]),
    ("where=body is null and views<:(7):", [0, 3, 6]),
    ("category=eq.1&limit=3", [0, 10, 20]),
    ("order=views.desc&limit=3", [249, 248, 247]),
    ("order=category.desc,views&limit=2", [9, 19]),
    ("sort=views&dir=desc&results=2", [249, 248]),
    ("sort=views&startIndex=10&results=2", [10, 11]),
    ("offset=5&limit=2&order=views", [5, 6]),
])
def test_filters(full, query, want):
    name, _, value = query.partition("=")
    assert views(full.get("/api/Article?" + "&".join(
        urllib.parse.quote(p.partition("=")[0]) + "=" + urllib.parse.quote(p.partition("=")[2]) for p in query.split("&")))) == want


@pytest.mark.parametrize("query, says", [
    ("wiews=gt.1", "did you mean 'views'"),
    ("views=gtt.1", "did you mean 'gt'"),
    ("views=gt.abc", "views"),
    ("views=10", "operator"),
    ("ordr=views", "did you mean 'order'"),
    ("order=wiews", "did you mean 'views'"),
    ("order=views.down", "asc nor desc"),
    ("select=id,titel", "did you mean 'title'"),
    ("expand=title", "no reference"),
    ("or=(views.eq.1", "missing"),
    ("or=()", ""),
    ("after=nonsense", "after"),
    ("limit=1&limit=2", "'limit' is given twice"),
    ("limit=1&results=2", "'results' is given twice (as 'limit')"),
    ("select=id&select=views", "'select' is given twice"),
    ("views=eq.null", "is"),
    ("where=views=1; drop table Article", ""),
    ("where=1=1", ""),
    ("where=views=(select 1)", ""),
    ("picture=eq.x", "picture"),
    ("views=gt.%zz", ""),
])
def test_what_is_refused(full, query, says):
    r = full.get("/api/Article?" + query)
    assert r.status_code == 400, (r.status_code, r.text)
    assert says in r.json()["detail"], r.text


def test_select(full):
    assert full.get("/api/Article?select=id,title&limit=1").json() == [{"id": 1, "title": "boat 000"}]


def walk(full, query):
    """Every page by its Link header: the views met, and the number of pages."""
    path, met, pages = "/api/Article?" + query, [], 0
    while path:
        r = full.get(path)
        met += views(r)
        pages += 1
        m = re.match(r'<([^>]*)>; rel="next"', r.headers.get("Link", ""))
        path = m.group(1) if m else None
    return met, pages


def test_pages_meet_every_record_once(full):
    met, pages = walk(full, "limit=40")
    assert sorted(met) == list(range(250)) and pages == 7
    met, _ = walk(full, "order=category.desc,body&limit=37")
    assert sorted(met) == list(range(250))
    met, _ = walk(full, "order=body.desc&limit=17&views=lt.100")
    assert sorted(met) == list(range(100))
    _, pages = walk(full, "limit=50")
    assert pages == 5


def test_a_new_record_does_not_shift_pages(start):
    s = start()
    for i in range(6):
        s.post("/api/Article", {"title": f"t{i}"})
    first = s.get("/api/Article?order=title&limit=3")
    s.post("/api/Article", {"title": "a0"})
    link = re.match(r"<([^>]*)>", first.headers["Link"]).group(1)
    assert [a["title"] for a in s.get(link).json()] == ["t3", "t4", "t5"]


def test_counts(full):
    r = full.get("/api/Article?limit=20", headers={"Prefer": "count=exact"})
    assert r.headers["Content-Range"] == "items 0-19/250"
    r = full.get("/api/Article?views=lt.5", headers={"Prefer": "count=exact"})
    assert r.headers["Content-Range"] == "items 0-4/5"
    r = full.get("/api/Article?views=gt.900", headers={"Prefer": "count=exact"})
    assert r.headers["Content-Range"] == "items */0"


def test_expand(full):
    got = full.get("/api/Article?expand=author,category&limit=3&order=views").json()
    assert got[0]["author"] == {"id": 1, "name": "Ann", "email": "ann@example.com"}
    assert got[1]["author"] is None
    assert [a["category"]["name"] for a in got] == ["c0", "c1", "c2"]
    one = full.get("/api/Article/1?expand=category").json()
    assert one["category"] == {"id": 1, "name": "c0"}
    for path in ("/api/Article/1?select=id&expand=category", "/api/Article?id=eq.1&select=id&expand=category"):
        got = full.get(path).json()
        assert (got[0] if isinstance(got, list) else got) == {"id": 1, "category": {"id": 1, "name": "c0"}}


def test_a_large_list_streams_and_still_links(start):
    s = start()
    body = "x" * 4000
    lines = "".join('{"title":"t%d","body":"%s"}\n' % (i, body) for i in range(700))
    r = s.call("POST", "/api/Article/batch", data=lines, headers={"Content-Type": "application/x-ndjson", "Prefer": "return=minimal"})
    assert r.status_code == 200, r.text
    r = s.get("/api/Article?limit=600", headers={"Accept-Encoding": "identity"})
    assert len(r.json()) == 600 and len(r.content) > 2_000_000
    link = re.match(r"<([^>]*)>", r.headers["Link"]).group(1)
    assert len(s.get(link).json()) == 100

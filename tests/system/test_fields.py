"""Every type of field and every rule, in an application declared in JSON, as a client meets them."""
import base64
import json

import pytest

import burrow

T = "text"
OWNER = [{"name": "name", "type": T, "required": True, "unique": True}, {"name": "hush", "type": T, "write_only": True}]
THING = [
    {"name": "i", "type": "int", "min": -5, "max": 10},
    {"name": "r", "type": "real", "min": 0.5, "max": 1e300},
    {"name": "t", "type": T, "min_len": 2, "max_len": 40},
    {"name": "p", "type": T, "pattern": "(x+x+)+y"},
    {"name": "b", "type": "blob", "max_len": 1000},
    {"name": "ok", "type": "bool", "default": True},
    {"name": "at", "type": "time"},
    {"name": "j", "type": "json"},
    {"name": "color", "type": "enum", "names": ["red", "green", "blue"], "default": "green"},
    {"name": "restricts", "type": "ref", "ref": "Owner"},
    {"name": "cascades", "type": "ref", "ref": "Owner", "on_delete": "cascade"},
    {"name": "nulls", "type": "ref", "ref": "Owner", "on_delete": "set_null"},
    {"name": "made", "type": "created"},
    {"name": "changed", "type": "modified"},
    {"name": "v", "type": "version"},
    {"name": "secret", "type": T, "write_only": True, "unique": True},
    {"name": "key", "type": "blob", "write_only": True},
    {"name": "boss", "type": "ref", "ref": "Owner", "write_only": True},
    {"name": "sealed", "type": T, "read_only": True, "default": "by the server"},
]
APP = {"name": "things", "stores": {"memory": {"kind": "memory"}},
       "tables": [{"name": "Owner", "fields": OWNER},
                  {"name": "Thing", "fields": THING, "indexes": [{"fields": ["i", "color"], "unique": True}]}]}


@pytest.fixture(scope="module", params=["sqlite", "memory"])
def things(request, tmp_path_factory):
    """The application on each kind of store: they may not be told apart."""
    folder = tmp_path_factory.mktemp(request.param)
    app = json.loads(json.dumps(APP))
    for t in app["tables"]:
        t["store"] = "memory" if request.param == "memory" else None
        if t["store"] is None:
            del t["store"]
    (folder / "app.json").write_text(json.dumps(app))
    s = burrow.Server([burrow.BURROW, "serve", "app.json", "--listen", "127.0.0.1:0"], folder)
    yield s
    s.stop()


def add(s, table="Thing", **fields):
    r = s.post(f"/api/{table}", fields)
    assert r.status_code == 201, r.text
    return r.json()["id"]


def faults(r, status=422):
    assert r.status_code == status, r.text
    return {f["field"]: f["rule"] for f in r.json()["errors"]}


owners = iter(range(10**6))


def owner(s, **more):
    return add(s, "Owner", name=f"owner {next(owners)}", **more)


def test_each_type_comes_back_as_it_went(things):
    record = {"i": -5, "r": 0.1 + 0.6, "t": "né \u0001\"\\", "ok": False, "at": "2026-02-03T04:05:06.789Z", "j": {"a": [1, 2.5, None, "x"]},
              "color": "blue", "restricts": owner(things), "cascades": None, "nulls": None}
    got = things.get(f"/api/Thing/{add(things, **record, b=base64.b64encode(b'bytes').decode())}").json()
    assert {k: got[k] for k in record} == record
    assert got["made"] == got["changed"] and got["v"] == 1 and got["sealed"] == "by the server"
    assert set(got) == {"id", *record, "p", "made", "changed", "v", "sealed"}
    whole = things.get(f"/api/Thing/{got['id']}?select=b,at").json()
    assert whole == {"b": base64.b64encode(b"bytes").decode(), "at": record["at"]}
    assert things.get(f"/api/Thing/{got['id']}/b").content == b"bytes"


def test_defaults_and_nulls(things):
    got = things.get(f"/api/Thing/{add(things)}").json()
    assert (got["ok"], got["color"], got["sealed"]) == (True, "green", "by the server")
    assert all(got[k] is None for k in ("i", "r", "t", "p", "at", "j", "restricts"))


def test_times_have_one_zone(things):
    id = add(things, at="2026-01-01T12:00:00+02:00")
    assert things.get(f"/api/Thing/{id}").json()["at"] == "2026-01-01T10:00:00Z"
    assert things.get("/api/Thing?select=id&at=eq.2026-01-01T11:00:00%2B01:00").json() == [{"id": id}]


def test_every_wrong_field_is_named(things):
    wrong = {"i": 11, "r": 0.25, "t": "x", "p": "no", "b": "!", "ok": 1, "at": "yesterday", "color": "pink", "restricts": 10**9, "cascades": "x",
             "nulls": 10**8, "made": "2020-01-01T00:00:00Z", "changed": "2020-01-01T00:00:00Z", "v": 1, "sealed": "mine", "nope": 1, "j": None}
    want = {"i": "max", "r": "min", "t": "min_len", "p": "pattern", "b": "type", "ok": "type", "at": "type", "color": "enum",
            "restricts": "reference", "cascades": "type", "nulls": "reference", "made": "read_only", "changed": "read_only", "v": "read_only",
            "sealed": "read_only", "nope": "unknown"}
    assert faults(things.post("/api/Thing", wrong)) == want
    batch = things.post("/api/Thing/batch?atomic=false", [wrong]).json()["results"][0]
    assert {f["field"]: f["rule"] for f in batch["error"]["errors"]} == want
    assert faults(things.post("/api/Thing", {"t": "x" * 41, "b": base64.b64encode(b"x" * 1001).decode()})) == {"t": "max_len", "b": "max_len"}


def test_what_must_be_unique(things):
    add(things, i=7, color="red")
    r = things.post("/api/Thing", {"i": 7, "color": "red", "restricts": 10**9})
    assert faults(r, 409) == {"i": "unique", "color": "unique", "restricts": "reference"}
    other = add(things, i=7, color="blue")
    assert faults(things.patch(f"/api/Thing/{other}", {"color": "red"}), 409) == {"i": "unique", "color": "unique"}
    assert things.patch(f"/api/Thing/{other}", {"i": 7}).status_code == 200


def test_a_pattern_that_never_ends_is_a_fault_of_the_record(things):
    r = things.post("/api/Thing", {"p": "x" * 5000})
    assert faults(r) == {"p": "pattern"} and "too much work" in r.json()["detail"]
    add(things, p="xxy")


def test_references_when_their_target_goes(things):
    held, gone, let = owner(things), owner(things), owner(things)
    a, b = add(things, cascades=gone), add(things, nulls=let, restricts=held)
    assert faults(things.delete(f"/api/Owner/{held}"), 409) == {"restricts": "restrict"}
    assert things.delete(f"/api/Owner/{gone}").status_code == 200
    assert things.get(f"/api/Thing/{a}").status_code == 404
    assert things.delete(f"/api/Owner/{let}").status_code == 200
    assert things.get(f"/api/Thing/{b}").json()["nulls"] is None


def test_a_version_must_match(things):
    id = add(things)
    assert things.patch(f"/api/Thing/{id}", {"i": 1, "v": 1}).json()["version"] == 2
    for more in ({"json": {"i": 2, "v": 1}}, {"json": {"i": 2}, "headers": {"If-Match": '"v1"'}}):
        assert things.call("PATCH", f"/api/Thing/{id}", **more).status_code == 412
    assert things.delete(f"/api/Thing/{id}", headers={"If-Match": '"v1"'}).status_code == 412
    assert things.get(f"/api/Thing/{id}").json()["i"] == 1
    assert things.delete(f"/api/Thing/{id}", headers={"If-Match": '"v2"'}).status_code == 200


SECRET = "pssst-never-seen"


def test_what_is_write_only_never_leaves(things):
    who = owner(things, hush=SECRET)
    r = things.post("/api/Thing", {"secret": SECRET, "key": base64.b64encode(SECRET.encode()).decode(), "restricts": who, "boss": who},
                    headers={"Prefer": "return=representation"})
    assert r.status_code == 201
    id = r.json()["id"]
    told = [r, things.patch(f"/api/Thing/{id}", {"i": 1, "secret": SECRET}, headers={"Prefer": "return=representation"}),
            things.get(f"/api/Thing/{id}"), things.get(f"/api/Thing/{id}?expand=restricts"), things.get(f"/api/Thing?id=eq.{id}&expand=restricts"),
            things.get(f"/api/Thing?id=eq.{id}&select=*"), things.get("/api/Owner"), things.get(f"/api/Thing/{id}/key"),
            things.post("/api/Thing", {"secret": SECRET}), things.post("/api/Thing/batch", [{"secret": SECRET}]),
            things.post("/api/Thing/batch?atomic=false", [{"secret": SECRET}])]
    assert told[3].json()["restricts"]["id"] == who and told[8].status_code == 409
    refused = [things.get("/api/Thing?" + q) for q in (
        "select=secret", "select=id,key", "secret=eq." + SECRET, "secret=is.null", "order=secret", "sort=secret", "or=(secret.like.p*,id.eq.1)",
        "not.and=(secret.eq.x)", f"where=secret='{SECRET}'", "expand=secret", "expand=boss", "key=is.null")]
    refused += [things.get(f"/api/Thing/{id}?select=secret"), things.delete("/api/Thing?secret=eq." + SECRET)]
    assert {r.status_code for r in refused} == {400}, [r.status_code for r in refused]
    for r in told:
        assert SECRET not in r.text and "hush" not in r.text and base64.b64encode(SECRET.encode()).decode()[:16] not in r.text, r.url
    schemas = things.get("/api/openapi.json").json()["components"]["schemas"]
    assert "secret" not in schemas["Thing"]["properties"] and schemas["Thing.New"]["properties"]["secret"]["writeOnly"]
    assert SECRET not in things.log()

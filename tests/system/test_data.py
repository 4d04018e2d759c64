"""The burrow program: data in and out, migrations, checks, settings, and its manners."""
import json
import os
import pty
import re
import sqlite3
import subprocess

import jsonschema
import pytest

import burrow

APP = burrow.ROOT / "examples/blog.json"


def run(folder, *words, **kw):
    return burrow.run(burrow.BURROW, *words, folder=folder, **kw)


def fill(folder):
    burrow.run("python3", burrow.ROOT / "examples/blog/articles.py", folder / "content", "200")
    for table, name in (("Author", "authors"), ("Category", "categories"), ("Article", "articles")):
        out = run(folder, "import", f"content/{name}.ndjson", "--table", table, "--app", APP)
        assert out.returncode == 0, out.stderr
    return out


def export(folder, table, format):
    out = run(folder, "export", "--table", table, "--format", format, "--app", APP)
    assert out.returncode == 0, out.stderr
    return out.stdout


def test_import_and_export_are_each_others_inverse(tmp_path):
    out = fill(tmp_path)
    assert out.stdout == "200 records imported into Article\n" and out.stderr == ""
    for format in ("ndjson", "json", "csv"):
        text = export(tmp_path, "Article", format)
        again = tmp_path / format
        again.mkdir()
        (again / f"articles.{format}").write_text(text)
        for table in ("Author", "Category"):
            (again / f"{table}.ndjson").write_text(export(tmp_path, table, "ndjson"))
            assert run(again, "import", f"{table}.ndjson", "--table", table, "--app", APP).returncode == 0
        out = run(again, "import", f"articles.{format}", "--table", "Article", "--app", APP)
        assert out.returncode == 0, out.stderr
        assert export(again, "Article", format) == text
    assert len(json.loads(export(tmp_path, "Article", "json"))) == 200


def test_a_bad_row_undoes_all_and_is_told_with_its_line(tmp_path):
    (tmp_path / "a.csv").write_text("title,views\nfine,1\n,2\nfine too,-1\n")
    out = run(tmp_path, "import", "a.csv", "--table", "Article", "--app", APP)
    assert out.returncode == 1
    assert out.stderr == "a.csv:3: title must not be empty\nburrow import: nothing was imported\n"
    assert export(tmp_path, "Article", "csv").count("\n") == 1
    out = run(tmp_path, "import", "a.csv", "--table", "Article", "--app", APP, "--skip")
    assert out.returncode == 0 and out.stdout == "1 records imported into Article, 2 skipped\n"
    assert "a.csv:3: " in out.stderr and "a.csv:4: " in out.stderr


def test_a_row_that_only_the_database_refuses_is_told_with_its_line(tmp_path):
    (tmp_path / "a.ndjson").write_text('{"name":"one"}\n{"name":"two"}\n{"name":"one"}\n')
    out = run(tmp_path, "import", "a.ndjson", "--table", "Category", "--app", APP)
    assert out.returncode == 1 and "a.ndjson:3: " in out.stderr and "name" in out.stderr, out.stderr
    out = run(tmp_path, "import", "a.ndjson", "--table", "Category", "--app", APP, "--skip")
    assert out.stdout == "2 records imported into Category, 1 skipped\n"


@pytest.mark.parametrize("name, text, says", [
    ("a.csv", "title,titel\n", "did you mean 'title'"),
    ("a.csv", "title,title\n", "twice"),
    ("a.csv", "title\na,b\n", "a.csv:2: "),
    ("a.csv", 'title\n"a\n', "not closed"),
    ("a.json", '{"title":"x"}', "begins with '['"),
    ("a.json", '[{"title":"x"},', "line 1"),
    ("a.ndjson", '{"title":"x"}\n{"title":', "a.ndjson:2: "),
    ("a.ndjson", "nope\n", "a.ndjson:1: column 1: expected a value, found 'n'\n"),
    ("a.txt", "", "--format"),
])
def test_files_that_are_refused(tmp_path, name, text, says):
    (tmp_path / name).write_text(text)
    out = run(tmp_path, "import", name, "--table", "Article", "--app", APP)
    assert out.returncode == 1 and says in out.stderr, out.stderr


def test_a_terminal_sees_how_far_it_is(tmp_path):
    """A bar that ends full, on standard error where that is a terminal; elsewhere nothing (the tests above)."""
    (tmp_path / "a.ndjson").write_text("".join('{"title":"t%d"}\n' % i for i in range(5000)))
    ours, theirs = pty.openpty()
    process = subprocess.Popen([burrow.BURROW, "import", "a.ndjson", "--table", "Article", "--app", APP], cwd=tmp_path, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=theirs, text=True)
    os.close(theirs)
    seen = b""
    try:
        while piece := os.read(ours, 65536):
            seen += piece
    except OSError:  # the other end has gone
        pass
    os.close(ours)
    assert process.stdout.read() == "5000 records imported into Article\n" and process.wait(burrow.PATIENCE) == 0
    bars = seen.decode().replace("\r\n", "\n").lstrip("\r").split("\r")
    assert all(re.fullmatch(r"\[#* *\] \d+ rows\n?", b) and len(b.split("]")[0]) == 31 for b in bars), bars
    assert bars[-1] == f"[{'#' * 30}] 5000 rows\n"


def test_ids_of_the_file_are_kept(tmp_path):
    (tmp_path / "a.csv").write_text("id,name\n70,seventy\n7,seven\n")
    assert run(tmp_path, "import", "a.csv", "--table", "Category", "--app", APP).returncode == 0
    assert export(tmp_path, "Category", "csv") == "id,name\n7,seven\n70,seventy\n"


# ---- migrations ----

def app(folder, fields, **more):
    table = {"name": "Note", "fields": fields, **more}
    (folder / "notes.json").write_text(json.dumps({"name": "notes", "tables": [table]}))
    return folder / "notes.json"


TITLE = {"name": "title", "type": "text"}


def test_additive_changes_happen_at_start_and_lossy_ones_wait(tmp_path):
    file = app(tmp_path, [TITLE])
    (tmp_path / "n.ndjson").write_text('{"title":"12"}\n{"title":"x"}\n')
    assert run(tmp_path, "import", "n.ndjson", "--table", "Note", "--app", file).returncode == 0
    file = app(tmp_path, [TITLE, {"name": "views", "type": "int", "default": 0, "index": True}])
    out = run(tmp_path, "migrate", "plan", file)
    assert out.returncode == 0 and "views" in out.stdout and "0 of them can lose data" in out.stdout, out.stdout
    assert run(tmp_path, "export", "--table", "Note", "--app", file).returncode == 1  # it only looks
    s = burrow.Server([burrow.BURROW, "serve", file, "--listen", "127.0.0.1:0"], tmp_path)
    assert s.get("/api/Note/1").json() == {"id": 1, "title": "12", "views": 0}
    assert s.stop() == 0

    file = app(tmp_path, [{"name": "views", "type": "int", "default": 0, "index": True}])
    out = burrow.run(burrow.BURROW, "serve", file, "--listen", "127.0.0.1:0", folder=tmp_path)
    assert out.returncode == 1 and "title" in out.stderr and "migrate plan" in out.stderr, out.stderr
    plan = json.loads(run(tmp_path, "migrate", "plan", file, "--json").stdout)
    assert [p["additive"] for p in plan] == [False] and "title" in plan[0]["change"] and "2" in plan[0]["warning"], plan
    out = run(tmp_path, "migrate", "apply", file)
    assert out.returncode == 0 and "done: 1 changes" in out.stdout, out.stdout + out.stderr
    assert "nothing to do" in run(tmp_path, "migrate", "plan", file).stdout
    s = burrow.Server([burrow.BURROW, "serve", file, "--listen", "127.0.0.1:0"], tmp_path)
    assert s.get("/api/Note").json() == [{"id": 1, "views": 0}, {"id": 2, "views": 0}]
    s.stop()


def test_a_new_unique_rule_over_duplicates_is_refused(tmp_path):
    file = app(tmp_path, [TITLE])
    (tmp_path / "n.ndjson").write_text('{"title":"same"}\n{"title":"same"}\n')
    assert run(tmp_path, "import", "n.ndjson", "--table", "Note", "--app", file).returncode == 0
    file = app(tmp_path, [{**TITLE, "unique": True}])
    out = burrow.run(burrow.BURROW, "serve", file, "--listen", "127.0.0.1:0", folder=tmp_path)
    assert out.returncode == 1 and "unique" in out.stderr, out.stderr


# ---- check ----

def test_check_finds_damage(tmp_path):
    fill(tmp_path)
    out = run(tmp_path, "check", APP)
    assert out.returncode == 0 and "ok" in out.stdout, out.stdout + out.stderr
    db = tmp_path / "data/blog.db"
    c = sqlite3.connect(db)
    root = c.execute("select rootpage from sqlite_master where name='Article'").fetchone()[0]
    c.execute("pragma wal_checkpoint(truncate)")
    c.close()
    with open(db, "r+b") as f:
        f.seek((root - 1) * 4096)
        f.write(b"\xff" * 64)
    out = run(tmp_path, "check", APP)
    assert out.returncode == 1 and "damaged" in out.stdout, out.stdout + out.stderr


def test_write_only_fields_leave_by_the_owners_word_only(tmp_path):
    file = app(tmp_path, [TITLE, {"name": "code", "type": "text", "write_only": True}, {"name": "key", "type": "blob", "write_only": True}])
    (tmp_path / "n.csv").write_text("title,code,key\na,hush,aHVzaA==\n")
    assert run(tmp_path, "import", "n.csv", "--table", "Note", "--app", file).returncode == 0
    for format in ("csv", "json", "ndjson"):
        words = ["export", "--table", "Note", "--app", file, "--format", format]
        shown, whole = run(tmp_path, *words).stdout, run(tmp_path, *words, "--secrets").stdout
        assert "title" in shown and not any(w in shown for w in ("code", "hush", "key", "aHVzaA"))
        assert "hush" in whole and "aHVzaA==" in whole


def test_csv_tells_null_from_an_empty_text(tmp_path):
    file = app(tmp_path, [{"name": "title", "type": "text", "default": "none"}, {"name": "maybe", "type": "text"}, {"name": "n", "type": "int"}])
    rows = [{"id": 1, "title": "", "maybe": "", "n": 0}, {"id": 2, "title": "", "maybe": None, "n": None}, {"id": 3, "title": "x", "maybe": "y", "n": 1}]
    (tmp_path / "n.json").write_text(json.dumps(rows))
    assert run(tmp_path, "import", "n.json", "--table", "Note", "--app", file).returncode == 0
    words = ["export", "--table", "Note", "--app", file, "--format"]
    text = run(tmp_path, *words, "csv").stdout
    assert text == 'id,title,maybe,n\n1,"","",0\n2,"",,\n3,x,y,1\n'
    (tmp_path / "data/notes.db").unlink()
    (tmp_path / "n.csv").write_text(text)
    out = run(tmp_path, "import", "n.csv", "--table", "Note", "--app", file)
    assert out.returncode == 0, out.stderr
    assert json.loads(run(tmp_path, *words, "json").stdout) == rows
    (tmp_path / "bare.csv").write_text("title,maybe\n,x\n")  # a text that is never null: empty, as ever
    assert run(tmp_path, "import", "bare.csv", "--table", "Note", "--app", file).returncode == 0
    assert json.loads(run(tmp_path, *words, "json").stdout)[3] == {"id": 4, "title": "", "maybe": "x", "n": None}


def test_a_memory_store_is_there_from_the_first_start(tmp_path):
    """Without a record written, too: its file is looked at by check and export like any other."""
    (tmp_path / "notes.json").write_text(json.dumps({"name": "notes", "stores": {"m": {"kind": "memory", "path": "m.json"}}, "tables": [
        {"name": "Note", "store": "m", "fields": [TITLE]}]}))
    burrow.Server([burrow.BURROW, "serve", "notes.json", "--listen", "127.0.0.1:0"], tmp_path).stop()
    assert run(tmp_path, "export", "--table", "Note", "--app", "notes.json", "--format", "csv").stdout == "id,title\n"
    out = run(tmp_path, "check", "notes.json")
    assert out.returncode == 0 and "ok" in out.stdout, out.stdout + out.stderr


# ---- settings and manners ----

def test_config(tmp_path):
    schema = json.loads(run(tmp_path, "config", "schema").stdout)
    assert schema["properties"]["server"]["properties"]["max_body"]
    printed = run(tmp_path, "config", "print", APP).stdout
    (tmp_path / "again.json").write_text(printed)
    assert run(tmp_path, "config", "print", "again.json").stdout == printed
    assert "limit_default" in run(tmp_path, "config", "help").stdout


def test_the_json_schema_knows_what_the_program_knows(tmp_path):
    """By a validator that is not ours: what it takes and refuses, the program takes and refuses."""
    schema = json.loads(run(tmp_path, "config", "schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(json.loads(run(tmp_path, "config", "print", APP).stdout))
    for settings, good in [
            ({"server": {"max_body": "16 MiB", "head_timeout": "250ms", "threads": 4}}, True), ({"listen": "127.0.0.1:1"}, True),
            ({"listen": ["127.0.0.1:1", "unix:/x"]}, True), ({"stores": {"other": {"kind": "memory"}}}, True), ({"$schema": "x"}, True),
            ({"sever": {}}, False), ({"server": {"threads": "x"}}, False), ({"server": {"threads": 257}}, False), ({"log": {"level": "loud"}}, False),
            ({"server": {"max_body": "16 XB"}}, False), ({"server": {"head_timeout": "10 lightyears"}}, False), ({"data": 7}, False),
            ({"stores": {"a": {"kindd": "x"}}}, False)]:
        (tmp_path / "s.json").write_text(json.dumps(settings))
        assert validator.is_valid(settings) == good, settings
        assert (run(tmp_path, "config", "print", "s.json").returncode == 0) == good, settings


@pytest.mark.parametrize("words, says", [
    ([], "usage"), (["serv"], "did you mean 'serve'"), (["serve"], "usage"), (["import", "x", "--tabel", "a"], "did you mean '--table'"),
    (["config", "prnt"], "print"), (["migrate", "now"], "plan nor apply"), (["help", "serv"], "serve"),
    (["export", "--table"], "--table NAME"), (["import", "a.csv", "--app", APP], "Say --table NAME"),
    (["export", "--app", APP], "Say --table NAME")])
def test_wrong_use_exits_2(tmp_path, words, says):
    out = run(tmp_path, *words)
    assert out.returncode == 2 and says in out.stderr + out.stdout, out.stderr


@pytest.mark.parametrize("words, says", [
    (["serve", "none.json"], "No such file"), (["import", "none.csv", "--table", "Article", "--app", APP], "No such file"),
    (["import", APP, "--table", "Artcle", "--app", APP], "did you mean 'Article'"),
    (["export", "--table", "Article", "--app", APP], "no 'data/blog.db' yet")])
def test_failures_exit_1(tmp_path, words, says):
    out = run(tmp_path, *words)
    assert out.returncode == 1 and says in out.stderr, out.stderr


def test_help_teaches(tmp_path):
    assert all(c in run(tmp_path, "--help").stdout for c in ("serve", "import", "export", "migrate", "check", "config"))
    for c in ("serve", "import", "export", "migrate", "check", "config"):
        out = run(tmp_path, "help", c)
        assert out.returncode == 0 and out.stdout.startswith(f"usage: burrow {c}")
        assert run(tmp_path, c, "--help").stdout == out.stdout


def test_settings_errors_tell_their_place(tmp_path):
    (tmp_path / "a.json").write_text('{\n  "server": { "max_bdy": 1 }\n}')
    out = run(tmp_path, "serve", "a.json")
    assert out.returncode == 1 and "a.json:2:15" in out.stderr and "did you mean 'max_body'" in out.stderr, out.stderr
    (tmp_path / "b.json").write_text('{ "tables": [ { "name": "A", "fields": [ { "name": "x", "type": "txt" } ] } ] }')
    out = run(tmp_path, "serve", "b.json")
    assert out.returncode == 1 and "b.json:1:" in out.stderr and "did you mean 'text'" in out.stderr, out.stderr
    out = run(tmp_path, "serve", APP, env={"BURROW_SERVER_THREDS": "1"})
    assert out.returncode == 1 and "BURROW_SERVER_THREADS" in out.stderr, out.stderr


def test_json_app_is_the_same_as_the_one_in_c(tmp_path, blog):
    s = burrow.Server([burrow.BURROW, "serve", APP, "--listen", "127.0.0.1:0"], tmp_path)
    ours, other = s.get("/api/openapi.json").json(), blog.get("/api/openapi.json").json()
    s.stop()
    paths = {p: v for p, v in other["paths"].items() if "Calculator" not in p and "stats" not in p}
    assert set(ours["paths"]) == set(paths)
    assert {n for n in ours["components"]["schemas"]} <= {n for n in other["components"]["schemas"]}
    for name in ("Article", "Author", "Category", "Comment"):
        assert ours["components"]["schemas"][name] == other["components"]["schemas"][name]

"""The angel's settings without an angel: check, schema, import, new, and what users of Angelize type."""
import json
import os
import pathlib
import re

import jsonschema
import pytest

import burrow

# The file of issue 4, unchanged: docs/angel.md begins with it.
EXAMPLE = re.search(r"```json\n(.*?)```", (burrow.ROOT / "docs/angel.md").read_text(), re.S).group(1)


def angel(*words, folder=None):
    return burrow.run(burrow.BURROW, "angel", *words, folder=folder)


def settings(folder, services, **main):
    path = pathlib.Path(folder) / "a.json"
    path.write_text(json.dumps({**main, "Services": services}))
    return path


def test_the_example_is_good(tmp_path):
    (tmp_path / "app.json").write_text(EXAMPLE)
    done = angel("check", "app.json", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "app.json: 2 services; all is well\n", "")
    done = angel("check", "--settings", "app.json", "--json", folder=tmp_path)
    told = json.loads(done.stdout)
    assert told["ok"] and [s["name"] for s in told["services"]] == ["api", "worker"] and told["notes"] == []


@pytest.mark.parametrize("change, says", [
    ({"Wacth": []}, r"a\.json:1:\d+: Services\[0\]: unknown setting 'Wacth', did you mean 'Watch'\?"),
    ({"Needs": "bd"}, r"a\.json:1:\d+: there is no service 'bd', did you mean 'db'\?"),
    ({"Env": {"A": "%nmae%"}}, r"a\.json:1:\d+: nothing is called %nmae%, did you mean 'Name'\?"),
    ({"StopSignal": "TREM"}, r"a\.json:1:\d+: there is no signal 'TREM', did you mean 'TERM'\?"),
    ({"Watch": ["htpp://127.0.0.1/"]}, r"a\.json:1:\d+: .*'htpp'.*did you mean 'http'\?"),
    ({"Ready": "tpc:127.0.0.1:1"}, r"a\.json:1:\d+: there is no probe 'tpc', did you mean 'tcp'\?"),
    ({"Live": {"Check": "http:/x"}}, r"a\.json:1:\d+: "),
    ({"Name": "db"}, r"a\.json:1:\d+: there is a service 'db' already, at .*a\.json:1:\d+"),
    ({"Needs": "db2"}, r"a\.json:1:\d+: services wait for each other: api waits for db2 waits for api"),
])
def test_mistakes_have_a_place(tmp_path, change, says):
    s = [{"Name": "api", "Run": "/bin/true", **change}, {"Name": "db", "Run": "/bin/true"},
         {"Name": "db2", "Run": "/bin/true", "Needs": ["api"] if change.get("Needs") == "db2" else []}]
    done = angel("check", settings(tmp_path, s))
    assert done.returncode == 1 and re.search(says, done.stderr), done.stderr
    done = angel("check", settings(tmp_path, s), "--json")
    assert done.returncode == 1 and re.search(says, json.loads(done.stdout)["error"])


def test_the_schema_says_the_same(tmp_path):
    schema = json.loads(angel("schema").stdout)
    one = json.loads(angel("schema", "service").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(EXAMPLE), schema)
    for s in json.loads(EXAMPLE)["Services"]:
        jsonschema.validate(s, one)
    good = {"Name": "a", "Run": ["/bin/a", "b"], "Env": {"A": 1, "B": True}, "AbortExitCodes": [1, 2], "Live": "tcp:127.0.0.1:1",
            "Ready": {"Check": "http://x/", "Interval": "5s"}, "Limits": ["NOFILE=5"], "RetryDelay": 0.5, "Listen": {"h": "127.0.0.1:0"}}
    jsonschema.validate({"Services": [good]}, schema)
    assert angel("check", settings(tmp_path, [good])).returncode == 0
    for bad in ({"Nmae": "a"}, {"Name": "a", "Nice": 30}, {"Name": "a", "Env": 5}, {"Name": "a", "Restart": "sometimes"},
                {"Name": "a", "Ready": {"Chek": "x"}}, {"Name": "a", "AbortExitCodes": ["x"]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"Services": [bad]}, schema)
        assert angel("check", settings(tmp_path, [bad])).returncode == 1


def test_a_folder_of_services_and_what_angelize_says(tmp_path):
    services = tmp_path / "services"
    services.mkdir()
    (services / "one.service").write_text('{"Name": "one", "Run": "/bin/sleep 1", "Level": 10, // ours\n "RedirectLogFile": ""}')
    (services / "two.service").write_text('{"Name": "two", "Run": "/bin/sleep 1", "Level": 0}')
    main = tmp_path / "agl.settings"
    main.write_text('{"ServiceName": "agl", "Log": ["*"], "CommandFile": "cmd", "Ext": ".service"}')
    done = angel("check", main)
    assert done.returncode == 0 and "2 services, 1 of them disabled" in done.stdout
    assert "CommandFile: not read" in done.stderr and "Log: not used" in done.stderr
    assert angel("check", services).returncode == 0
    # the executable's own settings: what /settings alone and --settings alone mean
    exe = tmp_path / "agl"
    exe.write_bytes(burrow.BURROW.read_bytes())
    exe.chmod(0o755)
    for word in ("--settings", "/settings"):
        done = burrow.run(exe, "angel", word, folder=tmp_path)
        assert done.returncode == 0 and "agl.settings: 2 services" in done.stdout, done.stderr


def test_new_writes_a_disabled_service(tmp_path):
    main = settings(tmp_path, [])
    for words in (["new", "first one", "/bin/sleep", "5"], ["--new", "second", "/bin/sh", "-c", "exit 3", "--settings"]):
        done = angel("--settings", main, *words)
        assert done.returncode == 0 and ".service is written" in done.stdout, done.stderr
    one = json.loads((tmp_path / "services/first one.service").read_text())
    assert one == {"Name": "first one", "Run": "/bin/sleep 5", "Level": 10, "Disabled": True}
    assert json.loads((tmp_path / "services/second.service").read_text())["Run"] == '/bin/sh -c "exit 3" --settings'
    assert "2 services, 2 of them disabled" in angel("check", main).stdout
    before = sorted(os.listdir(tmp_path / "services"))
    for words, says in ((["second", "/bin/sleep"], "is there already"), (["x", "sleep"], "by its whole path"),
                        (["x", "/no/such"], "/no/such"), (["SECOND", "/bin/sleep"], "there is a service 'second' already|'SECOND' already")):
        done = angel("new", *words, "--settings", main)
        assert done.returncode and re.search(says, done.stderr), done.stderr
    assert sorted(os.listdir(tmp_path / "services")) == before


def test_import(tmp_path):
    (tmp_path / "supervisord.conf").write_text("[program:web]\ncommand=/bin/sleep 5\nautorestart=true\nnumprocs=2\nfancy=1\n")
    (tmp_path / "Procfile").write_text("web: sleep 5 && true\n")
    (tmp_path / "x.service").write_text("[Service]\nExecStart=/bin/sleep 5\nRestart=always\nPrivateTmp=yes\n")
    for file, note in (("supervisord.conf", "'fancy' has no counterpart"), ("Procfile", ""), ("x.service", "PrivateTmp has no counterpart")):
        done = angel("import", file, folder=tmp_path)
        assert done.returncode == 0 and note in done.stderr, done.stderr
        made = tmp_path / f"{file}.json"
        assert angel("import", file, "--out", made, folder=tmp_path).returncode == 0
        assert json.loads(made.read_text()) == json.loads(done.stdout) and angel("check", made).returncode == 0
        again = angel("import", file, "--out", made, folder=tmp_path)
        assert again.returncode == 1 and "is there already" in again.stderr
    done = angel("import", "Procfile", "--from", "sytemd", folder=tmp_path)
    assert done.returncode == 1 and "did you mean 'systemd'?" in done.stderr


def test_wrong_use_exits_2():
    for words, says in (([], "burrow angel run"), (["chekc"], "did you mean 'check'?"), (["import"], "usage: burrow angel import"),
                        (["schema", "x"], "'x' is not service"), (["check", "--jsno"], "did you mean '--json'?")):
        done = angel(*words)
        assert done.returncode == 2 and says in done.stderr, done.stderr

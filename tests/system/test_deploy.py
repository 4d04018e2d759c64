"""burrow deploy: the files are as reviewed (tests/golden/deploy), systemd finds them clean and tight, and --out and
--diff do what they say. UPDATE_GOLDEN=1 writes the golden files anew: review them as a diff."""
import json
import os
import re

import pytest

import burrow

GOLDEN = burrow.ROOT / "tests/golden/deploy"
APP = '{"listen": ["0.0.0.0:8080", "unix:/run/notes.sock"], "server": {"drain_timeout": "20s"}, "tables": []}'
CASES = {
    "systemd": ["--exec", "/usr/bin/burrow", "--name", "notes", "--settings", "/etc/notes.json"],
    "docker": ["--exec", "build/burrow", "--name", "notes", "--settings", "notes.json"],
    "compose": ["--exec", "build/burrow", "--name", "notes", "--settings", "notes.json"],
    "prometheus": ["--name", "notes", "--settings", "notes.json"],
    "grafana": ["--name", "notes"],
}


def deploy(*words, folder=None):
    return burrow.run(burrow.BURROW, "deploy", *words, folder=folder)


@pytest.fixture
def app(tmp_path):
    (tmp_path / "notes.json").write_text(APP)
    return tmp_path


def made(app, kind, *words):
    """The files of one generator by name. Absolute paths must be there to be read: the test's stand for them."""
    words = [str(app / "notes.json") if w == "/etc/notes.json" else w for w in words]
    out = deploy(kind, *words, "--out", app / "out", folder=app)
    assert out.returncode == 0, out.stderr
    return {p.name: p.read_text().replace(str(app / "notes.json"), "/etc/notes.json") for p in (app / "out").iterdir()}


@pytest.mark.parametrize("kind", CASES)
def test_the_files_are_as_reviewed(app, kind):
    files = made(app, kind, *CASES[kind])
    for name, text in files.items():
        if os.environ.get("UPDATE_GOLDEN"):
            GOLDEN.mkdir(parents=True, exist_ok=True)
            (GOLDEN / name).write_text(text)
        assert text == (GOLDEN / name).read_text(), f"{name}: UPDATE_GOLDEN=1 if it is meant"
        assert "@name@" not in text and "@m:" not in text
        if name.endswith(".json"):  # it has no comments
            assert "Made by `burrow deploy" in json.loads(text)["description"]
        else:
            assert text.startswith("# " + name) and re.search(r"(?m)^ *# ", text[1:])


def test_every_generator_is_reviewed(app):
    out = deploy("none")
    assert out.returncode == 2
    assert re.findall(r"(?m)^  (\w+) ", out.stderr) == list(CASES)


def test_what_is_written_goes_to_standard_output_too(app):
    files = made(app, "docker", *CASES["docker"])
    out = deploy("docker", *CASES["docker"], folder=app).stdout
    assert out == files["Dockerfile"] + "\n" + files["Dockerfile.static"] + "\n"


def test_a_program_of_its_own_takes_settings(app):
    words = ["--exec", burrow.BLOG, "--name", "blog"]
    assert f"ExecStart={burrow.BLOG} --run\n" in deploy("systemd", *words).stdout
    out = deploy("systemd", *words, "--settings", app / "notes.json").stdout
    assert f"ExecStart={burrow.BLOG} --run --settings {app}/notes.json\n" in out
    assert "TimeoutStopSec=35\n" in out  # of its settings


def test_systemd_finds_them_clean_and_tight(app):
    out = deploy("systemd", "--exec", burrow.BLOG, "--name", "blog", "--settings", app / "notes.json", "--out", app)
    assert out.stdout == f"{app}/blog.service\n{app}/blog.socket\n"
    units = [app / "blog.service", app / "blog.socket"]
    out = burrow.run("systemd-analyze", "verify", "--man=no", *units)
    assert out.returncode == 0 and "blog." not in out.stdout + out.stderr, out.stderr
    out = burrow.run("systemd-analyze", "security", "--offline=true", "--threshold=20", units[0])
    assert out.returncode == 0, out.stdout
    assert float(re.search(r"exposure level for blog.service: ([\d.]+)", out.stdout)[1]) <= 2.0


def test_diff_shows_what_differs_and_writes_nothing(app):
    words = ["compose", *CASES["compose"]]
    out = deploy(*words, "--diff", folder=app)
    assert out.returncode == 1 and out.stdout.startswith("--- /dev/null\n+++ generated\n@@ line 1 @@\n+# compose.yaml")
    assert not (app / "compose.yaml").exists()
    assert deploy(*words, "--out", ".", folder=app).returncode == 0
    out = deploy(*words, "--diff", folder=app)
    assert (out.returncode, out.stdout) == (0, "")
    file = app / "compose.yaml"
    file.write_text(file.read_text().replace("read_only: true", "read_only: false"))
    out = deploy(*words, "--diff", "--out", ".", folder=app)
    assert out.returncode == 1
    assert re.fullmatch(r"--- \./compose\.yaml\n\+\+\+ generated\n@@ line \d+ @@\n"
                        r"-    read_only: false\n\+    read_only: true\n", out.stdout)
    assert "read_only: false" in file.read_text()


@pytest.mark.parametrize("words, said", [
    (["systmd"], "did you mean 'systemd'"),
    (["systemd", "--name", "x"], "it needs --exec PATH"),
    (["grafana"], "it needs --name NAME"),
    (["systemd", "--exec", "blog", "--name", "x"], "must be an absolute path"),
    (["systemd", "--exec", "/a b", "--name", "x"], "letters, digits and"),
    (["docker", "--exec", "/a", "--name", "x;y"], "--name 'x;y'"),
    (["docker", "--exec", "/a", "--name", "x", "--settings", "none.json"], "opening none.json"),
])
def test_wrong_use(app, words, said):
    out = deploy(*words, folder=app)
    assert out.returncode in (1, 2) and said in out.stderr and not out.stdout

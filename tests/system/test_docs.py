"""The user's documentation: every example of docs/api.md runs, generated pages are what is generated."""
import json
import re
import subprocess
import sys

import pytest

import burrow

DOCS = burrow.ROOT / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
CALL = re.compile(r"^(curl .*?)\s+# (\d{3})$")
ANY = "…"


class Filled:
    """The blog with its 5,000 articles, as ./dev run fills it."""

    def __init__(self, folder):
        make = [sys.executable, burrow.ROOT / "examples/blog/articles.py", folder / "content"]
        subprocess.run(make, check=True)
        for table, name in (("Author", "authors"), ("Category", "categories"), ("Article", "articles")):
            done = burrow.run(burrow.BURROW, "import", folder / f"content/{name}.ndjson", "--table", table,
                              "--app", burrow.ROOT / "examples/blog.json", "--data", folder / "data")
            assert done.returncode == 0, done.stderr
        self.server = burrow.blog(folder)
        self.head, self.body = folder / "head", folder / "body"

    def curl(self, words):
        """Runs one line of the page; the status. The answer stays in .head and .body."""
        self.body.write_bytes(b"")
        line = words.replace("http://127.0.0.1:8080", self.server.url).replace(
            "curl ", f"curl -q -sS --max-time {burrow.PATIENCE} --noproxy '*' -D '{self.head}' -o '{self.body}' -w '%{{http_code}}' ", 1)
        done = burrow.run("bash", "-c", re.sub(r" -i ", " ", line), folder=self.server.folder)
        assert done.returncode == 0, (words, done.stderr)
        return int(done.stdout)


def matches(want, got):
    """Equal, where "…" stands for anything."""
    if want == ANY:
        return True
    if isinstance(want, dict) and isinstance(got, dict):
        return want.keys() == got.keys() and all(matches(want[k], got[k]) for k in want)
    if isinstance(want, list) and isinstance(got, list):
        return len(want) == len(got) and all(map(matches, want, got))
    return want == got


def check_calls(filled, text):
    for line in text.splitlines():
        m = CALL.match(line)
        assert m, f"neither a call nor its status: {line}"
        status = filled.curl(m[1])
        assert status == int(m[2]), (line, status, filled.body.read_text())


def check_head(filled, text):
    fields = [line.rstrip() for line in filled.head.read_text().splitlines()]
    for line in text.splitlines():
        pattern = ".+".join(map(re.escape, line.split(ANY)))
        assert any(re.fullmatch(pattern, f) for f in fields), (line, fields)


def check_json(filled, text):
    want, got = json.loads(text), json.loads(filled.body.read_text())
    assert matches(want, got), f"the page says {want}\nthe server {got}"


def check_text(filled, text):
    assert filled.body.read_text() == text.rstrip("\n")


CHECKS = {"sh": check_calls, "http": check_head, "json": check_json, "text": check_text}


def test_the_examples_of_the_interface(tmp_path):
    blocks = BLOCK.findall((DOCS / "api.md").read_text())
    assert len([b for b in blocks if b[0] == "sh"]) > 30
    filled = Filled(tmp_path)
    try:
        for kind, text in blocks:
            CHECKS[kind](filled, text)
    finally:
        filled.server.stop()


def test_the_calls_of_an_operator(tmp_path):
    filled = Filled(tmp_path)
    try:
        for kind, text in BLOCK.findall((DOCS / "operation.md").read_text()):
            CHECKS[kind](filled, text)
        assert filled.server.process.wait(burrow.PATIENCE) == 0  # the last call drains
    finally:
        filled.server.stop()


@pytest.mark.parametrize("page, words", [("settings.md", ["config", "markdown"]), ("cli.md", ["help", "--markdown"]),
                                         ("metrics.md", ["help", "--metrics"]), ("angel-settings.md", ["angel", "help", "markdown"]),
                                         ("angel-api.md", ["angel", "help", "api"])])
def test_generated_pages(page, words):
    done = burrow.run(burrow.BURROW, *words)
    assert done.returncode == 0, done.stderr
    assert (DOCS / page).read_text() == done.stdout, "./dev docs renews it"


def commands():
    return re.findall(r"^  ([a-z]+) ", burrow.run(burrow.BURROW, "--help").stdout, re.M)


def test_the_manual_page(tmp_path):
    page = tmp_path / "burrow.1"
    page.write_text(burrow.run(burrow.BURROW, "help", "--man").stdout)
    done = burrow.run("man", "--warnings", "-E", "UTF-8", "-l", page, env={"LC_ALL": "C.UTF-8", "MANWIDTH": "100", "MAN_KEEP_FORMATTING": ""})
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert all(f"burrow {c}" in done.stdout for c in commands()), done.stdout
    assert "--print-settings" in done.stdout and '"title", "type"' in done.stdout


@pytest.mark.parametrize("name, words", [
    ("angel", ["burrow angel check", "burrow angel import", "--settings", "RedirectLogRotateBytes", "GuardPercent", '"Needs": "db"']),
    ("ctl", ["burrow ctl status", "burrow ctl notify-test", "--timeout", "EXIT STATUS"])])
def test_manual_pages_of_the_angel(tmp_path, name, words):
    page = tmp_path / f"burrow-{name}.1"
    page.write_text(burrow.run(burrow.BURROW, "help", f"--man-{name}").stdout)
    done = burrow.run("man", "--warnings", "-E", "UTF-8", "-l", page, env={"LC_ALL": "C.UTF-8", "MANWIDTH": "100", "MAN_KEEP_FORMATTING": ""})
    assert done.returncode == 0 and done.stderr == "", done.stderr
    text = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    assert all(w in text for w in words), text


@pytest.mark.parametrize("line, want", [
    ("burrow mig", ["migrate"]),
    ("burrow angel imp", ["import"]),
    ("burrow ctl notify", ["notify-test"]),
    ("burrow angel --settings rows", ["rows.csv"]),
    ("burrow ctl --state fold", ["folder"]),
    ("burrow migrate p", ["plan"]),
    ("burrow config sch", ["schema"]),
    ("burrow serve --print", ["--print-settings"]),
    ("burrow help --comp", ["--completion"]),
    ("burrow import rows.c", ["rows.csv"]),
    ("burrow serve --data fold", ["folder"]),
    ("burrow export --table fold", []),
])
def test_completion(tmp_path, line, want):
    (tmp_path / "completion").write_text(burrow.run(burrow.BURROW, "help", "--completion").stdout)
    (tmp_path / "rows.csv").touch()
    (tmp_path / "folder").mkdir()
    script = 'source ./completion; COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _burrow; printf "%s\\n" "${COMPREPLY[@]}"'
    done = burrow.run("bash", "-u", "-c", script, "bash", line, folder=tmp_path)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert done.stdout.split() == want

"""What `meson install` puts in place serves a program outside the tree; the README's examples are true."""
import os
import re
import subprocess

import pytest

import burrow

README = (burrow.ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """The installed files, as a package would stage them."""
    stage = tmp_path_factory.mktemp("stage")
    out = subprocess.run(["meson", "install", "-C", burrow.BUILD, "--no-rebuild", "--quiet", "--destdir", stage], capture_output=True, text=True)
    assert out.returncode == 0, out.stdout + out.stderr
    return stage / "usr/local"


def pkg_config(prefix, *words):
    folder = next(prefix.rglob("burrow.pc")).parent
    out = subprocess.run(["pkg-config", f"--define-variable=prefix={prefix}", *words, "burrow"], capture_output=True, text=True,
                         env={**os.environ, "PKG_CONFIG_PATH": str(folder)})
    assert out.returncode == 0, out.stderr
    return out.stdout.split()


def sanitized():
    return ["-fsanitize=address,undefined"] if "asan" in burrow.BUILD.name else []


@pytest.mark.parametrize("static", [False, True])
def test_the_readmes_program_outside_the_tree(prefix, tmp_path, static):
    source = re.search(r"```c\n(.*?)```", README, re.S).group(1)
    (tmp_path / "notes.c").write_text(source)
    lib = next(prefix.rglob("libburrow.so")).parent
    flags = pkg_config(prefix, "--cflags", "--libs", *(["--static"] if static else []))
    if static:
        flags = [str(lib / "libburrow.a") if f == "-lburrow" else f for f in flags]
    out = subprocess.run(["cc", "notes.c", "-o", "notes", *sanitized(), *flags], cwd=tmp_path, capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    s = burrow.Server([tmp_path / "notes", "--listen", "127.0.0.1:0"], tmp_path, env={"LD_LIBRARY_PATH": str(lib)})
    assert s.post("/api/Note", {"title": "Hello"}).status_code == 201
    assert s.get("/api/Note?title=like.H*&order=created_at.desc").json()[0]["title"] == "Hello"
    assert s.stop() == 0


def test_the_readmes_json(prefix, tmp_path):
    (tmp_path / "notes.json").write_text(re.search(r"```json\n(.*?)```", README, re.S).group(1))
    lib = next(prefix.rglob("libburrow.so")).parent
    s = burrow.Server([prefix / "bin/burrow", "serve", "notes.json", "--listen", "127.0.0.1:0"], tmp_path, env={"LD_LIBRARY_PATH": str(lib)})
    assert s.post("/api/Note", {"title": "Hello"}).status_code == 201
    assert s.get("/api/Note/1").json()["title"] == "Hello"
    assert s.stop() == 0


def test_only_public_names_leave_the_library(prefix):
    lib = next(prefix.rglob("libburrow.so"))
    names = subprocess.run(["nm", "-D", "--defined-only", lib], capture_output=True, text=True).stdout
    ours = {line.split()[-1] for line in names.splitlines() if line.split()[-2] in "TDBR"}
    assert ours and all(n.startswith("bw_") for n in ours), sorted(n for n in ours if not n.startswith("bw_"))[:20]


def test_headers_stand_alone(prefix, tmp_path):
    for header in (prefix / "include/burrow").glob("*.h"):
        out = subprocess.run(["cc", "-std=c17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c", "-", f"-I{prefix}/include"],
                             input=f"#include <burrow/{header.name}>\n", capture_output=True, text=True)
        assert out.returncode == 0, out.stderr


def test_the_manual_page_and_completion(prefix):
    for name, begin in (("man/man1/burrow.1", ".TH BURROW 1"), ("man/man1/burrow-angel.1", ".TH BURROW-ANGEL 1"),
                        ("man/man1/burrow-ctl.1", ".TH BURROW-CTL 1"), ("bash-completion/completions/burrow", "# bash completion")):
        page = prefix / "share" / name
        if sanitized():  # not made: the program may not run while it is built
            assert not page.exists()
        else:
            assert page.read_text().startswith(begin)

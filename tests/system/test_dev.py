"""./dev and ./dev check: packages are installed or the command is told; what is found says its mend."""
import os
import re
import shutil
import stat
import subprocess

import pytest

import burrow

PACKAGES = (burrow.ROOT / "tools/packages.txt").read_text()


@pytest.fixture
def bare(tmp_path):
    """A machine without cmocka: dev and the list of packages, and a PATH of little else. bare(*names): run with these stand-ins."""
    tree, bin = tmp_path / "tree", tmp_path / "bin"
    (tree / "tools").mkdir(parents=True)
    bin.mkdir()
    shutil.copy(burrow.ROOT / "dev", tree)
    shutil.copy(burrow.ROOT / "tools/packages.txt", tree / "tools")
    for name in ("sh", "sed", "dirname", "mkdir", "tail", "grep", "cat", "find", "sort", "cksum", "mv"):
        (bin / name).symlink_to(shutil.which(name))

    def write(name, text):
        (bin / name).write_text(f"#!/bin/sh\n{text}\n")
        (bin / name).chmod((bin / name).stat().st_mode | stat.S_IXUSR)

    def run(user, *names):
        for name in names:
            write(name, f'echo "{name} $*" >>{tmp_path}/calls; [ {name} = apt-get ] || exec "$@"')
        write("dpkg-query", 'case "$*" in *libcmocka-dev*) exit 1 ;; esac; echo installed')
        write("id", f"echo {user}")
        out = subprocess.run([tree / "dev", "build"], capture_output=True, text=True, env={"PATH": str(bin)})
        calls = tmp_path / "calls"
        return out, calls.read_text().splitlines() if calls.exists() else []

    return run


INSTALL = "apt-get install -y --no-install-recommends libcmocka-dev"


def test_root_installs_what_is_missing(bare):
    out, calls = bare(0, "apt-get")
    assert calls == ["apt-get update -q", INSTALL], out.stderr
    assert "installing: libcmocka-dev" in out.stderr


def test_others_install_through_sudo(bare):
    _, calls = bare(1000, "apt-get", "sudo")
    assert calls == ["sudo apt-get update -q", "apt-get update -q", f"sudo {INSTALL}", INSTALL]


def test_without_sudo_the_command_is_told(bare):
    out, calls = bare(1000, "apt-get")
    assert out.returncode == 1 and calls == []
    assert out.stderr == f"dev: these packages are missing; as root, run: {INSTALL}\n"


def test_a_word_that_is_no_command(tmp_path):
    out = burrow.run(burrow.ROOT / "dev", "biuld")
    assert out.returncode == 2 and "no command 'biuld'" in out.stderr
    listed = burrow.run(burrow.ROOT / "dev", "help").stdout
    assert all(re.search(rf"^  {c}\b", listed, re.M) for c in ("run", "test", "build", "check", "bench", "fuzz"))


# ---- ./dev check ----

GOOD = """#include "core/good.h"

int good(void)
{
    return 1;
}
"""


@pytest.fixture
def tree(tmp_path):
    """A small house that passes; tree(name, text) adds a file and returns what ./dev check says of it."""
    for name in ("tools", "src/core", "include", "tests", ".ci"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("dev", ".ci/run", ".clang-format", ".clang-tidy", "src/core/banned.h", *(f"tools/{t}" for t in (
            "check.sh", "check_floors.py", "check_sizes.py", "check_tidy.py", "floors.txt", "size_exceptions.txt", "run_blog.sh"))):
        shutil.copy(burrow.ROOT / name, tmp_path / name)
    (tmp_path / "src/core/good.h").write_text("#ifndef CORE_GOOD_H\n#define CORE_GOOD_H\n\nint good(void);\n\n#endif\n")
    (tmp_path / "src/core/good.c").write_text(GOOD)
    (tmp_path / "build").mkdir()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)

    def check(*files):
        for name, text in files:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        out = burrow.run("tools/check.sh", folder=tmp_path, env={"GIT_CEILING_DIRECTORIES": str(tmp_path.parent), "LC_ALL": "C.UTF-8"})
        return out.returncode, out.stdout + out.stderr

    return check


def test_a_good_house(tree):
    code, said = tree()
    assert code == 0 and said.endswith("check: all ok\n"), said


def test_without_a_repository_all_files_are_looked_at(tree, tmp_path):
    shutil.rmtree(tmp_path / ".git")
    (tmp_path / "build/no.c").write_text("int  odd ;")
    code, said = tree(("src/core/bad.c", "int  odd ;\n"))
    assert code == 1 and "src/core/bad.c: not formatted" in said and "no.c" not in said and "fatal" not in said, said


def function(body, head="int bad(char *a)"):
    return f"#include \"core/good.h\"\n\n{head};\n{head}\n{{\n{body}}}\n"


def c(body, says, head="int bad(char *a)"):
    return [("src/core/bad.c", function(body, head))], says


@pytest.mark.parametrize("files, says", [
    c("  return *a;\n", "src/core/bad.c: not formatted; run: clang-format -i src/core/bad.c"),
    c("    strcpy(a, \"b\");\n    return 0;\n", "src/core/bad.c:6:5: strcpy is banned here; write bw_buf_put"),
    c("    return atoi(a);\n", "src/core/bad.c:6:12: atoi is banned here; write bw_str_int"),
    c("    int x;\n    if (*a)\n        x = 1;\n    return x;\n", "UndefReturn]; give it a value on every path"),
    c("    if (!a)\n        return *a;\n    return 0;\n", "NullDereference]; check it before, or bw_must it"),
    c("    return sizeof(a) == 1 ? strlen(a) + 1 : malloc(strlen(a + 1)) != 0;\n", "https://clang.llvm.org/extra/clang-tidy/checks/bugprone/"),
    c("    return a;\n", "bad has 6 parameters, at most 5: pass a struct", "int bad(int a, int b, int c, int d, int e, int f)"),
    c("    a[0]++;\n" * 60 + "    return 0;\n", "bad has 64 lines, at most 60: name a part of it and move that out"),
    c("".join(f"    if (*a == {i})\n        return {i};\n" for i in range(15)) + "    return 0;\n", "bad has 16 branches, at most 15: use a table"),
    ([("src/core/bad.c", "int bad;\n" * 601)], "601 lines, at most 600: split it by noun"),
    ([("src/core/bad.c", "#include \"net/loop.h\"\n")], "may not include net/loop.h: floor core stands below or beside net; move the code up"),
    ([("src/core/x.h", "#include \"core/y.h\"\n"), ("src/core/y.h", "#include \"core/x.h\"\n")], "ring of includes: core/x.h -> core/y.h -> core/x.h; break it"),
    ([("src/odd/bad.c", "int bad;\n")], "no floor 'odd' in tools/floors.txt; add it there or move the file"),
    ([("bad.sh", "#!/bin/sh\necho $1\n")], "Double quote to prevent globbing"),
])
def test_what_is_found_says_its_mend(tree, files, says):
    code, said = tree(*files)
    assert code == 1 and says in said, said


def test_each_banned_function_has_its_sibling():
    banned = re.search(r"poison ((?:[\w ]|\\\n)+)", (burrow.ROOT / "src/core/banned.h").read_text())[1].replace("\\\n", " ").split()
    told = re.findall(r'"(\w+)": "', (burrow.ROOT / "tools/check_tidy.py").read_text())
    assert len(banned) > 10 and set(banned) <= set(told)

#!/usr/bin/env python3
"""clang-tidy (bugprone, analyzer) over src/, in parallel; a file whose text, headers and rules are
unchanged since it passed is not read again (build/tidy/). The analyzer runs in its shallow mode, which
reads all of src/ in well under a minute; with --deep it takes its time (minutes)."""
import concurrent.futures
import hashlib
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = ROOT / "build/tidy"
DEEP = "--deep" in sys.argv
SHALLOW = [] if DEEP else [f"--extra-arg={a}" for a in ("-Xclang", "-analyzer-config", "-Xclang", "mode=shallow")]
DEFINES = ["-std=c17", "-D_GNU_SOURCE", '-DBW_RELEASE="x"', "-Iinclude", "-Isrc", "-include", "src/core/banned.h"]


# What to write instead of a function banned by src/core/banned.h.
INSTEAD = {"strcpy": "bw_buf_put, or memcpy of a known size", "strcat": "bw_buf_put", "sprintf": "snprintf or bw_buf_printf",
           "vsprintf": "vsnprintf", "gets": "fgets", "strtok": "bw_str_cut", "gmtime": "gmtime_r or core/civil.h", "localtime": "localtime_r",
           "atoi": "bw_str_int", "atol": "bw_str_int", "atof": "bw_str_real", "system": "uv_spawn", "popen": "uv_spawn"}
# The mend of what is met most; of the rest the page of the check tells it.
MENDS = [("clang-analyzer-core.uninitialized", "give it a value on every path"),
         ("clang-analyzer-core.NullDereference", "check it before, or bw_must it where it cannot be"),
         ("clang-analyzer-unix.Malloc", "free it on every path, or take it from an arena"),
         ("clang-analyzer-deadcode.DeadStores", "drop the value nobody reads"),
         ("clang-diagnostic-", "as the compiler says")]


def with_mend(line):
    """The line with what to do about it."""
    at = re.match(r"([^:]+):(\d+):(\d+): .*\[([\w.,-]+)\]$", line)
    if not at:
        return line
    path, row, column, check = at[1], int(at[2]), int(at[3]), at[4].split(",")[0]
    if "poisoned identifier" in line:
        word = re.match(r"\w*", (ROOT / path).read_text(errors="replace").splitlines()[row - 1][column - 1:])[0]
        return f"{path}:{row}:{column}: {word} is banned here; write {INSTEAD.get(word, 'its safer sibling')}"
    mend = next((m for start, m in MENDS if check.startswith(start)), None)
    if not mend:
        group, _, name = check.partition("-") if not check.startswith("clang-analyzer-") else ("clang-analyzer", "", check[15:])
        mend = f"https://clang.llvm.org/extra/clang-tidy/checks/{group}/{name}.html tells how; where it is wrong: // NOLINT({check}) and why"
    return f"{line}; {mend}"


def digest(*parts):
    h = hashlib.sha256()
    for p in parts:
        h.update(p if isinstance(p, bytes) else p.encode())
    return h.hexdigest()


def main():
    CACHE.mkdir(parents=True, exist_ok=True)
    shared = [p for top in ("include", "src") for p in sorted((ROOT / top).rglob("*")) if p.suffix in (".h", ".def")]
    common = digest(*[p.read_bytes() for p in shared], (ROOT / ".clang-tidy").read_bytes())
    todo = []
    for p in sorted((ROOT / "src").rglob("*.c")):
        # Of Windows, whose headers are not here: mingw warns instead (./dev test windows).
        if "fiber_switch_aarch64" in p.name or p.name.endswith(("_windows.c", "_kqueue.c", "_sysctl.c", "_bsd.c")):
            continue
        mark = CACHE / digest(common, str(DEEP), str(p), p.read_bytes())
        if not mark.exists():
            todo.append((p, mark))

    def tidy(item):
        path, mark = item
        out = subprocess.run(["clang-tidy", "--quiet", *SHALLOW, str(path.relative_to(ROOT)), "--", *DEFINES], cwd=ROOT,
                             capture_output=True, text=True)
        lines = [l for l in out.stdout.splitlines() if ": warning:" in l or ": error:" in l]
        if not lines and out.returncode == 0:
            mark.touch()
        return lines or ([] if out.returncode == 0 else [f"{path}: clang-tidy failed: {out.stderr.strip()[:300]}"])

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        bad = [with_mend(l.replace(str(ROOT) + "/", "")) for lines in pool.map(tidy, todo) for l in lines]
    print("\n".join(sorted(set(bad))) if bad else f"clang-tidy: ok ({len(todo)} files read)")
    return 1 if bad else 0


sys.exit(main())

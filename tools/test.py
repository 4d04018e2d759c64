#!/usr/bin/env python3
"""Runs the tests in groups and ends with the line `N passed, N failed` over all of them.

usage: ./dev test [--list] [WORD ...]     a WORD picks groups by name, or tests whose name holds it
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CPUS = os.cpu_count() or 2
SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=0",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}
# name: (build folder, meson options, what)
UNIT_GROUPS = {
    "unit": ("build", [], r"."),
    "unit-asan": ("build/asan", ["-Db_sanitize=address,undefined", "-Doptimization=2"], r"."),
    "unit-tsan": ("build/tsan", ["-Db_sanitize=thread", "-Doptimization=2"], r"^(os|net|db)_|^core_(log|metric|clock)|^link_|^host_watch|^angel_capture"),
    "unit-ucontext": ("build/ucontext", ["-Dfiber=ucontext"], r"^(os|net)_"),
}
PYTEST_GROUPS = {
    "system": ("build", "tests/system"),
    "system-asan": ("build/asan", "tests/system"),
    "fault": ("build", "tests/fault"),
    "slow": ("build", "tests/slow"),
}
# Only when named: needs root, and the network on its first run.
ON_REQUEST = {"slow"}


def sh(words, **more):
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, **more)


def configure(folder, options, compiler="gcc"):
    path = ROOT / folder
    files = sorted(str(p) for top in ("src", "include", "tests", "examples", "bench") for p in (ROOT / top).rglob("*")
                   if p.suffix in (".c", ".h", ".S", ".def") or p.name == "meson.build")
    mark, now = path / "files.txt", "\n".join(files)
    if (path / "build.ninja").exists() and mark.exists() and mark.read_text() == now:
        return ""
    again = ["--reconfigure"] if (path / "build.ninja").exists() else []
    out = sh(["meson", "setup", *again, folder, "-Dwerror=true", *options], env={**os.environ, "CC": f"ccache {compiler}" if has("ccache") else compiler})
    if out.returncode:
        return out.stdout[-3000:] + out.stderr[-1000:]
    mark.write_text(now)
    return ""


def has(program):
    return any((pathlib.Path(d) / program).exists() for d in os.environ["PATH"].split(":"))


def build(folder, options, compiler="gcc"):
    """Configures and compiles; the complaint, or nothing."""
    wrong = configure(folder, options, compiler)
    if wrong:
        return wrong
    out = sh(["ninja", "-C", folder])
    if out.returncode:
        lines = [l for l in out.stdout.splitlines() if re.search(r"error|warning|undefined|FAILED", l)]
        return "\n".join(lines[:40]) or out.stdout[-2000:]
    return ""


def run_unit(program, deadline=300, more=None):
    """(passed, failed, what went wrong) of one cmocka program."""
    try:
        out = subprocess.run([str(program)], cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=deadline,
                             env={**os.environ, **SANITIZER_ENV, **(more or {})}, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as late:
        return 0, 1, f"did not end within {deadline} s\n{(late.stdout or b'').decode(errors='replace')[-2000:]}"
    text = out.stdout + out.stderr
    passed = sum(int(n) for n in re.findall(r"\[  PASSED  \] (\d+) test", text))
    failed = len(set(re.findall(r"\[  FAILED  \] (\w+)$", text, re.M)))
    if out.returncode and not failed:
        failed = 1
    if not passed and not failed:
        failed, text = 1, text + "\nran no test"
    return passed, failed, text[-6000:] if failed else ""


def unit_group(name, words):
    folder, options, pattern = UNIT_GROUPS[name]
    wrong = build(folder, options)
    if wrong:
        return 0, 1, f"build failed:\n{wrong}"
    programs = [p for p in sorted((ROOT / folder / "tests").glob("*_test")) if re.search(pattern, p.name)
                and (not words or any(w in p.name for w in words))]
    passed = failed = 0
    report = []
    with concurrent.futures.ThreadPoolExecutor(CPUS) as pool:
        for p, (ok, bad, text) in zip(programs, pool.map(run_unit, programs)):
            passed, failed = passed + ok, failed + bad
            if bad:
                report.append(f"--- {name}: {p.name}\n{text}")
    return passed, failed, "\n".join(report)


def pytest_group(name, words):
    folder, where = PYTEST_GROUPS[name]
    wrong = build(folder, UNIT_GROUPS["unit-asan"][1] if folder.endswith("asan") else [])
    if wrong:
        return 0, 1, f"build failed:\n{wrong}"
    if not list((ROOT / where).glob("test_*.py")):
        return 0, 0, ""
    pick = ["-k", " or ".join(words)] if words else []
    # A file's tests share one server, so a file stays on one worker.
    out = sh(["/usr/bin/python3", "-m", "pytest", "-q", "-n", str(CPUS), "--dist", "loadfile", "-p", "no:cacheprovider", "--tb=short", where, *pick],
             env={**os.environ, **SANITIZER_ENV, "TEST_BUILD": str(ROOT / folder), "PYTHONDONTWRITEBYTECODE": "1"})
    last = out.stdout.strip().splitlines()[-1] if out.stdout.strip() else ""
    count = {w: int(n) for n, w in re.findall(r"(\d+) (passed|failed|error|errors|skipped)", last)}
    passed, failed = count.get("passed", 0), count.get("failed", 0) + count.get("error", 0) + count.get("errors", 0)
    failed += count.get("skipped", 0)  # a skipped test is not a pass here
    if out.returncode not in (0, 5) and not failed:
        failed = 1
    return passed, failed, out.stdout[-12000:] + out.stderr[-2000:] if failed else ""


def clang_group(name, words):
    wrong = build("build/clang", [], "clang")
    return (0, 1, wrong) if wrong else (1, 0, "")


WINDOWS = ["src/angel/identity_windows.c", "src/angel/group_windows.c", "src/angel/group.c", "src/angel/spawn_windows.c", "src/angel/spawn.c", "src/angel/sweep.c",
           "tests/platform/here_windows.c", "tests/unit/angel/process_test.c"]
WINE = "/usr/lib/wine/"


def windows_group(name, words):
    """The angel's files for Windows, compiled by mingw, and their test run by Wine."""
    folder = ROOT / "build/windows"
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "angel_process_test.exe"
    out = sh(["x86_64-w64-mingw32-gcc-win32", "-static", "-std=c17", "-O2", "-D_WIN32_WINNT=0x0602", "-D__USE_MINGW_ANSI_STDIO=1",
              "-Isrc/os/windows", "-Iinclude", "-Isrc", "-Itests/platform/windows", "-Wall", "-Wextra", "-Werror", "-Wshadow",
              "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wvla", "-Wwrite-strings", "-Wundef", "-Wconversion", "-Wno-sign-conversion",
              "-Wno-missing-field-initializers", "-o", str(program), *WINDOWS, "-lntdll"])
    if out.returncode:
        return 0, 1, f"build failed:\n{out.stderr[-6000:]}"
    with tempfile.TemporaryDirectory(prefix="prefix-", dir=folder) as prefix:
        env = {**os.environ, "WINEPREFIX": prefix, "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml,winemenubuilder.exe=", "DISPLAY": ""}
        try:
            run = sh([WINE + "wine64", str(program)], env=env, timeout=120, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired as late:
            return 0, 1, f"did not end within 120 s\n{(late.stdout or b'').decode(errors='replace')[-2000:]}"
        finally:
            sh([WINE + "wineserver64", "-k"], env=env)
    passed = sum(int(n) for n in re.findall(r"\[  PASSED  \] (\d+) test", run.stdout))
    if run.returncode or not passed:
        return 0, 1, run.stdout[-6000:] + run.stderr[-2000:]
    return passed, 0, ""


BSD = ["src/angel/identity_kqueue.c", "src/angel/identity_sysctl.c", "src/angel/group_none.c", "src/angel/group.c", "src/angel/spawn_bsd.c", "src/angel/spawn_posix.c",
       "src/angel/spawn_child.c", "src/angel/spawn.c", "src/angel/sweep.c", "tests/platform/bsd/stand_in.c", "tests/platform/here_posix.c",
       "tests/unit/angel/process_test.c"]


def bsd_group(name, words):
    """The angel's files for BSD over a stand-in for kqueue and sysctl (tests/platform/bsd), and the test they share with the others."""
    folder = ROOT / "build/bsd"
    folder.mkdir(parents=True, exist_ok=True)
    out = sh(["gcc", "-std=c17", "-O2", "-g", "-D_GNU_SOURCE", "-include", "src/core/banned.h", "-Itests/platform/bsd", "-Iinclude", "-Isrc", "-Wall", "-Wextra",
              "-Werror", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wvla", "-Wwrite-strings", "-Wundef", "-Wconversion",
              "-Wno-sign-conversion", "-Wno-missing-field-initializers", "-fsanitize=address,undefined", "-o", str(folder / "angel_process_test"), *BSD,
              "-lcmocka"])
    if out.returncode:
        return 0, 1, f"build failed:\n{out.stderr[-6000:]}"
    runs = [run_unit(folder / "angel_process_test", more=more) for more in ({}, {"ZOMBIES_UNSEEN": "1"})]
    return tuple(map(sum, zip(*(r[:2] for r in runs)))) + ("\n".join(r[2] for r in runs if r[2]),)


def fuzz_group(name, words):
    out = sh(["/usr/bin/python3", "tools/fuzz.py", os.environ.get("FUZZ_SECONDS", "5"), *words])
    passed, failed = len(re.findall(r"^ok ", out.stdout, re.M)), len(re.findall(r"^FAILED ", out.stdout, re.M))
    if out.returncode and not failed:
        failed = 1
    return passed, failed, out.stdout[-6000:] + out.stderr[-2000:] if failed else ""


GROUPS = {
    "unit": unit_group, "unit-asan": unit_group, "unit-tsan": unit_group, "unit-ucontext": unit_group,
    "bsd": bsd_group, "windows": windows_group, "clang": clang_group, "fuzz": fuzz_group, "system": pytest_group, "system-asan": pytest_group, "fault": pytest_group, "slow": pytest_group,
}


def main():
    words = sys.argv[1:]
    if "--help" in words:
        print(__doc__)
        return 0
    if "--list" in words:
        print("\n".join(GROUPS))
        return 0
    chosen = [w for w in words if w in GROUPS] or [g for g in GROUPS if g not in ON_REQUEST]
    words = [w for w in words if w not in GROUPS]
    total_passed = total_failed = 0
    for name in chosen:
        start = time.monotonic()
        print(f"{name}: …", end="", flush=True) if sys.stdout.isatty() else None
        passed, failed, report = GROUPS[name](name, words)
        total_passed, total_failed = total_passed + passed, total_failed + failed
        print(f"\r{name}: {passed} ok, {failed} wrong, {time.monotonic() - start:.0f} s", flush=True)
        if report:
            print(report, flush=True)
    if not total_passed and not total_failed:
        print(f"dev test: nothing is named {' '.join(words)}; ./dev test --list tells the groups", file=sys.stderr)
        return 2
    print(f"{total_passed} passed, {total_failed} failed")
    return 1 if total_failed else 0


sys.exit(main())

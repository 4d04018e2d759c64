#!/usr/bin/env python3
"""Runs the fuzzers (tests/fuzz/*_fuzz.c, libFuzzer with ASan and UBSan) over their corpus and on.

usage: ./dev fuzz [SECONDS] [NAME ...]     SECONDS each, 30 unless said; a crash leaves its input in build/fuzz/crashes/
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build/fuzz"


def compile_all():
    options = ["-Dfuzz=true", "-Db_sanitize=address,undefined", "-Dc_args=-fsanitize=fuzzer-no-link", "-Ddefault_library=static"]
    again = ["--reconfigure"] if (FOLDER / "build.ninja").exists() else []
    for words, more in ((["meson", "setup", *again, str(FOLDER), *options], {"env": {**os.environ, "CC": "clang"}}),
                        (["ninja", "-C", str(FOLDER)], {})):
        out = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, **more)
        if out.returncode:
            sys.exit("fuzz: " + (out.stdout + out.stderr)[-3000:])


def run(program, seconds):
    name = program.name.removesuffix("_fuzz")
    seeds = ROOT / "tests/fuzz/corpus" / name
    found = FOLDER / "found" / name
    found.mkdir(parents=True, exist_ok=True)
    (FOLDER / "crashes").mkdir(exist_ok=True)
    words = [str(program), f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=65536", "-verbosity=0",
             f"-artifact_prefix={FOLDER}/crashes/{name}-", str(found)]
    if seeds.is_dir():
        words.append(str(seeds))
    out = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, errors="replace")
    return name, out.returncode, out.stderr[-3000:]


def main():
    args = sys.argv[1:]
    seconds = int(args.pop(0)) if args and args[0].isdigit() else 30
    compile_all()
    programs = [p for p in sorted((FOLDER / "tests/fuzz").glob("*_fuzz")) if not args or any(a in p.name for a in args)]
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for name, code, text in pool.map(lambda p: run(p, seconds), programs):
            print(f"{'FAILED' if code else 'ok'} {name}", flush=True)
            if code:
                bad += 1
                print(text)
    return 1 if bad or not programs else 0


sys.exit(main())

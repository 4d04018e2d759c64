#!/usr/bin/env python3
"""Every #include in src/ obeys tools/floors.txt, the public headers include only each other, private
headers stay in their folder, and no headers include each other in a ring."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<(burrow[^>]*)>)', re.M)


def floors():
    may = {}
    for line in (ROOT / "tools/floors.txt").read_text().splitlines():
        if ":" in line and not line.startswith("#"):
            name, below = line.split(":")
            may[name.strip()] = set(below.split())
    return may


def check_src(may):
    bad, uses = [], {}
    for path in sorted((ROOT / "src").rglob("*.[ch]")):
        name = str(path.relative_to(ROOT / "src"))
        home = name.split("/")[0]
        if home not in may:
            bad.append(f"src/{name}: no floor '{home}' in tools/floors.txt; add it there or move the file")
            continue
        for inc, public in INCLUDE.findall(path.read_text(errors="replace")):
            if public or inc.endswith(".def"):
                continue
            if "/" not in inc:
                bad.append(f'src/{name}: #include "{inc}"; write "{home}/{inc}"')
                continue
            there = inc.split("/")[0]
            if path.suffix == ".h":
                uses.setdefault(name, set()).add(inc)
            if there != home and there not in may[home]:
                bad.append(f"src/{name}: may not include {inc}: floor {home} stands below or beside {there}; "
                           f"move the code up, or hand what is needed down as a parameter")
            if inc.endswith("_int.h") and there != home:
                bad.append(f"src/{name}: {inc} is private to src/{there}; use or widen its public header")
    return bad + rings(uses)


def rings(uses):
    bad, done = set(), set()

    def walk(module, path):
        for n in sorted(uses.get(module, ())):
            if n == module or n in done:
                continue
            if n in path:
                bad.add("ring of includes: " + " -> ".join(path[path.index(n):] + [n])
                        + "; break it by a forward declaration")
            else:
                walk(n, path + [n])
        done.add(module)

    for m in sorted(uses):
        walk(m, [m])
    return sorted(bad)


def check_public():
    bad = []
    for path in sorted((ROOT / "include").rglob("*.h")):
        for inc, public in INCLUDE.findall(path.read_text()):
            if inc:
                bad.append(f'{path.relative_to(ROOT)}: #include "{inc}"; a public header includes only <burrow/...>')
    return bad


def main():
    bad = check_src(floors()) + check_public()
    print("\n".join(bad) if bad else "floors: ok")
    return 1 if bad else 0


sys.exit(main())

#!/usr/bin/env python3
"""Sizes of CODING.md: files, functions, parameters, nesting, complexity. Relies on clang-format: a
function body opens with '{' and closes with '}' in the first column. Exceptions stand in
tools/size_exceptions.txt, one `path limit` or `path:function:what limit` a line; that file may only shrink."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FUNCTION, FILE, TEST_FILE, HEADER, PUBLIC, PARAMS, NESTING, COMPLEXITY = 60, 600, 1500, 250, 400, 5, 3, 15
BRANCH = re.compile(r"\b(?:if|for|while|case)\b|\?")
STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|//.*')
COMMENT = re.compile(r"/\*.*?\*/", re.S)


def exceptions():
    path = ROOT / "tools/size_exceptions.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return {l.split()[0]: int(l.split()[1]) for l in lines if l.strip() and not l.startswith("#")}


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def functions(text):
    """(name, first line, number of lines, parameters, body lines) of each function."""
    lines = COMMENT.sub(blank, text).split("\n")
    i = 0
    while i < len(lines):
        if lines[i] == "{" and i and lines[i - 1].rstrip().endswith(")"):
            start = i - 1
            while start and not re.match(r"[A-Za-z_]", lines[start]):
                start -= 1
            head = " ".join(lines[start:i])
            end = i
            while end < len(lines) and lines[end] != "}":
                end += 1
            m = re.search(r"(\w+)\s*\((.*)\)\s*$", head)
            name, args = (m.group(1), m.group(2)) if m else ("?", "")
            depth, count = 0, 1 if args.strip() not in ("", "void") else 0
            for c in args:
                depth += (c == "(") - (c == ")")
                count += c == "," and depth == 0
            yield name, start + 1, end - start + 1, count, lines[i + 1:end]
            i = end
        i += 1


def nesting(body):
    deepest = 0
    for line in body:
        if line.rstrip().endswith("{") and not re.match(r"\s*(?:switch|do\b|\}?\s*else)", line) \
                and "= {" not in line and "){" not in line:
            deepest = max(deepest, (len(line) - len(line.lstrip())) // 4)
    return deepest


def check(path, allowed):
    text = path.read_text(errors="replace")
    rel = str(path.relative_to(ROOT))
    n = text.count("\n")
    test = rel.startswith(("tests/", "bench/"))
    header = PUBLIC if rel.startswith("include/") else HEADER
    limit = allowed.get(rel, header if path.suffix == ".h" else TEST_FILE if test else FILE)
    if n > limit:
        yield f"{rel}: {n} lines, at most {limit}: split it by noun"
    if test:
        return
    for name, line, lines, params, body in functions(text):
        branches = 1 + sum(len(BRANCH.findall(STRINGS.sub("", l))) for l in body)
        for what, got, most, mend in (
                ("lines", lines, FUNCTION, "name a part of it and move that out"),
                ("parameters", params, PARAMS, "pass a struct with designated initialisers"),
                ("levels of nesting", nesting(body), NESTING, "return early or move the inner part out"),
                ("branches", branches, COMPLEXITY, "use a table, or split the decision")):
            most = allowed.get(f"{rel}:{name}:{what.split()[0]}", most)
            if got > most:
                yield f"{rel}:{line}: {name} has {got} {what}, at most {most}: {mend}"


def main():
    allowed = exceptions()
    bad = [m for top in ("src", "include", "tests", "bench", "examples")
           for p in sorted((ROOT / top).rglob("*.[ch]")) for m in check(p, allowed)]
    print("\n".join(bad) if bad else "sizes: ok")
    return 1 if bad else 0


sys.exit(main())

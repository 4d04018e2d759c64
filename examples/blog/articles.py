#!/usr/bin/env python3
"""Writes the blog's first content, the same every time: authors.ndjson, categories.ndjson and
articles.ndjson (5,000 articles) into a folder, from words.txt.

usage: articles.py FOLDER [ARTICLES]"""
import json
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
CATEGORIES = ["Travel", "Cooking", "Science", "History", "Music", "Gardening", "Sport", "Books", "Film", "Boats"]


def sentence(rng, words, least, most):
    return " ".join(rng.choices(words, k=rng.randint(least, most))).capitalize()


def article(rng, words, authors):
    body = ". ".join(sentence(rng, words, 6, 14) for _ in range(rng.randint(2, 5))) + "."
    return {"title": sentence(rng, words, 3, 8), "body": body, "views": int(rng.paretovariate(1.1) * 10),
            "published": rng.random() < 0.9, "author": rng.randint(1, authors), "category": rng.randint(1, len(CATEGORIES))}


def write(folder, name, rows):
    with open(folder / f"{name}.ndjson", "w", encoding="utf-8") as out:
        out.writelines(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)


def main():
    folder = pathlib.Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(20)
    words = (HERE / "words.txt").read_text().split()
    authors = [{"name": f"{rng.choice(words).capitalize()} {rng.choice(words).capitalize()}", "email": f"author{i}@example.com"}
               for i in range(1, 51)]
    write(folder, "authors", authors)
    write(folder, "categories", [{"name": c} for c in CATEGORIES])
    write(folder, "articles", (article(rng, words, len(authors)) for _ in range(count)))


main()

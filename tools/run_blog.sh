#!/bin/sh
# ./dev run: the example blog on its embedded database, filled once with 5,000 articles; what to try is printed with
# the address it tells. $BLOG_DATA and $BLOG_BUILD are for the tests.
set -eu
cd "$(dirname "$0")/.."
build=${BLOG_BUILD:-build}
data=${BLOG_DATA:-$build/blog-data}
if [ ! -f "$data/blog.db" ]; then
    rm -rf "$data.new"
    python3 examples/blog/articles.py "$data.new/content"
    for pair in Author:authors Category:categories Article:articles; do
        "$build/burrow" import "$data.new/content/${pair#*:}.ndjson" --table "${pair%%:*}" --app examples/blog.json --data "$data.new"
    done
    rm -rf "$data"
    mv "$data.new" "$data"
fi

# What the blog says, and after its first address the lines to try there.
tell() {
    told=
    while IFS= read -r line; do
        printf '%s\n' "$line"
        case "$told$line" in "listening on http://"*) ;; *) continue ;; esac
        told=${line#listening on }
        url=${told%/}
        cat <<EOT
Try, in another terminal:
  curl '$url/api/Article/7'
  curl '$url/api/Article?select=id,title,views&views=gt.100&order=views.desc&limit=5'
  curl '$url/api/Article?title=ilike.*river*&expand=author,category&limit=2'
  curl '$url/api/Article' -H 'Content-Type: application/json' -d '{"title":"My first article","author":1}'
  curl '$url/api/Calculator.Add' -d '[1,2]' -H 'Content-Type: application/json'
EOT
    done
}

said=$data.said
rm -f "$said"
mkfifo "$said"
(
    trap '' INT TERM # the blog drains, and its last words are told too
    rm -f "$data.said"
    tell
) <"$said" &
exec "$build/examples/blog/blog" --data "$data" "$@" >"$said"

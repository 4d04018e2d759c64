#!/bin/sh
# ./dev run: the example blog on its embedded database, filled once with 5,000 articles.
set -eu
cd "$(dirname "$0")/.."
data=build/blog-data
if [ ! -f "$data/blog.db" ]; then
    rm -rf "$data.new"
    python3 examples/blog/articles.py "$data.new/content"
    for pair in Author:authors Category:categories Article:articles; do
        build/burrow import "$data.new/content/${pair#*:}.ndjson" --table "${pair%%:*}" --app examples/blog.json --data "$data.new"
    done
    rm -rf "$data"
    mv "$data.new" "$data"
fi
port=8080
for arg; do case "$arg" in --listen=*:*) port=${arg##*:} ;; esac; done
url=http://127.0.0.1:$port
cat <<EOT
Try, in another terminal:
  curl '$url/api/Article/7'
  curl '$url/api/Article?select=id,title,views&views=gt.100&order=views.desc&limit=5'
  curl '$url/api/Article?title=ilike.*river*&expand=author,category&limit=2'
  curl '$url/api/Article' -H 'Content-Type: application/json' -d '{"title":"My first article","author":1}'
  curl '$url/api/Calculator.Add' -d '[1,2]' -H 'Content-Type: application/json'
EOT
exec build/examples/blog/blog --data "$data" "$@"

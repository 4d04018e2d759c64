#!/bin/sh
# The quick checks, each with the mend in its message. Called by ./dev check; --deep lets the analyzer take its time.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
# Files by their ending: what git knows of, or (no repository, or not ours) all but what was built.
list() {
    { git ls-files -co --exclude-standard "*.$1" 2>/dev/null || find . -path './build*' -prune -o -name "*.$1" -print; } |
        while read -r f; do [ -f "$f" ] && echo "$f"; done
}
{ list c; list h; } >build/check.files

unformatted=$(xargs clang-format --dry-run <build/check.files 2>&1 | sed -n 's/^\([^:]*\):[0-9].*/\1/p' | sort -u)
if [ -n "$unformatted" ]; then
    printf '%s\n' "$unformatted" | while read -r f; do echo "$f: not formatted; run: clang-format -i $f"; done
    bad=1
else
    echo "format: ok"
fi
python3 tools/check_floors.py || bad=1
python3 tools/check_sizes.py || bad=1
python3 tools/check_tidy.py "$@" || bad=1
list sh | xargs shellcheck dev .ci/run && echo "shellcheck: ok" || bad=1
[ $bad = 0 ] && echo "check: all ok"
exit $bad

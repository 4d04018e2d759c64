"""./dev run: fills the blog once, and every line it prints to try works as it stands."""
import json
import os
import signal
import subprocess

import burrow

SCRIPT = burrow.ROOT / "tools/run_blog.sh"


class Run:
    """tools/run_blog.sh, started: .lines until the last one to try, .urls, .end()."""

    def __init__(self, folder, tries=5):
        self.process = subprocess.Popen([SCRIPT, "--listen", "127.0.0.1:0"], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, start_new_session=True,
                                        env={**os.environ, "BLOG_BUILD": str(burrow.BUILD), "BLOG_DATA": str(folder / "data")})
        self.lines = []
        while sum(line.startswith("  curl ") for line in self.lines) < tries:
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read()
            self.lines.append(line.rstrip("\n"))

    def end(self):
        os.killpg(self.process.pid, signal.SIGINT)  # Ctrl-C reaches all of them
        _, err = self.process.communicate(timeout=burrow.PATIENCE)
        assert self.process.returncode == 0, err


def paste(line):
    out = burrow.run("sh", "-c", line.strip().replace("curl ", "curl -q -sS --noproxy '*' ", 1))
    assert out.returncode == 0, out.stderr
    return json.loads(out.stdout)


def test_a_newcomers_first_minute(tmp_path):
    run = Run(tmp_path)
    try:
        assert "5000 records imported into Article" in run.lines
        one, top, river, added, sum_ = [paste(line) for line in run.lines if line.startswith("  curl ")]
        assert one["id"] == 7 and one["title"]
        assert len(top) == 5 and top == sorted(top, key=lambda a: -a["views"])
        assert len(river) == 2 and all("river" in a["title"].lower() and a["author"]["name"] for a in river)
        assert added["id"] == 5001 and sum_ == {"result": [3]}
    finally:
        run.end()
    again = Run(tmp_path)
    try:
        assert not any("imported" in line for line in again.lines)
        assert paste(next(line for line in again.lines if line.startswith("  curl "))) == one
    finally:
        again.end()

#!/usr/bin/env python3
"""Measures the blog against nginx and plain SQLite, all in this run, in turn, and writes docs/benchmarks.md.

usage: ./dev bench [--seconds S] [--rounds R] [NAME ...]     names: health pipelined article list create batch start idle scan log
Load goes to 127.0.0.1 only. The figure that counts is server CPU per request. Both sides are measured in turn, round by round;
a ratio is the median of the rounds' ratios. A round that other processes of the machine disturbed is done again (for as long as
there is patience), and the least disturbed ones count."""
import argparse
import contextlib
import datetime
import http.client
import json
import os
import pathlib
import platform
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
TICK = os.sysconf("SC_CLK_TCK")
CPUS = sorted(os.sched_getaffinity(0))
FOREIGN = 0.10     # cores that others may use in a clean round
PATIENCE = 60      # seconds that may go into rounds done again, in all
ROWS = []          # (work, figures, ratio text, target, met)
FOREIGN_SEEN = []  # of the rounds that count


def pinned(cpu):
    """The words before a command that keep it on one CPU."""
    return [] if cpu is None else ["taskset", "-c", str(cpu)]


SERVERS = []       # running: a bench that is ended takes them along


# ---- servers -------------------------------------------------------------------------------------

class Burrow:
    def __init__(self, data, threads=1, env=None, more=(), cpu=None):
        self.process = subprocess.Popen(
            [*pinned(cpu), BUILD / "examples/blog/blog", "--listen", "127.0.0.1:0", "--data", data, f"--server.threads={threads}",
             "--log.level=warn", *more], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env={**os.environ, **(env or {})})
        SERVERS.append(self.process)
        line = self.process.stdout.readline()
        self.url = re.search(r"http://\S+", line).group(0).rstrip("/")
        self.pids = [self.process.pid]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


class Nginx:
    def __init__(self, folder, body, files):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        conf = folder / "nginx.conf"
        conf.write_text(f"""
            daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
            events {{ worker_connections 4096; }}
            http {{
              access_log off; keepalive_requests 1000000000; default_type application/json; sendfile on; tcp_nopush on;
              open_file_cache max=100; server_tokens off;
              client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
              server {{ listen 127.0.0.1:{port} backlog=4096; root {files};
                {"".join(f'location = /r{n} {{ return 200 "{"x" * n}"; }}' for n in body)} }}
            }}""")
        self.process = subprocess.Popen(["nginx", "-c", conf, "-p", folder], stdin=subprocess.DEVNULL)
        SERVERS.append(self.process)
        for _ in range(200):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.02)
        self.pids = []
        while not self.pids:
            self.pids = [int(p) for p in pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]

    def stop(self):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)


def cpu_of(pids):
    """CPU seconds of these processes' threads so far, to the nanosecond."""
    total = 0
    for pid in pids:
        for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                total += int((thread / "schedstat").read_text().split()[0])
    return total / 1e9


def busy():
    """CPU seconds the whole machine has worked, and what of it are we and our ended children."""
    fields = [int(x) for x in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    mine = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return (sum(fields) - fields[3] - fields[4]) / TICK, sum(m.ru_utime + m.ru_stime for m in mine)


class Watch:
    """How many cores others used meanwhile: what was used less what we, our children and these servers did."""

    def __init__(self, pids):
        self.pids, self.began, self.before, self.server = pids, time.monotonic(), busy(), cpu_of(pids)

    def foreign(self):
        all_now, mine = busy()
        used = all_now - self.before[0] - (mine - self.before[1]) - (cpu_of(self.pids) - self.server)
        return max(0.0, used / (time.monotonic() - self.began))


def pss(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1)) / 1024


# ---- load ----------------------------------------------------------------------------------------

class Run:
    pass


def wrk(server, path, connections, seconds, script=None, cpu=None):
    words = [*pinned(cpu), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    if script:
        words += ["-s", script]
    watch, before = Watch(server.pids), cpu_of(server.pids)
    out = subprocess.run([*words, server.url + path], capture_output=True, text=True).stdout
    r = Run()
    used = cpu_of(server.pids) - before
    r.foreign = watch.foreign()
    r.n = int(re.search(r"(\d+) requests in", out).group(1))
    r.rps = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    errors = re.search(r"Socket errors: (.*)", out)
    if bad or (errors and re.search(r"[1-9]", errors.group(1))) or not r.n:
        sys.exit(f"bench: {path} answered errors:\n{out}")
    r.us = used / r.n * 1e6
    r.p99 = to_ms(re.search(r"99%\s+([\d.]+\w+)", out).group(1))
    return r


def flush(path):
    """So that nobody's flush has to write what we only copied."""
    with open(path, "rb") as f:
        os.fsync(f.fileno())


def to_ms(text):
    value, unit = re.match(r"([\d.]+)(\w+)", text).groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]


def median(runs, what):
    return statistics.median(getattr(r, what) for r in runs)


def in_turn(rounds, *jobs):
    """Each job once per round; the results of the `rounds` least disturbed rounds as one list per job."""
    global PATIENCE
    done = []
    while len(done) < rounds or (sum(f <= FOREIGN for f, _ in done) < rounds and PATIENCE > 0):
        began = time.monotonic()
        results = [job() for job in jobs]
        if len(done) >= rounds:
            PATIENCE -= time.monotonic() - began
        done.append((max(r.foreign for r in results), results))
    done.sort(key=lambda d: d[0])
    FOREIGN_SEEN.extend(f for f, _ in done[:rounds])
    return [list(r) for r in zip(*(results for _, results in done[:rounds]))]


def ratio_of(ours, peers, what):
    return statistics.median(getattr(a, what) / getattr(b, what) for a, b in zip(ours, peers))


def row(work, figures, ratio, target, met):
    ROWS.append((work, figures, ratio, target, met))
    print(f"{work}: {figures}; {ratio} (target {target}) {'ok' if met else 'MISSED'}", flush=True)


# ---- the works -----------------------------------------------------------------------------------

PIPELINE = """
init = function(args)
  local r = {}
  for i = 1, 16 do r[i] = wrk.format("GET", wrk.path, {Host = "127.0.0.1"}) end
  req = table.concat(r)
end
request = function() return req end
"""
RANDOM_ARTICLE = """
request = function() return wrk.format("GET", "/api/Article/" .. math.random(1, 5000)) end
"""
SAME_WORK = """
request = function() return wrk.format("GET", wrk.path .. "?" .. math.random(1, 5000)) end
"""
CREATE = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"title":"Honest thunder valley saves stone","body":"Gathers oyster forest candle fiddle carries candle island kitchen saddle.","views":3,"published":true,"author":7,"category":3}'
"""


class Bench:
    def __init__(self, folder, seconds, rounds):
        self.folder, self.seconds, self.rounds = folder, seconds, rounds
        self.data = folder / "data"
        content = folder / "content"
        subprocess.run([ROOT / "examples/blog/articles.py", content], check=True)
        for table, name in (("Author", "authors"), ("Category", "categories"), ("Article", "articles")):
            subprocess.run([BUILD / "burrow", "import", content / f"{name}.ndjson", "--table", table, "--app", ROOT / "examples/blog.json",
                            "--data", self.data], check=True, stdout=subprocess.DEVNULL)
        self.scripts = {}
        for name, text in (("pipeline", PIPELINE), ("article", RANDOM_ARTICLE), ("same", SAME_WORK), ("create", CREATE)):
            self.scripts[name] = folder / f"{name}.lua"
            self.scripts[name].write_text(text)
        b = Burrow(self.data)
        self.sizes = {}
        for name, path in (("health", "/health"), ("article", "/api/Article/7"), ("list", "/api/Article?limit=50")):
            body = urllib.request.urlopen(b.url + path).read()
            self.sizes[name] = len(body)
            (folder / f"{name}.json").write_bytes(body)
        b.stop()

    @contextlib.contextmanager
    def both(self):
        b = Burrow(self.data)
        (self.folder / "nginx").mkdir(exist_ok=True)
        n = Nginx(self.folder / "nginx", sorted({self.sizes["health"], self.sizes["article"]}), self.folder)
        try:
            yield b, n
        finally:
            b.stop()
            n.stop()

    def against_nginx(self, work, connections, path, peer_path, most, script=None, peer_script=None):
        with self.both() as (b, n):
            ours, peer = in_turn(self.rounds, lambda: wrk(b, path, connections, self.seconds, script),
                                 lambda: wrk(n, peer_path, connections, self.seconds, peer_script))
        ratio = ratio_of(ours, peer, "us")
        row(work, f"{median(ours, 'us'):.2f} us, {median(ours, 'rps'):,.0f}/s; nginx {median(peer, 'us'):.2f} us, {median(peer, 'rps'):,.0f}/s",
            f"{ratio:.2f} x", f"≤ {most:.2f} x", ratio <= most)

    def health(self):
        for c in (64, 512):
            self.against_nginx(f"`/health`, {c} connections, CPU per request", c, "/health", f"/r{self.sizes['health']}", 1.0)

    def pipelined(self):
        self.against_nginx("`/health` pipelined 16 deep", 64, "/health", f"/r{self.sizes['health']}", 0.25,
                           self.scripts["pipeline"], self.scripts["pipeline"])

    def article(self):
        self.against_nginx("`GET /api/Article/:id`, read from SQLite each time", 64, "/api/Article/7", f"/r{self.sizes['article']}", 1.25,
                           self.scripts["article"], self.scripts["same"])

    def list(self):
        self.against_nginx("list of 50 articles, no cache; nginx sends a file of that size", 64, "/api/Article?limit=50", "/list.json", 3.5)

    def plain(self, *words, env=None):
        """The C loop on a fresh copy of the database."""
        copy = self.folder / "plain.db"
        for suffix in ("", "-wal", "-shm"):
            pathlib.Path(f"{copy}{suffix}").unlink(missing_ok=True)
        shutil.copy(self.data / "blog.db", copy)
        flush(copy)
        watch = Watch([])
        out = subprocess.run([BUILD / "bench/bench_plain", copy, *map(str, words)], capture_output=True, text=True, check=True,
                             env={**os.environ, **(env or {})}).stdout.split()
        r = Run()
        r.foreign, r.rps = watch.foreign(), float(out[0]) / float(out[1])
        return r

    def copy(self):
        copy = self.folder / "create"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        shutil.copy(self.data / "blog.db", copy)
        flush(copy / "blog.db")
        return copy

    def creates(self, connections, env=None):
        b = Burrow(self.copy(), env=env)
        try:
            return wrk(b, "/api/Article", connections, self.seconds, self.scripts["create"])
        finally:
            b.stop()

    def create(self):
        shim = self.folder / "slow_flush.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", shim, ROOT / "tests/fault/slow_flush.c", "-ldl"], check=True)
        slow = {"LD_PRELOAD": str(shim), "SLOW_FLUSH_US": "4000"}
        for name, connections, env, least in (("durable creates, 64 connections", 64, None, 9), ("durable creates, 2 connections", 2, None, 1),
                                              ("durable creates, 64 connections, a flush costs 4 ms more", 64, slow, 40)):
            ours, peer = in_turn(self.rounds, lambda: self.creates(connections, env), lambda: self.plain("single", self.seconds, env=env))
            ratio = ratio_of(ours, peer, "rps")
            row(name, f"{median(ours, 'rps'):,.0f}/s; plain loop {median(peer, 'rps'):,.0f}/s", f"{ratio:.1f} x", f"≥ {least} x", ratio >= least)

    def batches(self, file, rows):
        b = Burrow(self.copy())
        watch, start = Watch(b.pids), time.monotonic()
        subprocess.run(["curl", "-sf", "-H", "Content-Type: application/x-ndjson", "-H", "Prefer: return=minimal", "-H", "Expect:",
                        "--data-binary", f"@{file}", b.url + "/api/Article/batch"], check=True, stdout=subprocess.DEVNULL)
        r = Run()
        r.rps, r.foreign = rows / (time.monotonic() - start), watch.foreign()
        b.stop()
        return r

    def batch(self):
        rows, file = 200_000, self.folder / "batch.ndjson"
        with open(file, "w") as out:
            for i in range(rows):
                out.write(json.dumps({"title": f"Honest thunder valley saves stone {i}",
                                      "body": f"Gathers oyster forest candle fiddle carries candle island kitchen saddle. Shadow river hollow {i}.",
                                      "views": i % 1000, "published": i % 10 != 0, "author": 1 + i % 50, "category": 1 + i % 10}) + "\n")
        ours, peer = in_turn(self.rounds, lambda: self.batches(file, rows), lambda: self.plain("bulk", rows))
        ratio = ratio_of(ours, peer, "rps")
        row(f"batch import of {rows:,} rows over HTTP, atomic", f"{median(ours, 'rps'):,.0f} rows/s; C loop {median(peer, 'rps'):,.0f} rows/s",
            f"{ratio:.0%}", "≥ 70 %", ratio >= 0.7)

    def start_once(self, data):
        """From the server's exec to the first 200, as a client sees it that runs already and tries to connect."""
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        words = [BUILD / "examples/blog/blog", "--listen", f"127.0.0.1:{port}", "--data", data, "--server.threads=1", "--log.level=warn"]
        null = os.open(os.devnull, os.O_RDWR)
        watch, begin, answer = Watch([]), time.monotonic(), b""
        pid = os.posix_spawn(words[0], words, os.environ,
                             file_actions=[(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1)])
        while not answer.startswith(b"HTTP/1.1 200"):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as s:
                s.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
                answer = s.recv(4096)
            if not answer and time.monotonic() - begin > 10:
                sys.exit("bench: the server does not start")
            time.sleep(0.0001)
        r = Run()
        r.ms = (time.monotonic() - begin) * 1000
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
        os.close(null)
        r.foreign = watch.foreign()
        return r

    def start(self):
        def new():
            shutil.rmtree(self.folder / "new", ignore_errors=True)
            return self.start_once(self.folder / "new")
        there, fresh = in_turn(15, lambda: self.start_once(self.data), new)
        ms = median(there, "ms")
        row("start to first 200, an existing database", f"{ms:.1f} ms; with the database to be made and flushed to disk {median(fresh, 'ms'):.1f} ms",
            f"{ms:.1f} ms", "≤ 10 ms", ms <= 10)

    def idle(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000), hard))
        b = Burrow(self.data)
        idle = pss(b.process.pid)
        row("idle memory (PSS)", f"{idle:.1f} MiB", f"{idle:.1f} MiB", "≤ 8 MiB", idle <= 8)
        port, conns = int(b.url.rsplit(":", 1)[1]), []
        for i in range(10000):
            s = socket.socket()
            s.bind((f"127.0.0.{2 + i % 20}", 0))
            s.connect(("127.0.0.1", port))
            s.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            s.recv(4096)
            conns.append(s)
        more = pss(b.process.pid) - idle
        for s in conns:
            s.close()
        b.stop()
        row("10,000 idle keep-alive connections, memory more", f"{more:.1f} MiB", f"{more:.1f} MiB", "≤ 6 MiB", more <= 6)

    def log(self):
        def line():
            watch = Watch([])
            out = subprocess.run([BUILD / "bench/bench_log"], capture_output=True, text=True, check=True).stdout
            r = Run()
            r.ns, r.foreign = float(re.search(r"([\d.]+) ns median", out).group(1)), watch.foreign()
            return r
        ns = median(in_turn(self.rounds, line)[0], "ns")
        row("a log line at info, four fields, on the calling thread", f"{ns:.0f} ns", f"{ns:.0f} ns", "≤ 300 ns", ns <= 300)
        self.access_log()
        self.metrics()

    def access_log(self):
        copy = self.copy()
        quiet = Burrow(self.data)
        logs = Burrow(copy, more=("--log.access=combined", f"--log.access_file={self.folder / 'access.log'}"))
        try:
            with_log, without = in_turn(2 * self.rounds, *(lambda s=s: wrk(s, "/api/Article/7", 64, self.seconds, self.scripts["article"])
                                                           for s in (logs, quiet)))
        finally:
            quiet.stop()
            logs.stop()
        cost = 1 - ratio_of(with_log, without, "rps")
        row("access log on (combined, to a file), `GET /api/Article/:id`",
            f"{median(with_log, 'rps'):,.0f}/s; without {median(without, 'rps'):,.0f}/s; CPU {median(with_log, 'us'):.2f} and {median(without, 'us'):.2f} us",
            f"{cost:.1%} of throughput", "≤ 5 %", cost <= 0.05)

    def metrics(self):
        def calls():
            watch = Watch([])
            out = subprocess.run([BUILD / "bench/bench_metric"], capture_output=True, text=True, check=True).stdout
            r = Run()
            r.ns, r.foreign = float(re.search(r"([\d.]+) ns median", out).group(1)), watch.foreign()
            return r
        b = Burrow(self.data)
        try:
            counted, served = in_turn(self.rounds, calls, lambda: wrk(b, "/health", 64, self.seconds))
        finally:
            b.stop()
        cost = statistics.median(c.ns / 1000 / s.us for c, s in zip(counted, served))
        row("metrics: all that a request counts, of the CPU of the cheapest request (`/health`)",
            f"{median(counted, 'ns'):.0f} ns of {median(served, 'us'):.2f} us", f"{cost:.1%} of throughput", "≤ 3 %", cost <= 0.03)

    def scan(self):
        data = self.folder / "scan"
        data.mkdir()
        shutil.copy(self.data / "blog.db", data)
        subprocess.run([BUILD / "bench/bench_plain", data / "blog.db", "bulk", "400000"], check=True, stdout=subprocess.DEVNULL)
        for file in data.iterdir():
            flush(file)
        # The server has a core to itself: else the load generator waits for it to be descheduled, and that is what one measures.
        b = Burrow(data, cpu=CPUS[0])
        began = time.monotonic()
        scanner = subprocess.Popen([*pinned(CPUS[-1]), "wrk", "-t1", "-c1", "-d600s", "--timeout", "60s", f"{b.url}/api/Article?body=ilike.*no-such-words*&limit=1"],
                                   stdout=subprocess.PIPE, text=True)
        runs, = in_turn(self.rounds, lambda: wrk(b, "/api/Article/7", 8, self.seconds, self.scripts["article"], cpu=CPUS[-1]))
        scanner.send_signal(signal.SIGINT)
        took = time.monotonic() - began
        scans = int(re.search(r"(\d+) requests in", scanner.communicate()[0]).group(1))
        b.stop()
        p99 = median(runs, "p99")
        row("p99 of point reads, 8 connections, beside a continuous table scan on the same loop",
            f"{p99:.2f} ms; a scan of 405,000 rows takes {took / scans * 1000:.0f} ms; the server on a core of its own",
            f"{p99:.2f} ms", "≤ 1 ms", p99 <= 1)


def go_first():
    """Ahead of whatever else runs on the machine, where that is allowed: a busy neighbour spoils tail latencies."""
    with contextlib.suppress(OSError):
        os.setsid()
    with contextlib.suppress(OSError):
        pathlib.Path("/proc/self/autogroup").write_text("-19")
    with contextlib.suppress(OSError):
        os.nice(-19)


def write_report(args):
    cpu_name = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text()).group(1)
    versions = [subprocess.run(w, capture_output=True, text=True) for w in (["nginx", "-v"], ["sqlite3", "--version"], ["gcc", "--version"])]
    lines = ["# Benchmarks", "",
             f"Written by `./dev bench` on {datetime.date.today()}: {os.cpu_count()} x {cpu_name}, Linux {platform.release()}, loopback; one server thread "
             f"against one nginx worker; {args.rounds} interleaved rounds of {args.seconds} s, a ratio is the median of the rounds' ratios; wrk shares the same "
             "cores, so CPU per request counts, requests per second only show the order. Where the text says so, server and load have a core each. "
             f"Others used {statistics.median(FOREIGN_SEEN):.2f} cores in the median round that counts, {max(FOREIGN_SEEN):.2f} in the worst.", "",
             f"Peers: {versions[0].stderr.strip()}, SQLite {versions[1].stdout.split()[0]}, {versions[2].stdout.splitlines()[0]}.", "",
             "| work | figures | ratio | target | met |", "|---|---|---|---|---|"]
    lines += [f"| {w} | {f} | {r} | {t} | {'yes' if met else '**no**'} |" for w, f, r, t, met in ROWS]
    page = ROOT / "docs/benchmarks.md"
    notes = page.read_text().partition("\n## ")  # what was written by hand stands behind the table
    page.write_text("\n".join(lines) + "\n" + ("\n## " + notes[2] if notes[1] else ""))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--seconds", type=int, default=2)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("names", nargs="*")
    args = p.parse_args()
    go_first()
    works = ["health", "pipelined", "article", "list", "create", "batch", "start", "idle", "scan", "log"]
    for name in args.names:
        if name not in works:
            sys.exit(f"bench: no work '{name}': {', '.join(works)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended"))
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        os.chmod(folder, 0o755)  # nginx's worker is another user
        try:
            bench = Bench(pathlib.Path(folder), args.seconds, args.rounds)
            for name in args.names or works:
                getattr(bench, name)()
        finally:
            for process in SERVERS:
                process.kill() if process.poll() is None else None
                process.wait()
    if not args.names:
        write_report(args)
        print("written: docs/benchmarks.md")


main()

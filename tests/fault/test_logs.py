"""Log files under faults: nothing blocks, each thread's order is kept, and what is lost is counted exactly."""
import gzip
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

import burrow

MIB = 1 << 20
MAY_MOUNT = int(next(l.split()[1] for l in open("/proc/self/status") if l.startswith("CapEff")), 16) >> 21 & 1
needs_mount = pytest.mark.skipif(not MAY_MOUNT, reason="may not mount")


class Many:
    """log_many at work on FILE."""

    def __init__(self, file, threads, records, size=0, pad=0):
        self.file = pathlib.Path(file)
        self.process = subprocess.Popen([burrow.BUILD / "tests/log_many", file, str(threads), str(records), str(size), str(pad)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def done(self):
        word, longest = self.process.stdout.readline().split()
        assert word == "done"
        return int(longest) / 1e9

    def one_more(self):
        self.process.stdin.write("x\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "ok\n"

    def end(self):
        """(put, lost)"""
        out, _ = self.process.communicate(timeout=burrow.PATIENCE)
        assert self.process.returncode == 0
        words = out.split()
        return int(words[1]), int(words[3])


def read(file, more=()):
    """All lines of a log in order: rotated files, then FILE."""
    for p in (*sorted(file.parent.glob(file.name + ".*")), *more, file):
        with gzip.open(p) if p.suffix == ".gz" else open(p, "rb") as lines:
            yield from map(json.loads, lines)


def account(lines, put, lost):
    """Every record is there or counted, each thread's in order."""
    seen, told = {}, 0
    for l in lines:
        if l["msg"] == "records lost":
            told += l["records"]
            continue
        assert l["n"] > seen.get(l["thread"], (0, 0))[0], l
        seen[l["thread"]] = (l["n"], seen.get(l["thread"], (0, 0))[1] + 1)
    assert sum(n for _, n in seen.values()) + lost == put
    assert told == lost
    return lost


def test_many_threads_and_rotation(tmp_path):
    many = Many(tmp_path / "x.log", 8, 30000, MIB)
    many.done()
    put, lost = many.end()
    again = Many(tmp_path / "x.log", 1, 0, MIB)  # packs what the first left
    deadline = time.monotonic() + burrow.PATIENCE
    while [p for p in tmp_path.glob("x.log.*") if p.suffix != ".gz"] and time.monotonic() < deadline:
        time.sleep(0.02)
    again.end()
    olds = list(tmp_path.glob("x.log.*"))
    assert len(olds) > 5 and all(p.suffix == ".gz" for p in olds)
    account(read(tmp_path / "x.log"), put, lost)


def test_a_gigabyte_in_a_minute(tmp_path):
    """Eight threads, a kilobyte a record: what the disk and the packing of rotated files do not keep up with is counted."""
    many = Many(tmp_path / "x.log", 8, 131072, 64 * MIB, 1000)
    assert many.done() < 5, "logging waited for the disk"
    many.one_more()
    put, lost = many.end()
    assert put == 8 * 131072 + 1  # each a line of more than 1 KiB
    account(read(tmp_path / "x.log"), put, lost)
    assert lost < put
    for p in tmp_path.glob("x.log*"):  # or the gigabyte stays for some runs
        p.unlink()


@pytest.fixture
def tmpfs(tmp_path):
    folder = tmp_path / "mnt"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@needs_mount
@pytest.mark.parametrize("size", [0, MIB // 4])
def test_a_full_disk(tmpfs, size):
    ballast = tmpfs / "ballast"
    ballast.write_bytes(bytes(MIB))
    many = Many(tmpfs / "x.log", 8, 10000, size)
    assert many.done() < 5, "logging waited for the disk"
    many.one_more()
    ballast.unlink()
    many.one_more()
    put, lost = many.end()
    assert account(read(tmpfs / "x.log"), put, lost) > 0


@needs_mount
def test_a_read_only_disk(tmpfs):
    file = tmpfs / "x.log"
    many = Many(file, 2, 100)
    many.done()
    os.rename(file, tmpfs / "away")
    # The writer has the file open still, which no remount allows: nothing but a bind mount shows it read-only.
    subprocess.run(["mount", "--bind", "-o", "ro", tmpfs, tmpfs], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", tmpfs], check=True)
    for _ in range(3):
        many.one_more()
    subprocess.run(["umount", tmpfs], check=True)
    many.one_more()
    put, lost = many.end()
    assert account(read(file, [tmpfs / "away"]), put, lost) == 3


def test_a_folder_deleted_or_replaced(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    many = Many(folder / "x.log", 2, 100)
    many.done()
    folder.rename(tmp_path / "before")
    many.one_more()  # makes it anew
    folder.rename(tmp_path / "between")
    folder.write_text("a file")
    many.one_more()
    many.one_more()
    folder.unlink()
    many.one_more()
    put, lost = many.end()
    lines = read(folder / "x.log", [tmp_path / "before/x.log", tmp_path / "between/x.log"])
    assert account(lines, put, lost) == 2


def test_renamed_while_it_is_written(tmp_path):
    file, away = tmp_path / "x.log", []
    many = Many(file, 8, 20000)
    for _ in range(100):
        time.sleep(0.005)
        if file.exists():
            away.append(tmp_path / f"away-{len(away):03}")
            os.rename(file, away[-1])
    many.done()
    many.one_more()
    put, lost = many.end()
    # A batch may go to the old name at the very moment of the rename: the lines are there, in order.
    account(read(file, away), put, lost)


def test_reopen_and_levels_live(tmp_path):
    settings = tmp_path / "s.json"
    settings.write_text(json.dumps({"log": {"file": str(tmp_path / "x.log"), "levels": {"host": "warn"}}}))
    server = burrow.blog(tmp_path, "--run", "--settings", settings)
    os.rename(tmp_path / "x.log", tmp_path / "away")
    server.process.send_signal(signal.SIGUSR1)
    settings.write_text(json.dumps({"log": {"file": str(tmp_path / "x.log"), "levels": {"rest": "debug"}}}))
    server.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + burrow.PATIENCE
    while "settings read again" not in (tmp_path / "x.log").read_text() if (tmp_path / "x.log").exists() else True:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    server.get("/api/Article/1")
    assert server.stop() == 0
    assert "listening" not in (tmp_path / "away").read_text()
    lines = [json.loads(l) for l in (tmp_path / "x.log").read_text().splitlines()]
    assert [l["path"] for l in lines if l["msg"] == "request"] == ["/api/Article/1"]

"""What children print, when the disk or others spoil it: nobody is blocked who must not be, memory stays flat, each byte is in the
file or counted, and it goes on when the trouble is over. Each test is named after a fault of the list in the issue."""
import base64
import contextlib
import gzip
import os
import pathlib
import re
import subprocess
import threading
import time

import pytest

import burrow

MAY_MOUNT = int(next(l.split()[1] for l in open("/proc/self/status") if l.startswith("CapEff")), 16) >> 21 & 1
needs_mount = pytest.mark.skipif(not MAY_MOUNT, reason="may not mount")
MARK = re.compile(rb"\n?\[burrow angel: (?:(\d+) bytes lost)?(?:, )?(?:(\d+) bytes of older files removed)? from \S+ to \S+: [^\]]+\]\n")


class One:
    """capture_one at work: FIFO → file."""

    def __init__(self, folder, file, policy, *rest):
        self.fifo = folder / "fifo"
        self.file = pathlib.Path(file)
        os.mkfifo(self.fifo)
        self.process = subprocess.Popen([burrow.BUILD / "tests/capture_one", self.fifo, file, policy, *map(str, rest)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout.readline() == "ready\n"
        self.out = os.open(self.fifo, os.O_WRONLY)

    def look(self):
        """bytes, lost_bytes, losses, rotations; all that was printed before is in the file or lost."""
        self.process.stdin.write("x\n")
        self.process.stdin.flush()
        return [int(x) for x in self.process.stdout.readline().split()]

    def print(self, data):
        view = memoryview(data)
        while view:
            view = view[os.write(self.out, view):]

    def memory(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1))

    def end(self):
        out, _ = self.process.communicate(timeout=burrow.PATIENCE)
        os.close(self.out)
        assert self.process.returncode == 0
        return [int(x) for x in out.split()]


@contextlib.contextmanager
def disk(folder, size="3m"):
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def content(file):
    """All that was kept, the oldest first."""
    text = b""
    for p in sorted(p for p in file.parent.glob(file.name + ".*") if not p.name.endswith(".part")):
        text += gzip.open(p).read() if p.suffix == ".gz" else p.read_bytes()
    return text + file.read_bytes()


def account(text, printed, lost):
    """The file is what was printed, but for what the marks count."""
    told = sum(int(m.group(1) or 0) for m in MARK.finditer(text))
    assert told == lost
    rest = MARK.sub(b"", text)
    # a mark begins with a line end of its own where it cut a line
    assert len(rest) == printed - lost


def lines(first, n):
    return b"".join(b"line %08d %s\n" % (i, b"x" * 109) for i in range(first, first + n))


def until(what):
    end = time.monotonic() + burrow.PATIENCE
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


@needs_mount
def test_disk_full_never_blocks_and_counts(tmp_path):
    """ENOSPC on log write: 12 MB into a disk of 3 MB; then room, and logging resumes without anything printed."""
    with disk(tmp_path / "disk") as d:
        (d / "ballast").write_bytes(b"b" * (1 << 20))
        one = One(tmp_path, d / "x.log", "drop-new")
        one.print(lines(0, 20000))
        before = one.memory()
        one.print(lines(20000, 80000))  # comes back: nobody is blocked
        got, lost, losses, _ = one.look()
        assert got == 100000 * 124 and losses >= 1 and lost > 9 << 20
        assert one.memory() < before + 1024
        (d / "ballast").unlink()
        until(lambda: b"bytes lost from" in (d / "x.log").read_bytes()[-400:])
        one.print(lines(100000, 10))
        got, lost, *_ = one.end()
        text = (d / "x.log").read_bytes()
        assert text.endswith(lines(100000, 10))
        account(text, got, lost)


@needs_mount
def test_disk_full_drops_the_oldest(tmp_path):
    """The newest lines are kept; what was removed for them is told."""
    with disk(tmp_path / "disk") as d:
        one = One(tmp_path, d / "x.log", "drop-oldest", 1000, 200000)
        last = b""
        for _ in range(100):  # noise, so that packing makes no room
            last = b"".join(base64.b64encode(os.urandom(92)) + b"\n" for _ in range(1000))
            one.print(last)
        got, lost, losses, rotations = one.end()
        assert got == 100 * len(last) and lost > 0 and losses >= 1 and rotations > 10
        text = content(d / "x.log")
        assert last.splitlines()[-1] in text
        assert b"bytes of older files removed" in text


@needs_mount
def test_disk_full_blocks_when_told_to(tmp_path):
    """With "block" the child waits, and not a byte is lost."""
    with disk(tmp_path / "disk") as d:
        (d / "ballast").write_bytes(b"b" * (2 << 20))
        one = One(tmp_path, d / "x.log", "block")
        data, done = lines(0, 20000), threading.Event()
        t = threading.Thread(target=lambda: (one.print(data), done.set()))
        t.start()
        until(lambda: (d / "x.log").exists() and (d / "x.log").stat().st_size >= 900 << 10)
        assert not done.is_set()
        (d / "ballast").unlink()
        until(done.is_set)
        t.join()
        got, lost, losses, _ = one.end()
        assert (got, lost, losses) == (len(data), 0, 0)
        assert (d / "x.log").read_bytes() == data


@needs_mount
def test_read_only_remount(tmp_path):
    with disk(tmp_path / "disk") as d:
        one = One(tmp_path, d / "x.log", "drop-oldest")
        one.print(b"before\n")
        one.look()
        (d / "x.log").rename(d / "away")
        subprocess.run(["mount", "-o", "remount,ro", d], check=False)
        busy = os.access(d, os.W_OK)
        one.print(b"meanwhile\n")
        lost = one.look()[1]
        subprocess.run(["mount", "-o", "remount,rw", d], check=True)
        one.print(b"after\n")
        assert one.end()[1] == lost
        assert (lost == 0) == busy
        assert (d / "x.log").read_bytes().endswith(b"after\n")


def test_folder_deleted(tmp_path):
    one = One(tmp_path, tmp_path / "log/x.log", "drop-oldest")
    one.print(b"one\n")
    one.look()
    (tmp_path / "log/x.log").unlink()
    (tmp_path / "log").rmdir()
    one.print(b"two\n")
    assert one.end()[:2] == [8, 0]
    assert (tmp_path / "log/x.log").read_bytes() == b"two\n"


def test_folder_replaced_by_a_file(tmp_path):
    one = One(tmp_path, tmp_path / "log/x.log", "drop-oldest")
    one.print(b"one\n")
    one.look()
    (tmp_path / "log/x.log").unlink()
    (tmp_path / "log").rmdir()
    (tmp_path / "log").write_text("in the way")
    one.print(b"two\n")
    assert one.look()[1:3] == [4, 1]
    (tmp_path / "log").unlink()
    until(lambda: (tmp_path / "log/x.log").exists())  # tried again by itself
    one.print(b"three\n")
    assert one.end()[1] == 4
    text = (tmp_path / "log/x.log").read_bytes()
    assert MARK.match(text) and text.endswith(b"]\nthree\n")


def test_renamed_by_others_while_it_rotates(tmp_path):
    """rename race: logrotate and the angel rename the same file; not a byte is lost."""
    (tmp_path / "away").mkdir()
    one = One(tmp_path, tmp_path / "x.log", "drop-oldest", 1000, 20000)
    taken = n = 0
    end = time.monotonic() + burrow.PATIENCE
    while taken < 20 or n < 20000:
        assert time.monotonic() < end
        one.print(lines(n, 100))
        n += 100
        with contextlib.suppress(FileNotFoundError):
            (tmp_path / "x.log").rename(tmp_path / f"away/{n:08d}")
            taken += 1
    got, lost, losses, _ = one.end()
    assert (got, lost, losses) == (n * 124, 0, 0)
    all_ = [l for p in (tmp_path / "away").iterdir() for l in p.read_bytes().splitlines()] + content(tmp_path / "x.log").splitlines()
    assert sorted(all_) == lines(0, n).splitlines()


def test_manager_killed_leaves_what_was_written(tmp_path):
    """kill -9 while it writes and packs: the next one goes on, every line is whole and there once."""
    one = One(tmp_path, tmp_path / "x.log", "drop-oldest", 1000, 100000)
    keep = os.open(one.fifo, os.O_RDWR)  # as the child's end does: what is in the FIFO stays
    one.print(lines(0, 5000))
    one.process.kill()
    one.process.wait()
    os.close(one.out)
    two = subprocess.Popen([burrow.BUILD / "tests/capture_one", one.fifo, tmp_path / "x.log", "drop-oldest", "1000", "100000"], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, text=True)
    assert two.stdout.readline() == "ready\n"
    with open(one.fifo, "wb") as f:
        f.write(lines(5000, 5000))
    two.communicate(timeout=burrow.PATIENCE)
    os.close(keep)
    got = content(tmp_path / "x.log").splitlines()
    assert len(set(got)) == len(got)
    assert got[-5000:] == lines(5000, 5000).splitlines()
    assert len(got) >= 5000
    assert len(set(got) - set(lines(0, 10000).splitlines())) <= 1  # where it was killed

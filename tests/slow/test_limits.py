"""Limits of memory, CPU and processes where cgroup v2 has its controllers: a kernel of Debian in qemu, since the test's own
machine may have its controllers elsewhere. The angel is the program that is tested, in an initramfs with its libraries."""
import fcntl
import gzip
import json
import pathlib
import re
import shutil
import subprocess

import pytest

import burrow

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SERVICES = {"Services": [
    {"Name": "hog", "Run": ["/bin/busybox", "sh", "-c", "echo eating; x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done"], "MemoryMax": 32 << 20,
     "WatchCountRestart": 1, "RedirectLogFile": "/log/hog.log"},
    {"Name": "greedy", "Run": ["/bin/busybox", "sh", "-c", "while [ ! -e /go ]; do sleep 0.1; done; x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done"],
     "WatchCountRestart": 1},
    {"Name": "fork", "Run": ["/bin/busybox", "sh", "-c", "sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1000 & done'; exec sleep 1000"],
     "PidsMax": 12, "RedirectLogFile": "/log/fork.log"},
    {"Name": "spin", "Run": ["/bin/busybox", "sh", "-c", "while :; do :; done"], "CpuMax": 0.2}]}


NOTES = {"name": "notes", "tables": [{"name": "Note", "fields": [{"name": "t", "type": "text"}]}]}


def do(*words, **more):
    out = subprocess.run(list(map(str, words)), capture_output=True, **more)
    assert out.returncode == 0, (words, out.stdout[-2000:], out.stderr[-2000:])
    return out.stdout


def fetch_kernel(folder):
    """Downloaded and unpacked, not installed: how this machine boots is its own affair."""
    told = do("apt-cache", "depends", "--important", "linux-image-cloud-amd64", text=True)
    package = re.search(r"Depends: (linux-image-\S+)", told).group(1)
    do("apt-get", "download", package, cwd=folder)
    do("dpkg-deb", "-x", next(folder.glob("linux-image-*.deb")), folder / "root")
    next(folder.glob("root/boot/vmlinuz-*")).rename(folder / "vmlinuz")
    shutil.rmtree(folder / "root")


@pytest.fixture(scope="session")
def kernel():
    folder = ROOT / "build/kernel"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "vmlinuz").exists():
            fetch_kernel(folder)
    return folder / "vmlinuz"


def initramfs(folder):
    root = folder / "root"
    for name in ("bin", "dev", "proc", "sys", "tmp", "etc", "log"):
        (root / name).mkdir(parents=True)
    for program in ("/bin/busybox", burrow.BURROW):
        shutil.copy(program, root / "bin")
    (root / "bin/sh").symlink_to("busybox")
    linked = subprocess.run(["ldd", "/bin/busybox", burrow.BURROW], capture_output=True, text=True).stdout  # a static one has none
    for library in set(re.findall(r"(?:=> |^\t)(/\S+) \(", linked, re.M)):
        to = root / library.lstrip("/")
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, to)
    (root / "etc/angel.json").write_text(json.dumps(SERVICES))
    (root / "etc/notes.json").write_text(json.dumps(NOTES))
    shutil.copy(ROOT / "tests/slow/limits.sh", root / "init")
    names = "\n".join(["."] + [str(p.relative_to(root)) for p in sorted(root.rglob("*"))])
    packed = do("busybox", "cpio", "-o", "-H", "newc", input=names.encode(), cwd=root)
    (folder / "initrd").write_bytes(gzip.compress(packed, 1))
    return folder / "initrd"


@pytest.fixture(scope="module")
def told(kernel, tmp_path_factory):
    """What the machine printed, by the names of its parts."""
    folder = tmp_path_factory.mktemp("limits")
    words = ["qemu-system-x86_64", "-m", "512", "-smp", "2", "-nographic", "-no-reboot", "-nic", "none", "-kernel", kernel, "-initrd", initramfs(folder),
             "-append", "console=ttyS0 quiet panic=-1"]
    try:
        out = subprocess.run(list(map(str, words)), stdin=subprocess.DEVNULL, capture_output=True, timeout=180)
    except subprocess.TimeoutExpired as late:
        pytest.fail(f"the machine did not end: {(late.stdout or b'').decode(errors='replace')[-3000:]}")
    console = out.stdout.decode(errors="replace").replace("\r", "")
    parts = {name: text for name, _, text in (part.partition("\n") for part in console.split("\n@@ ")[1:])}
    assert "the end" in parts, console[-5000:]
    return parts


def events(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_memory(told):
    assert re.search(r"hog\.\d+/memory\.max 33554432", told["files"]), told["files"]
    ended = [e for e in events(told["events"]) if (e["unit"], e["kind"]) == ("hog", "exited")]
    assert ended and all(e["text"].startswith("hog (process") and "signal 9 (SIGKILL), out of memory: its MemoryMax" in e["text"] for e in ended), ended
    assert "out of memory: its MemoryMax" in told["why"], told["why"]
    assert re.search(r"^end: +signal 9 \(SIGKILL\), out of memory: its MemoryMax$", told["crash"], re.M), told["crash"]
    assert re.search(r"output ----\neating$", told["crash"], re.M), told["crash"]


def test_memory_of_a_group_above(told):
    text = told["crash above"]
    assert re.search(r"^end: +signal 9 \(SIGKILL\), out of memory: the machine's or of a group above$", text, re.M), text


def test_processes(told):
    assert re.search(r"fork\.\d+/pids\.max 12", told["files"]), told["files"]
    assert "can't fork" in told["fork.log"], told["fork.log"]
    assert not told["fork.left"].split(), told["fork.left"]


def test_cpu(told):
    """That it was held back is what the machine waited for."""
    assert re.search(r"spin\.\d+/cpu\.max 20000 100000", told["files"]), told["files"]


def test_it_leaves_nothing(told):
    assert told["end"].split() == ["0"] and "burrow-" not in told["groups"], (told["end"], told["groups"])


def test_a_server_sizes_itself_by_its_groups(told):
    free, boxed = told["sizes in given-not"], told["sizes in box/in"]
    threads = [int(re.search(r"^Threads:\s+(\d+)$", text, re.M).group(1)) for text in (free, boxed)]
    assert threads[0] - threads[1] == 1, (free, boxed)  # loops: 2 CPUs, and half a one
    assert "cache_kib" not in free, free
    # A quarter of the group's above 128 MiB, for five connections; its own limit would be more.
    assert '"cache_kib":6553' in boxed, boxed


def test_where_nothing_is_delegated(told):
    said = events(told["not given"])
    for unit in ("hog", "spin"):
        kinds = [e["kind"] for e in said if e["unit"] == unit]
        assert kinds.count("unlimited") == 1 and "started" in kinds, said
    assert "spin is ready" in told["not given, why"] and "without its CpuMax" in told["not given, why"], told["not given, why"]
    assert all("Delegate=yes" in e["text"] for e in said if e["kind"] == "unlimited"), said


def test_where_some_controllers_are_delegated(told):
    files = told["some, files"]
    assert re.search(r"spin\.\d+/cpu\.max 20000 100000", files) and re.search(r"fork\.\d+/pids\.max 12", files) and "memory.max" not in files, files
    (said,) = [e for e in events(told["some"]) if e["kind"] == "unlimited"]
    assert said["unit"] == "hog" and said["text"].startswith("hog runs without its MemoryMax: the angel"), said

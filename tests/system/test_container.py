"""What containers give and take: limits of memory and CPUs (cgroup v1 and v2), and the duties of process 1. As root: each test
has namespaces of its own; the files of the groups are stand-ins, in the kernel's form."""
import os
import re
import signal
import subprocess
import time

import pytest

import burrow

V2 = {"memory.max": "67108864", "cpu.max": "100000 100000"}
V1 = {"memory/memory.limit_in_bytes": "67108864", "cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}
NONE = {"memory/memory.limit_in_bytes": "9223372036854771712", "cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}
BLOG = f"{burrow.BLOG} --run --listen 127.0.0.1:0 --data data"


def limited(folder, files, command):
    """The words that run `command` where the groups say this."""
    groups = folder / "groups"
    for name, text in files.items():
        (groups / name).parent.mkdir(parents=True, exist_ok=True)
        (groups / name).write_text(text + "\n")
    return ["unshare", "--mount", "sh", "-c", f"mount -t tmpfs none /sys/fs/cgroup && cp -r {groups}/. /sys/fs/cgroup && exec {command}"]


@pytest.mark.parametrize("files", [V2, V1], ids=["v2", "v1"])
def test_limits_are_kept(tmp_path, files):
    s = burrow.Server(limited(tmp_path, files, BLOG + " --log.format=json"), tmp_path)
    try:
        assert s.get("/api/Article").status_code == 200
    finally:
        assert s.stop() == 0
    m = re.search(r'caches are smaller than the settings say: memory is limited","store":"default","cache_kib":(\d+)', s.log())
    # A quarter of the memory for all connections of one loop: four readers and the writer.
    assert m and int(m[1]) == 67108864 // 4 // 5 // 1024


def test_no_limits(tmp_path):
    s = burrow.Server(limited(tmp_path, NONE, BLOG), tmp_path)
    assert s.stop() == 0
    assert "memory is limited" not in s.log()


def children(pid):
    return {int(n) for n in open(f"/proc/{pid}/task/{pid}/children").read().split()}


def first_process(folder, command):
    """A server that is process 1 of its namespace; its pid outside."""
    s = burrow.Server(["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", command], folder)
    (pid,) = children(s.process.pid)
    return s, pid


def test_process_1_reaps_what_is_left_to_it_and_ends_in_order(tmp_path):
    # The subshell ends at once; its child is process 1's from then on, and ends a moment later.
    s, pid = first_process(tmp_path, f"mkfifo fifo; (sh -c 'read x < fifo; exit 3' &); exec {BLOG}")
    try:
        assert re.search(r"NSpid:\s+\d+\s+1\n", open(f"/proc/{pid}/status").read())
        assert len(children(pid)) == 1
        (orphan,) = children(pid)
        os.kill(orphan, signal.SIGKILL)
        deadline = time.monotonic() + burrow.PATIENCE
        while os.path.exists(f"/proc/{orphan}"):  # a zombie would stay
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert s.get("/health").status_code == 200
        os.kill(pid, signal.SIGHUP)  # process 1 has no default actions: what it does not handle does nothing
        out = subprocess.run(["nsenter", "--target", str(pid), "--pid", "--mount", burrow.BLOG, "--state", "--data", tmp_path / "data"], cwd=tmp_path, capture_output=True,
                             text=True, timeout=burrow.PATIENCE)
        assert out.returncode == 0 and "blog (pid 1) is ready" in out.stdout, out
    finally:
        os.kill(pid, signal.SIGTERM)
        assert s.process.wait(burrow.PATIENCE) == 0
    assert '"msg":"stopped"' in s.log() and "Sanitizer" not in s.log()

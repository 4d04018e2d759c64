"""Disks that are full or fail: never a 2xx for a write that was not made, reads go on, and so do writes when they can."""
import errno
import json
import os
import subprocess

import pytest

import badio
import burrow
import load
import powercut

MIB = 1 << 20
MAY_MOUNT = int(next(l.split()[1] for l in open("/proc/self/status") if l.startswith("CapEff")), 16) >> 21 & 1


@pytest.fixture(params=["fuse", "tmpfs"] if MAY_MOUNT else ["fuse"])
def small_disk(request, helper, tmp_path):
    """A folder on a file system of 16 MiB."""
    if request.param == "tmpfs":
        (tmp_path / "mnt").mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", tmp_path / "mnt"], check=True)
        yield tmp_path / "mnt"
        subprocess.run(["umount", "-l", tmp_path / "mnt"], check=True)
    else:
        d = powercut.disk(helper, tmp_path)
        yield d.on(f"--space={16 * MIB}").mount
        d.release()


@pytest.fixture
def faults(helper, tmp_path):
    return badio.Faults(helper("bad_io", "-shared", "-fPIC"), tmp_path)


def refused(ledger):
    return sum(len(texts) for texts in ledger.refused.values())


def test_a_full_disk(small_disk, tmp_path):
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(10 * MIB))  # freed, it holds the whole log once more: it is copied before its room is used again
    server = burrow.blog(tmp_path, "--data", small_disk / "data")
    ledger = load.Ledger()
    work = load.Load(server, ledger, "full", writers=4, filler="x" * 3000)
    ledger.wait(lambda l: refused(l) >= 200)
    assert set(ledger.refused) == {507}, {s: t[:2] for s, t in ledger.refused.items()}
    assert json.loads(ledger.refused[507][0])["errorCode"] == 507
    r = server.post("/api/Article", {"title": "none", "body": "x" * 100000})
    assert (r.status_code, r.headers["Content-Type"]) == (507, "application/problem+json"), r.text
    id, title = next(iter(ledger.titles.items()))
    assert server.get(f"/api/Article/{id}").json()["title"] == title
    ledger.check(server)  # while it is full, and the writers go on trying
    goal = ledger.acknowledged + 100
    ballast.unlink()
    ledger.wait(lambda l: l.acknowledged >= goal)
    work.stop()
    assert set(ledger.refused) == {507}
    ledger.check(server)
    assert server.stop() == 0
    load.check_database(small_disk / "data")
    server = burrow.blog(tmp_path, "--data", small_disk / "data")
    ledger.check(server)
    assert server.stop() == 0


def test_flushes_fail_under_load(faults, tmp_path):
    server = burrow.blog(tmp_path, env=faults.env)
    ledger = load.Ledger()
    work = load.Load(server, ledger, "eio")
    for n in range(5):
        goal = ledger.acknowledged + 50
        ledger.wait(lambda l: l.acknowledged >= goal)
        before, each = refused(ledger), dict(ledger.refusals)
        faults.fail(badio.FDATASYNC | badio.FSYNC, errno.EIO, times=badio.ALWAYS)
        # Of every writer: what it was told before the faults it has written down by then.
        ledger.wait(lambda l: refused(l) >= before + 20 and all(l.refusals.get(t.name, 0) > each.get(t.name, 0) for t in work.threads))
        during = ledger.acknowledged
        before = refused(ledger)
        ledger.wait(lambda l: refused(l) >= before + 20)
        assert ledger.acknowledged == during, "a write was acknowledged that could not be flushed"
        assert server.get("/api/Article?limit=5").status_code == 200
        assert faults.end() > 0
    goal = ledger.acknowledged + 50
    ledger.wait(lambda l: l.acknowledged >= goal)
    work.stop()
    assert set(ledger.refused) == {500}, {s: t[:2] for s, t in ledger.refused.items()}
    ledger.check(server)
    assert server.stop() == 0
    load.check_database(tmp_path / "data")
    server = burrow.blog(tmp_path)
    ledger.check(server)
    assert server.stop() == 0


@pytest.mark.parametrize("error, status", [(errno.EIO, 500), (errno.ENOSPC, 507)])
def test_each_call_of_a_write_fails(faults, tmp_path, error, status):
    server = burrow.blog(tmp_path, env=faults.env)
    ledger, failed = load.Ledger(), 0
    for call in (badio.PWRITE, badio.FDATASYNC, badio.FSYNC, badio.FTRUNCATE):
        for skip in range(1000):
            faults.fail(call, error, skip=skip)
            title = f"{call}-{skip}"
            r = server.post("/api/Article", {"title": title, "body": "x" * 20000})
            hit = faults.end()
            if r.status_code == 201:
                ledger.add(r.json()["id"], title)
            else:
                assert hit and r.status_code == status, (call, skip, r.text)
                failed += 1  # else the fault met a checkpoint, which loses nothing
            r = server.post("/api/Article", {"title": "after " + title})
            assert r.status_code == 201, (call, skip, r.text)
            ledger.add(r.json()["id"], "after " + title)
            if not hit:
                break
    assert failed > 5
    ledger.check(server)
    assert server.stop() == 0
    load.check_database(tmp_path / "data")


def test_each_call_of_a_start_fails(faults, tmp_path):
    """Then it says why and ends, or serves; and without the fault it serves."""
    calls = badio.PWRITE | badio.FDATASYNC | badio.FSYNC | badio.FTRUNCATE
    for skip in range(1000):
        folder = tmp_path / str(skip)
        folder.mkdir()
        faults.fail(calls, errno.EIO, skip=skip)
        server = burrow.blog(folder, env=faults.env, wait=False)
        server.wait_told()
        hit = faults.end()
        if server.url:
            assert server.post("/api/Article", {"title": "a"}).status_code == 201, skip
            assert server.stop() == 0
        else:
            assert server.process.wait(burrow.PATIENCE) == 1
            assert "blog.db" in server.log(), (skip, server.log())
        if not hit:
            break
        server = burrow.blog(folder)
        assert server.post("/api/Article", {"title": "b"}).status_code == 201, skip
        assert server.stop() == 0
    assert skip > 10

"""Power cuts: what was acknowledged was synced, so it survives a file system that forgets all else."""
import os
import random
import shutil

import pytest

import burrow
import load
import powercut

CUTS = 50  # of each kind


@pytest.fixture
def disk(helper, tmp_path):
    d = powercut.disk(helper, tmp_path)
    yield d
    d.release()


def sync_folder(path):
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(fd)
    os.close(fd)


def put(path, data, sync):
    with open(path, "r+b" if path.exists() else "wb") as f:
        f.write(data)
        f.flush()
        if sync:
            os.fdatasync(f.fileno())


def test_the_disk_forgets_what_was_not_synced(disk):
    m = disk.on().mount
    put(m / "synced", b"old" * 3000, True)
    put(m / "renamed", b"r", True)
    put(m / "removed", b"kept", True)
    put(m / "long", b"x" * 9000, True)
    put(m / "empty", b"never synced", False)
    sync_folder(m)
    put(m / "synced", b"NEW" * 4000, False)
    put(m / "nameless", b"its folder was not synced", True)
    (m / "renamed").rename(m / "other")
    (m / "removed").unlink()
    os.truncate(m / "long", 5)
    assert (m / "synced").read_bytes() == b"NEW" * 4000  # programs see all of it
    disk.cut()
    m = disk.on().mount
    assert sorted(p.name for p in m.iterdir()) == ["empty", "long", "removed", "renamed", "synced"]
    assert (m / "synced").read_bytes() == b"old" * 3000
    assert (m / "removed").read_bytes() == b"kept"
    assert (m / "long").read_bytes() == b"x" * 9000
    assert (m / "empty").read_bytes() == b""
    put(m / "synced", b"NEW" * 4000, True)
    disk.cut()
    assert (disk.disk / "synced").read_bytes() == b"NEW" * 4000


def test_a_torn_disk_keeps_a_part(disk):
    old, new = b"o" * 262144, b"n" * 262144
    m = disk.on().mount
    put(m / "f", old, True)
    sync_folder(m)
    disk.cut()
    put(disk.on("--keep=random", "--seed=7").mount / "f", new, False)
    disk.cut()
    got = (disk.disk / "f").read_bytes()
    sectors = {got[i:i + 512] for i in range(0, len(got), 512)}
    assert sectors == {b"o" * 512, b"n" * 512}


def test_an_orderly_end_keeps_all(disk):
    m = disk.on().mount
    (m / "a").mkdir()
    put(m / "a" / "f", b"x", False)
    disk.off()
    assert (disk.disk / "a" / "f").read_bytes() == b"x"


def one_round(disk, ledger, n, goal, words, *settings):
    """Mounts, loads, cuts the power under load, and checks what the disk holds."""
    disk.on(*words)
    server = burrow.blog(disk.mount.parent, "--data", disk.mount / "data", *settings)
    work = load.Load(server, ledger, f"c{n}")
    enough = ledger.acknowledged + goal
    ledger.wait(lambda l: l.acknowledged >= enough or l.refused)
    disk.cut()
    server.kill()
    work.stop()
    ledger.refused.clear()  # between the cut and the kill the disk is away


@pytest.mark.parametrize("keep", ["none", "random"])
def test_power_cuts_under_write_load(disk, keep):
    ledger, dice = load.Ledger(), random.Random(5)
    for n in range(CUTS):
        one_round(disk, ledger, n, dice.randint(5, 120), [f"--keep={keep}", f"--seed={n + 1}"])
        copy = disk.mount.parent / "copy"
        shutil.copytree(disk.disk / "data", copy / "data")
        load.check_database(copy / "data")
        server = burrow.blog(copy)
        ledger.check(server)
        assert server.stop() == 0
        shutil.rmtree(copy)
    assert ledger.acknowledged >= 5 * CUTS and ledger.batches


def test_without_sync_records_are_lost(disk):
    """The test above can fail: with stores.default.sync=off it does."""
    ledger, settings = load.Ledger(), disk.mount.parent / "settings.json"
    settings.write_text('{"stores": {"default": {"path": "blog.db", "sync": "off"}}}')
    one_round(disk, ledger, 0, 50, [], "--settings", settings)
    titles = set(ledger.titles.values())
    copy = disk.mount.parent / "copy"
    copy.mkdir()
    if (disk.disk / "data").exists():
        shutil.copytree(disk.disk / "data", copy / "data")
    server = burrow.blog(copy)
    found = set(load.all_articles(server).values())
    server.stop()
    assert titles - found, "all of the records survived"

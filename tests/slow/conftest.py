"""The slow group: a real systemd in a container and images from generated Dockerfiles. Needs root, and a mirror of Debian on
its first run: debootstrap makes a root with the machine's own apt sources, kept in build/rootfs."""
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/system"))
PACKAGES = "systemd,systemd-sysv,dbus,libuv1,libsqlite3-0,libssl3,libbrotli1,libzstd1,libpcre2-8-0,zlib1g"
RELEASE = "bookworm"


def told(*words):
    return subprocess.run(words, capture_output=True, text=True).stdout


def mirror():
    """Where this machine's apt takes that release from; nothing: debootstrap's own default."""
    for line in told("apt-get", "indextargets", "--format", "$(CODENAME) $(COMPONENT) $(CREATED_BY) $(REPO_URI)").splitlines():
        words = line.split()
        if words[:3] == [RELEASE, "main", "Packages"] and words[3].split(":")[0] in ("http", "https", "file"):
            return words[3:]
    return []


def through():
    """apt's proxy as debootstrap's wget understands it."""
    proxy = {f"{kind}_proxy": told("apt-config", "dump", "--format", "%v", f"Acquire::{kind}::Proxy").strip() for kind in ("http", "https")}
    return {name: url for name, url in proxy.items() if url and url != "DIRECT"}


def make_root(root):
    fresh = root.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    cache = root.with_suffix(".debs")
    cache.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["debootstrap", "--variant=minbase", f"--cache-dir={cache}", f"--include={PACKAGES}", RELEASE, fresh, *mirror()],
                          capture_output=True, text=True, env={**os.environ, **through(), "LC_ALL": "C"})
    log = fresh / "debootstrap/debootstrap.log"
    assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-1000:] + (log.read_text()[-2000:] if log.exists() else "")
    fresh.rename(root)


@pytest.fixture(scope="session")
def debian():
    """A Debian root with systemd and what a Burrow program is linked with; one for all workers."""
    root = ROOT / "build/rootfs"
    root.parent.mkdir(exist_ok=True)
    with open(root.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            make_root(root)
    return root


@pytest.fixture(scope="session")
def static():
    """The burrow of ./dev build --static."""
    made = subprocess.run(["./dev", "build", "--static"], cwd=ROOT, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return ROOT / "build/static/burrow"

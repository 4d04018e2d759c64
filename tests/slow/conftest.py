"""The slow group: a real systemd in a container and images from generated Dockerfiles. Needs root. Not in the default run
(./dev test slow): the first run fetches a Debian root with debootstrap, kept in build/rootfs."""
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/system"))
PACKAGES = "systemd,systemd-sysv,dbus,libuv1,libsqlite3-0,libssl3,libbrotli1,libzstd1,libpcre2-8-0,zlib1g"


@pytest.fixture(scope="session")
def debian():
    """A Debian root with systemd and what a Burrow program is linked with."""
    root = ROOT / "build/rootfs"
    if not (root / "ready").exists():
        shutil.rmtree(root, ignore_errors=True)
        made = subprocess.run(["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", root],
                              capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
        assert made.returncode == 0, made.stdout[-3000:]
        (root / "ready").touch()
    return root


@pytest.fixture(scope="session")
def static():
    """The burrow of ./dev build --static."""
    made = subprocess.run(["./dev", "build", "--static"], cwd=ROOT, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return ROOT / "build/static/burrow"

import pathlib
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import burrow  # noqa: E402
from angel import Angel  # noqa: E402

# What runs none of our binaries need not run a second time, with the sanitized ones.
collect_ignore = ["test_aarch64.py", "test_dev.py"] if "asan" in burrow.BUILD.name else []


@pytest.fixture
def start(tmp_path):
    """start(*words): a Server of the blog example, ended with the test."""
    servers = []

    def begin(*words, **kw):
        servers.append(burrow.blog(tmp_path, *words, **kw))
        return servers[-1]

    yield begin
    for s in servers:
        if s.process.poll() is None:
            s.stop()


@pytest.fixture
def open_path():
    """A folder that other users may enter: below pytest's own they may not, each run that begins closes that to them."""
    with tempfile.TemporaryDirectory(prefix="burrow-test-") as folder:
        pathlib.Path(folder).chmod(0o755)
        yield pathlib.Path(folder)


@pytest.fixture(scope="module")
def blog(tmp_path_factory):
    """One blog server for a file's tests that do not disturb each other."""
    s = burrow.blog(tmp_path_factory.mktemp("blog"))
    yield s
    s.stop()


@pytest.fixture
def angel(tmp_path):
    """Starts an angel with these services; ended with the test."""
    made = []

    def make(services, words=("run",), **main):
        made.append(Angel(tmp_path, services, words=words, **main))
        return made[-1]

    yield make
    for a in made:
        a.close()

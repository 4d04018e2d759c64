import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]


@pytest.fixture(scope="session")
def helper(tmp_path_factory):
    """helper(name, *words): the path of tests/fault/<name>.c compiled with these words."""
    folder = tmp_path_factory.mktemp("helpers")

    def make(name, *words):
        target = folder / name
        if not target.exists():
            subprocess.run(["cc", "-std=gnu17", "-O2", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
                            str(HERE / f"{name}.c"), "-o", str(target), *words], check=True)
        return target

    return make

"""The aarch64 fiber switch: cross-compiled and run under qemu-user, with and without optimisation."""
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SOURCES = [ROOT / "tests/system/aarch64_switch.c", ROOT / "src/os/fiber_switch_aarch64.c"]


@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_switch(tmp_path, level):
    program = tmp_path / "switch"
    subprocess.run(["aarch64-linux-gnu-gcc", "-std=c17", "-D_GNU_SOURCE", level, "-Wall", "-Wextra", "-Werror",
                    "-include", ROOT / "src/core/banned.h", "-I", ROOT / "src", "-I", ROOT / "include",
                    *SOURCES, "-static", "-o", program, "-lm"], check=True)
    out = subprocess.run(["qemu-aarch64", program], capture_output=True, text=True, timeout=120)
    assert (out.returncode, out.stdout, out.stderr) == (0, "ok\n", "")

"""Images from the generated Dockerfiles, built by buildah (chroot isolation) and run: they serve, their health check passes,
they end in order. The base image is the Debian root of the fixture: no registry is asked."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

import burrow

APP = '{"name": "notes", "tables": [{"name": "Note", "fields": [{"name": "t", "type": "text"}]}]}'
BASE = "docker.io/library/debian:bookworm-slim"


class Builder:
    def __init__(self, folder):
        self.env = {**os.environ, "BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs", "XDG_RUNTIME_DIR": str(folder)}
        self.store = ["--root", f"{folder}/store", "--runroot", f"{folder}/run"]
        self.folder = folder

    def __call__(self, *words, deadline=300):
        out = subprocess.run(["buildah", *self.store, *map(str, words)], env=self.env, stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, timeout=deadline, cwd=self.folder)
        assert out.returncode == 0, (words, out.stdout[-2000:], out.stderr[-3000:])
        return out.stdout.strip()


@pytest.fixture(scope="module")
def buildah(debian, tmp_path_factory):
    b = Builder(tmp_path_factory.mktemp("buildah"))
    base = b("from", "scratch")
    b("add", base, debian, "/")
    b("commit", base, BASE)
    yield b
    b("rm", "--all")
    shutil.rmtree(b.folder, ignore_errors=True)


def build(buildah, program, dockerfile):
    work = buildah.folder / dockerfile
    work.mkdir()
    (work / "notes.json").write_text(APP)
    shutil.copy(program, work / "burrow")
    out = burrow.run(burrow.BURROW, "deploy", "docker", "--exec", "burrow", "--name", "notes", "--settings", "notes.json", "--out", ".",
                     folder=work)
    assert out.returncode == 0, out.stderr
    buildah("build", "--pull=never", "--format=docker", "-t", dockerfile.lower(), "-f", work / dockerfile, work)
    return dockerfile.lower()


def serve_and_check(buildah, image):
    """Runs the image's own entry point and health check as its user, in its root."""
    config = json.loads(buildah("inspect", "--type", "image", image))["Docker"]["config"]
    assert config["User"] == "10001:10001" and config["Volumes"] == {"/data": {}} and config["StopSignal"] == "SIGTERM"
    health = config["Healthcheck"]["Test"]
    assert health[0] == "CMD"
    box = buildah("from", "--pull=never", image)
    root = buildah("mount", box)
    port = burrow.free_port()
    env = dict(e.split("=", 1) for e in config["Env"]) | {"BURROW_LISTEN": f"127.0.0.1:{port}"}
    inside = ["chroot", "--userspec=10001:10001", root]
    server = subprocess.Popen([*inside, *config["Entrypoint"]], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
    try:
        line = server.stdout.readline()
        assert re.search(rf"listening on http://127.0.0.1:{port}/", line), server.communicate(timeout=20)
        ask = subprocess.run([*inside, *health[1:]], env=env, capture_output=True, text=True, timeout=burrow.PATIENCE)
        assert ask.returncode == 0 and '"status":"ready"' in ask.stdout, ask.stderr
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(burrow.PATIENCE) == 0
    ask = subprocess.run([*inside, *health[1:]], env=env, capture_output=True, text=True, timeout=burrow.PATIENCE)
    assert ask.returncode == 1 and "notes does not run" in ask.stderr
    return sum(f.stat().st_size for f in pathlib.Path(root).rglob("*") if f.is_file() and not f.is_symlink())


def test_static_image_runs_from_scratch_and_is_small(buildah, static):
    assert static.stat().st_size <= 12 << 20
    size = serve_and_check(buildah, build(buildah, static, "Dockerfile.static"))
    assert size <= 12 << 20


def test_slim_image(buildah):
    serve_and_check(buildah, build(buildah, burrow.BURROW, "Dockerfile"))

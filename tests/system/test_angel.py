"""The angel and what it is for: servers of ours kept running, by the settings of its guide; what a person sees of it."""
import os
import pathlib
import signal
import threading
import time
import urllib.request

import burrow
from angel import until
from burrow import free_port


def get(port, path="/health"):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=burrow.PATIENCE).status
    except OSError:
        return 0


def test_a_server_of_ours_is_kept_running(angel, tmp_path):
    """The settings file of the chapter, with a real server: watched, captured, notified of, started again when it is killed."""
    port = free_port()
    a = angel([{"Name": "api", "Description": "REST API Server", "Run": f"{burrow.BLOG} --listen 127.0.0.1:{port} --data {tmp_path}/data",
                "Start": ["start:%run%", f"http://127.0.0.1:{port}/health=200"], "Stop": ["stop:%run%"], "Watch": [f"http://127.0.0.1:{port}/health=200"],
                "WatchDelaySec": 1, "RetryStableSec": 120, "RedirectLogFile": f"{tmp_path}/api-console.log", "RedirectLogRotateFiles": 5,
                "RedirectLogRotateBytes": 10485760, "Notify": f"{tmp_path}/alerts.log"}])
    until(lambda: a.unit("api")["state"] == "ready")
    assert get(port) == 200
    first = a.unit("api")["pid"]
    os.kill(first, signal.SIGKILL)
    a.renewed("api", first)
    assert get(port) == 200
    until(lambda: "SIGKILL" in pathlib.Path(tmp_path / "alerts.log").read_text() if (tmp_path / "alerts.log").exists() else False)
    console = tmp_path / "api-console.log"
    until(lambda: console.exists() and "listening" in console.read_text())
    assert "ready" in a.ctl("status").stdout
    a.stop()
    assert get(port) == 0


def test_a_hung_server_is_found_by_its_watch(angel, tmp_path):
    port = free_port()
    a = angel([{"Name": "api", "Run": f"{burrow.BLOG} --listen 127.0.0.1:{port} --data {tmp_path}/data", "StopRunAbortTimeoutSec": 1,
                "Live": {"Check": f"http://127.0.0.1:{port}/health", "Interval": 0.2, "Timeout": 3, "Failure": 2}}])
    until(lambda: get(port) == 200)
    first = a.until("api", "ready")["pid"]
    os.kill(first, signal.SIGSTOP)
    until(lambda: a.unit("api").get("pid", first) != first and get(port) == 200)


def test_replicas_are_renewed_without_a_refused_connection(angel, tmp_path):
    """The angel owns the socket; new settings roll over three replicas while a client asks all the time."""
    port = free_port()
    script = tmp_path / "web.sh"
    script.write_text(f"#!/bin/sh\nexec {burrow.BLOG} --data {tmp_path}/data-$BURROW_UNIT --log.level=warn\n")
    script.chmod(0o755)
    unit = {"Name": "web", "Run": str(script), "Replicas": 3, "Listen": [f"web=127.0.0.1:{port}"]}
    a = angel([unit])
    until(lambda: all(u["state"] == "ready" for u in a.units().values()) and get(port) == 200)
    before = {u["name"]: u["pid"] for u in a.units().values()}
    stop, failures, asked = [], [], [0]

    def client():
        while not stop:
            asked[0] += 1
            if get(port) != 200:
                failures.append(time.monotonic())

    t = threading.Thread(target=client)
    t.start()
    try:
        until(lambda: asked[0] > 10)
        a.write([{**unit, "Env": {"GENERATION": "2"}}])
        out = burrow.run(burrow.BURROW, "angel", "apply", "--settings", a.settings)
        assert out.returncode == 0, out.stdout + out.stderr
        until(lambda: asked[0] > 20)
    finally:
        stop.append(1)
        t.join()
    after = {u["name"]: u["pid"] for u in a.units().values() if u["state"] == "ready"}
    assert set(after) >= set(before) and not set(before.values()) & set(after.values())
    assert not failures


def test_a_bad_new_generation_is_rolled_back(angel, tmp_path):
    port = free_port()
    good = {"Name": "web", "Run": f"{burrow.BLOG} --data {tmp_path}/data", "Listen": [f"web=127.0.0.1:{port}"],
            "Ready": {"Check": f"http://127.0.0.1:{port}/ready", "Interval": 0.1}}
    a = angel([good])
    until(lambda: get(port) == 200)
    a.write([{**good, "Run": "/bin/false"}])
    out = burrow.run(burrow.BURROW, "angel", "apply", "--settings", a.settings)
    assert out.returncode == 1 and "web" in out.stderr + out.stdout
    assert get(port) == 200


def test_it_ends_with_the_one_that_matters(angel, tmp_path):
    """As process 1 of a container: the main service's exit code is the angel's; the others have been ended in order."""
    a = angel([{"Name": "main", "Run": ["/bin/sh", "-c", f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; exit 7"], "Restart": "never"}, {"Name": "side", "Run": "/bin/sleep 1000"}], ExitWith="main")
    side = a.until("side", "ready")["pid"]
    (tmp_path / "go").touch()
    assert a.process.wait(burrow.PATIENCE) == 7, a.log()
    assert "could not begin" not in a.log()
    assert not pathlib.Path(f"/proc/{side}").exists()


def test_a_wrong_name_is_told_with_its_place(tmp_path):
    (tmp_path / "angel.json").write_text('{ "ExitWith": "mian",\n "Services": [ { "Name": "main", "Run": "/bin/true" } ] }')
    out = burrow.run(burrow.BURROW, "angel", "check", tmp_path / "angel.json")
    assert out.returncode == 1 and "angel.json:1:15: " in out.stderr and "did you mean 'main'?" in out.stderr, out.stderr

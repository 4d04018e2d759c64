"""The generated units under a real systemd. One boot runs all steps (systemd.sh, inside); each test reads its part."""
import pathlib
import re
import shutil
import subprocess

import pytest

import burrow

APP = '{"name": "notes", "tables": [{"name": "Note", "fields": [{"name": "t", "type": "text"}]}]}'
UNIT = """[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /work/systemd.sh
ExecStopPost=/bin/systemctl poweroff --force
TimeoutStartSec=150
"""


@pytest.fixture(scope="module")
def steps(debian, tmp_path_factory):
    """name: (exit code, what the step said)."""
    work = tmp_path_factory.mktemp("systemd")
    work.chmod(0o755)
    (work / "notes.json").write_text(APP)
    (work / "try.service").write_text(UNIT)
    shutil.copy(pathlib.Path(__file__).with_name("systemd.sh"), work)
    shutil.copy(burrow.BURROW, work)
    subprocess.run(["gcc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", work / "slow_flush.so", burrow.ROOT / "tests/fault/slow_flush.c", "-ldl"],
                   check=True)
    out = subprocess.run(
        ["systemd-nspawn", "--register=no", "--keep-unit", "--quiet", "--volatile=overlay", "--private-network", "--machine=burrowtry", "-D", debian,
         f"--bind={work}:/work", f"--bind-ro={work}/try.service:/etc/systemd/system/try.service", "-b", "systemd.wants=try.service"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=200)
    said = (work / "said").read_text(errors="replace") if (work / "said").exists() else ""
    found = {}
    for name, code, text in re.findall(r"(?ms)^== (\S+) (\d+)$\n(.*?)(?=^== |\Z)", said):
        found[name] = int(code), text
    assert "end" in found, out.stdout[-3000:] + out.stderr[-2000:] + said[-4000:]
    return found


def test_install_and_start_waits_until_ready(steps):
    assert steps["deploy"][0] == 0 and steps["verify"] == (0, "")
    assert steps["start"][0] == 0, steps
    code, text = steps["state"]
    assert "ActiveState=active" in text and "StatusText=Serving at http://127.0.0.1:8080/" in text
    assert steps["health"][0] == 0 and '"status":"ready"' in steps["health"][1]
    assert re.search(r"notes \(pid \d+\) is ready", steps["who"][1])


def test_it_runs_as_a_user_of_its_own_without_rights(steps):
    text = steps["rights"][1]
    assert "CapEff:\t0000000000000000" in text and "NoNewPrivs:\t1" in text and "Seccomp:\t2" in text
    assert not re.search(r"Uid:\t0\t", text)


def test_the_admin_socket_is_its_own(steps):
    assert steps["admin"] == (0, "600 socket\n")


def test_a_start_that_takes_long_asks_for_time(steps):
    """Each flush of the disk takes 1.5 s, and a start may take 2 s, unless it asks for more."""
    assert steps["patient"][0] == 0, steps["patient"]
    told = dict(l.split("=") for l in steps["patient-state"][1].split())
    took = int(told["ActiveEnterTimestampMonotonic"]) - int(told["ExecMainStartTimestampMonotonic"])
    assert told["ActiveState"] == "active" and took > 2_000_000


def test_settings_that_only_root_may_read(steps):
    assert steps["secret-start"][0] == 0, steps["secret-start"]
    assert "ActiveState=active" in steps["secret-state"][1] and steps["secret-ask"][1].startswith("HTTP/1.1 200")


def test_reload(steps):
    assert steps["reload"][0] == 0 and "changed: log.level" in steps["reload-status"][1]
    assert steps["reload-broken"][0] != 0
    assert "ActiveState=active" in steps["reload-after"][1]


def test_a_crash_is_followed_by_a_start(steps):
    assert steps["crash"][0] == 0, steps["crash"]


def test_the_watchdog_ends_what_hangs(steps):
    assert steps["watchdog"][0] == 0, steps["watchdog"]
    assert "watchdog" in steps["watchdog-journal"][1].lower()


def test_stop_loses_no_request(steps):
    code, text = steps["stop"]
    assert code == 0 and text.startswith("HTTP/1.1 201"), text
    assert "ActiveState=inactive" in steps["stopped"][1] and "Result=success" in steps["stopped"][1]


def test_the_socket_starts_the_service(steps):
    assert "inactive" in steps["socket-before"][1]
    assert steps["socket"][1].startswith("HTTP/1.1 200"), steps["socket"]
    assert "ActiveState=active" in steps["socket-after"][1]


def test_the_journal_has_the_log(steps):
    assert re.search(r"(?m)^ready pid=\d+$", steps["journal"][1]) and re.search("(?m)^stopped$", steps["journal"][1])
    assert re.search(r"(?m)^BURROW_AREA=host$", steps["journal-fields"][1])


def test_install_start_stop_uninstall(steps):
    assert steps["install"][0] == 0 and "notes is installed; --start starts it" in steps["install"][1]
    assert steps["installed"] == (0, "enabled\n")
    assert steps["installed-run"][1] == "ExecStart=/usr/local/bin/burrow serve /etc/notes.json --run\n"
    assert steps["service-start"] == (0, "notes serves\n") and steps["service-active"] == (0, "active\n")
    assert steps["service-stop"] == (0, "notes has ended\n") and steps["service-again"][0] == 0
    assert steps["uninstall"][0] == 0 and steps["uninstalled"][1] != "active\n"
    assert steps["uninstall-again"][0] == 1 and "notes is not installed" in steps["uninstall-again"][1]

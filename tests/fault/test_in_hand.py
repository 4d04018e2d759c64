"""The brain is killed in the middle of a flood: what it had read from the pipe and not written is counted in the log by the next one."""
import re
import struct

from puppet import until
from test_angel import angel  # noqa: F401: a fixture

MARK = re.compile(rb"\[burrow angel: up to (\d+) bytes lost from \S+ to \S+: the angel was killed with them in hand\]\n")
KILLS = 5
FLOOD = """
import os, pathlib, signal, sys, time
here, kills = pathlib.Path(sys.argv[1]), int(sys.argv[2])
def put(data):
    while data:
        data = data[os.write(1, data):]
for i in range(kills):
    while not (here / f"brain.{i}").exists():
        time.sleep(0.005)
    half = b"".join(b"%015d\\n" % n for n in range(i * 500000, i * 500000 + 250000))
    rest = b"".join(b"%015d\\n" % n for n in range(i * 500000 + 250000, (i + 1) * 500000))
    put(half)
    os.kill(int((here / f"brain.{i}").read_text()), signal.SIGKILL)
    put(rest)
put(b"end\\n")
signal.pause()
"""


def holes(log, printed):
    """[(missing, counted)]: the log is what was printed, in order, but for holes, each where a mark counts it."""
    found, at = [], 0
    pieces = MARK.split(log)
    for text, counted in zip(pieces[::2], [*pieces[1::2], None]):
        if text and not printed.startswith(text, at):
            text = text[:-1] if text.endswith(b"\n") and not printed.startswith(text, at) and printed.find(text, at) < 0 else text  # the mark's own line end
            place = printed.find(text, at)
            assert place >= 0, f"not what was printed: {text[:60]} … {text[-60:]}"
            assert found, "missing before any mark"
            found[-1][0] = place - at
            at = place
        at += len(text)
        if counted is not None:
            found.append([0, int(counted)])
    return found, at


def test_killed_in_a_flood(angel):  # noqa: F811
    """The flood itself kills it, when a pipe's worth is still to be read."""
    a = angel()
    log = a.folder / "flood.log"
    (a.folder / "flood.py").write_text(FLOOD)
    a.write({"Name": "flood", "Run": ["/usr/bin/python3", str(a.folder / "flood.py"), str(a.folder), str(KILLS)], "RedirectLogFile": str(log),
             "RedirectLogRotateFiles": 1})
    a.start()
    brain = None
    for i in range(KILLS):
        brain = until(lambda: (lambda b: b if b not in (None, brain) else None)(a.brain()), a.text)
        until(lambda: a.text().count("services are watched") > i, a.text)
        (a.folder / "brain.new").write_text(str(brain))
        (a.folder / "brain.new").rename(a.folder / f"brain.{i}")
    until(lambda: log.exists() and log.read_bytes().endswith(b"end\n"), a.text)
    printed = b"".join(b"%015d\n" % n for n in range(KILLS * 500000)) + b"end\n"
    found, at = holes(log.read_bytes(), printed)
    log.unlink()
    assert at == len(printed) and len(found) <= KILLS
    assert all(missing <= counted <= 1 << 18 for missing, counted in found), found

    def slots():
        """Of the file: unit, reading, held, lost, removed, since, sys; the first is its head."""
        data = (a.state / "in-hand").read_bytes()[56:]
        return data[:len(data) // 56 * 56]

    until(lambda: not any(any(slot[1:5]) for slot in struct.iter_unpack("7q", slots())), "something is in hand for good")

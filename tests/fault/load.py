"""load.py: writers that remember what a server acknowledged, and the check that it is still there."""
import json
import re
import socket
import threading
import urllib.parse

import burrow

BATCH = 5  # records of an atomic batch: all of them or none


class Ledger:
    """What was acknowledged: title by id, and the titles of whole batches. Refusals by status."""

    def __init__(self):
        self.titles, self.batches, self.refused = {}, set(), {}
        self.refusals = {}  # how many each writer has had, by its thread's name
        self.acknowledged = self.torn = 0
        self._changed = threading.Condition()

    def add(self, id, title):
        with self._changed:
            assert id not in self.titles, f"the id {id} was given to {self.titles[id]} and to {title}"
            self.titles[id] = title
            self._count()

    def add_batch(self, title):
        with self._changed:
            self.batches.add(title)
            self._count()

    def _count(self):
        self.acknowledged += 1
        self._changed.notify_all()

    def refuse(self, status, text):
        with self._changed:
            self.refused.setdefault(status, []).append(text)
            me = threading.current_thread().name
            self.refusals[me] = self.refusals.get(me, 0) + 1
            self._changed.notify_all()

    def wait(self, enough):
        """Until enough(self); it is asked after every answer."""
        with self._changed:
            assert self._changed.wait_for(lambda: enough(self), burrow.PATIENCE), \
                f"{self.acknowledged} acknowledged, refused {({s: len(t) for s, t in self.refused.items()})}"

    def check(self, server):
        """Nothing acknowledged is lost or changed, no batch is there in part."""
        titles, batches = dict(self.titles), set(self.batches)  # the writers may go on meanwhile
        found = all_articles(server)
        lost = {id: t for id, t in titles.items() if found.get(id) != t}
        assert not lost, f"{len(lost)} of {len(titles)} acknowledged records are lost or changed: {list(lost.items())[:5]}"
        count = {}
        for title in found.values():
            if title.startswith("batch "):
                count[title] = count.get(title, 0) + 1
        gone = batches - set(count)
        assert not gone, f"{len(gone)} acknowledged batches are lost: {sorted(gone)[:5]}"
        torn = {t: n for t, n in count.items() if n != BATCH}
        assert not torn, f"batches are there in part: {torn}"
        return found


class Torn(ConnectionError):
    """The connection ended inside an answer."""


class Connection:
    """One keep-alive connection, as lean as can be: the load comes from this process."""

    def __init__(self, url, timeout=burrow.PATIENCE):
        at = urllib.parse.urlsplit(url)
        self.socket = socket.create_connection((at.hostname, at.port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def post(self, path, body):
        """(status, body); OSError when the connection ended first."""
        data = json.dumps(body).encode()
        self.socket.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                            % (path.encode(), len(data), data))
        line = self.file.readline()
        length = 0
        while (field := self.file.readline()) not in (b"\r\n", b""):
            if field.lower().startswith(b"content-length:"):
                length = int(field[15:])
        text = self.file.read(length)
        if not line:
            raise ConnectionError("ended between two answers")
        if not line.endswith(b"\n") or len(text) < length:
            raise Torn
        return int(line.split()[1]), text

    def close(self):
        self.file.close()
        self.socket.close()


class Load:
    """Writer threads against a server until stop(), or until it is gone. Every fourth writer sends batches."""

    def __init__(self, server, ledger, label, writers=6, filler=""):
        self.ledger, self.filler, self.stopping, self.broken = ledger, filler, False, None
        self.threads = [threading.Thread(target=self._write, name=f"{label}-{i}", args=(server.url, f"{label}-{i}", i % 4 == 3), daemon=True) for i in range(writers)]
        for t in self.threads:
            t.start()

    def _write(self, url, label, batches):
        try:
            c = Connection(url)
            n = 0
            while not self.stopping:
                n += 1
                if batches:
                    self._batch(c, f"batch {label}-{n}")
                else:
                    self._one(c, f"{label}-{n}")
            c.close()
        except Torn:
            self.ledger.torn += 1
        except OSError:
            pass  # killed, or cut
        except BaseException as e:  # told by stop()
            self.broken = e

    def _one(self, c, title):
        status, text = c.post("/api/Article", {"title": title, "body": self.filler})
        if status == 201:
            self.ledger.add(json.loads(text)["id"], title)
        else:
            self.ledger.refuse(status, text)

    def _batch(self, c, title):
        write = {"add": "Article", "record": {"title": title, "body": self.filler}}
        status, text = c.post("/api/batch", {"atomic": True, "writes": [write] * BATCH})
        if status == 200:
            self.ledger.add_batch(title)
        else:
            self.ledger.refuse(status, text)

    def stop(self):
        self.stopping = True
        for t in self.threads:
            t.join(burrow.PATIENCE)
            assert not t.is_alive(), "a writer waits for an answer that does not come"
        if self.broken:
            raise self.broken


def all_articles(server):
    """Title by id of all articles."""
    found, path = {}, "/api/Article?select=id,title&order=id&limit=1000"
    while path:
        r = server.get(path)
        assert r.status_code == 200, r.text
        found.update((a["id"], a["title"]) for a in r.json())
        link = re.match(r"<([^>]*)>", r.headers.get("Link", ""))
        path = link and link.group(1)
    return found


def check_database(folder):
    """`burrow check` finds the database whole."""
    out = burrow.run(burrow.BURROW, "check", "--app", burrow.ROOT / "examples/blog.json", "--data", folder)
    assert out.returncode == 0, out.stdout + out.stderr

"""wire.py: HTTP as bytes, for what no well-behaved client sends."""
import socket
import time
import urllib.parse

import burrow


class Answer:
    def __init__(self, status, fields, body=b""):
        self.status, self.fields, self.body = status, fields, body


class Wire:
    def __init__(self, s):
        self.socket = s
        self.file = s.makefile("rb")

    @classmethod
    def tcp(cls, host, port, receive_buffer=0):
        s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        if receive_buffer:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        s.settimeout(burrow.PATIENCE)
        s.connect((host, port))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(s)

    @classmethod
    def unix(cls, path):
        """The path is there a moment before anybody listens."""
        end = time.monotonic() + burrow.PATIENCE
        while True:
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(burrow.PATIENCE)
            try:
                s.connect(str(path))
                return cls(s)
            except ConnectionRefusedError:
                s.close()
                if time.monotonic() > end:
                    raise

    @classmethod
    def to(cls, server, **kw):
        at = urllib.parse.urlsplit(server.url)
        return cls.tcp(at.hostname, at.port, **kw)

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)
        return self

    def head(self):
        line = self.file.readline()
        assert line.startswith(b"HTTP/1.1 ") and line.endswith(b"\r\n"), line
        fields = {}
        while (field := self.file.readline()) != b"\r\n":
            name, value = field.decode("latin-1").split(":", 1)
            assert field.endswith(b"\r\n") and name.lower() not in fields, field
            fields[name.lower()] = value.strip()
        return Answer(int(line.split()[1]), fields)

    def body(self, a, take=None):
        """The body of this head; pieces go to take(piece) instead of together when it is given."""
        whole = []
        take = take or whole.append
        if "transfer-encoding" in a.fields:
            while size := int(self.file.readline(), 16):
                self._pass(size, take)
                assert self.file.read(2) == b"\r\n"
            assert self.file.readline() == b"\r\n"
        else:
            self._pass(int(a.fields.get("content-length", 0)), take)
        return b"".join(whole)

    def _pass(self, left, take):
        while left:
            piece = self.file.read(min(left, 1 << 20))
            assert piece, "ended inside a body"
            take(piece)
            left -= len(piece)

    def answer(self, method="GET"):
        a = self.head()
        if method != "HEAD" and a.status not in (100, 204, 304):
            a.body = self.body(a)
        return a

    def ended(self):
        """True when nothing more comes but the end."""
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.file.close()
        self.socket.close()

"""badio.py: a disk with faults: bad_io.c preloaded into a server, told here which calls are to fail."""
import mmap
import struct

FDATASYNC, FSYNC, PWRITE, FTRUNCATE, WRITE = 1, 2, 4, 8, 16
NEVER, ALWAYS = 0, 1 << 30


class Faults:
    def __init__(self, library, folder, under="blog.db"):
        self.path = folder / "bad_io"
        self.path.write_bytes(struct.pack("5i44s", 0, 0, 0, 0, 0, under.encode()))
        with open(self.path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 64)
        self.env = {"LD_PRELOAD": str(library), "BAD_IO": str(self.path)}

    def fail(self, calls, error, skip=0, times=1):
        """The next calls of these kinds: `skip` succeed, then `times` fail with this errno."""
        self.map[0:4] = struct.pack("i", 0)
        self.map[4:20] = struct.pack("4i", error, skip, times, 0)
        self.map[0:4] = struct.pack("i", calls)

    def end(self):
        """No more faults; how many calls have failed."""
        self.map[0:4] = struct.pack("i", 0)
        return struct.unpack("i", self.map[16:20])[0]

"""powercut.py: a disk that loses power: powerfs.c mounted on a folder."""
import signal
import subprocess

import burrow


class Disk:
    def __init__(self, program, folder):
        self.program, self.disk, self.mount = program, folder / "disk", folder / "mnt"
        self.disk.mkdir()
        self.mount.mkdir()
        self.process = None

    def on(self, *words):
        """Power on: what is on the disk appears at .mount."""
        self.process = subprocess.Popen([self.program, self.disk, self.mount, *words], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        assert self.process.stdout.readline() == "mounted\n", self.process.stdout.read()
        return self

    def _end(self, sig):
        self.process.send_signal(sig)
        out, _ = self.process.communicate(timeout=burrow.PATIENCE)
        assert self.process.returncode == 0 and out.endswith("saved\n"), out
        self.process = None

    def cut(self):
        """From now on nothing more is synced; .disk holds what had been."""
        self._end(signal.SIGUSR1)

    def off(self):
        """An orderly end: all is kept."""
        self._end(signal.SIGTERM)

    def release(self):
        """After a test, however it went: the mount goes, and with it the process."""
        if self.process:
            burrow.run("fusermount3", "-u", "-z", self.mount)
            self.process.kill()
            self.process.wait()


def disk(helper, folder):
    return Disk(helper("powerfs", *burrow.run("pkg-config", "--cflags", "--libs", "fuse3").stdout.split()), folder)

"""The server of one round of a soak, which can be killed and started again where it stood."""
import os
import pathlib
import signal
import subprocess
import time

from pymongo import MongoClient
from pymongo.errors import PyMongoError

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Server:
    """`durable`: what it has acknowledged survives its own death, so it is always a server of this round's own.
    `fail_points`: it can be told to fail; of its own as well."""

    def __init__(self, directory, durable=False, fail_points=False):
        self.directory, self.process = directory, None
        self.uri = "" if durable or fail_points else os.environ.get("MONGODB_URI", "")
        if self.uri:
            return
        self.uri = subprocess.run([ROOT / "tools/server", "start", directory], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        if durable or fail_points:
            pid = int((directory / "pid").read_text())
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[:-1]
            subprocess.run([ROOT / "tools/server", "stop", directory], check=True)
            if any("secantus" in word for word in words):
                words += (["--sync-on-commit"] if durable else []) + (["--enable-test-commands"] if fail_points else [])
            elif fail_points:
                words += ["--setParameter", "enableTestCommands=1"]
            self.command = words
            self.begin()

    def begin(self):
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        (self.directory / "pid").write_text(str(self.process.pid))
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                with MongoClient(self.uri, serverSelectionTimeoutMS=500) as client:
                    if client.admin.command("hello").get("isWritablePrimary"):
                        return
            except PyMongoError:
                time.sleep(0.1)
        raise RuntimeError("the server did not come back")

    def kill_and_begin(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.begin()

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            (self.directory / "pid").unlink(missing_ok=True)
        subprocess.run([ROOT / "tools/server", "stop", self.directory], check=False)

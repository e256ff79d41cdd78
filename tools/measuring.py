"""What the tools that measure the release build share: the program, and a server to measure it on."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = os.environ.get("RUNBOOK", str(ROOT / ".build/release/runbook"))


def program(path):
    """The program's absolute path; without one there is nothing to measure."""
    return os.path.abspath(shutil.which(path) or sys.exit(f"there is no program at {path}; run make release"))


@contextlib.contextmanager
def server(folder):
    """Lends the server that MONGODB_URI names, or one of its own with its files in the folder: its URI."""
    if uri := os.environ.get("MONGODB_URI"):
        yield uri
        return
    tool = ROOT / "tools/server"
    try:
        yield subprocess.run([tool, "start", folder], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    finally:
        subprocess.run([tool, "stop", folder], check=False)


def ended(process):
    """Waits for a process. Gives what it used; its exit status stands in `returncode`."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage

"""What the tools that measure the release build share: the program, and a server to measure it on."""

import collections
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = os.environ.get("RUNBOOK", str(ROOT / ".build/release/runbook"))

HEAD = "apiVersion: runbook/v1\nkind: Runbook\nmetadata: { id: bench, title: Bench }\n"
# A change of every document of a collection; the words in capitals stand for what `update` is told.
UPDATE = HEAD + """\
params: { database: { type: string }, replicaSet: { type: string } }
secrets: { mongodbUri: { fromEnv: MONGODB_URI } }
targets:
  main:
    type: mongodb
    uri: "${{ secrets.mongodbUri }}"
    database: "${{ params.database }}"
    identity: { replicaSet: "${{ params.replicaSet }}" }
defaults: { target: main, collection: itemsDEFAULTS }
phases:
  - id: change
    title: Change
    steps:
      - id: fill
        title: Add a field
        action: mongodb.update
        with:
          filter: { note: { $exists: false } }
          pipeline: [ { $set: { note: VALUE } } ]MORE
        rollback: auto
THEN"""


def update(*more, value='{ $ifNull: [ $text, "" ] }', defaults="", then=()):
    """The plan of a change, with further arguments of its step, a line each, what it makes of a field, further defaults, and further steps, a line each."""
    told = {"MORE": "".join(f"\n          {line}" for line in more), "VALUE": value, "DEFAULTS": defaults and f", {defaults}",
            "THEN": "".join(f"      {line}\n" for line in then)}
    return re.sub("|".join(told), lambda word: told[word[0]], UPDATE)


def params(client, database):
    """The options that give the plan of `update` its params, for a database of this client."""
    return ["--param", f"database={database}", "--param", f"replicaSet={client.admin.command('hello').get('setName', '')}"]


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


def compiled(source, folder, *flags):
    """The program that a source in C makes; its path."""
    compiler = shutil.which("cc") or shutil.which("clang") or sys.exit(f"neither cc nor clang is there to compile {source}")
    program = pathlib.Path(folder) / pathlib.Path(source).stem
    subprocess.run([compiler, "-O2", "-o", program, source, *flags], check=True)
    return str(program)


class Front:
    """tools/instant.c before a server: answers at once for a collection, of which the server itself holds one document. A context manager."""

    def __init__(self, folder, uri, namespace, documents, *more):
        self.documents = documents
        behind = uri.split("//")[1].split("/")[0]
        self.command = [compiled(ROOT / "tools/instant.c", folder, "-pthread"), "--upstream", behind, "--namespace", namespace,
                        "--documents", str(documents), *more]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.uri = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        told = self.process.communicate()[1].strip()
        if _[0] is None and told != f"instant: {self.documents} writes, 0 documents not written to":
            sys.exit(f"not every document was written to once, so the figure is worth nothing: {told}")


# Runs a program and prints what it used. In a process of its own and a small one: the most memory that the kernel tells of a program is never less
# than what the process that started it held.
ALONE = """
import json, os, sys, time
log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
began = time.perf_counter()
process = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)])
_, status, usage = os.wait4(process, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]))
"""
Used = collections.namedtuple("Used", "status seconds cpu mebibytes")


def run(command, log, **more):
    """Runs a program to its end, its output in the log. Gives its exit status, the seconds that it took, those of CPU, and the most memory it held."""
    told = subprocess.run([sys.executable, "-I", "-S", "-c", ALONE, log, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True, **more)
    return Used(*json.loads(told.stdout))

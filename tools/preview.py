"""Measure what `runbook plan` costs on a large collection with usable indexes: its time, and how much of the collection it has the server send.

    tools/preview [--runbook PATH] [--documents 1000000] [--repeat 3]

One document in two hundred is `old`, one in five is `new`, and there is an index for both. The plan changes the old ones (few enough to be told exactly) and the
new ones (told by a sample), each with a check. Goal: counts and samples only are asked for. Prints a Markdown table.
"""
import argparse
import contextlib
import os
import pathlib
import socket
import statistics
import sys
import tempfile
import threading

import measuring
from pymongo import MongoClient

STEP = """\
      - id: {state}
        title: Mark the {state} ones
        action: mongodb.update
        with: {{ filter: {{ state: {state}, mark: {{ $exists: false }} }}, pipeline: [ {{ $set: {{ mark: {{ $concat: [ $text, "!" ] }} }} }} ] }}
        rollback: auto
        verify: [ {{ id: {state}-left, title: None is left, action: mongodb.count, with: {{ filter: {{ state: {state}, mark: {{ $exists: false }} }} }}, expect: {{ equals: 0 }} }} ]
"""
PLAN = measuring.HEAD + """\
params: { database: { type: string } }
secrets: { mongodbUri: { fromEnv: MONGODB_URI } }
targets: { main: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: "${{ params.database }}" } }
defaults: { target: main, collection: items }
phases:
  - id: change
    title: Change
    steps:
""" + STEP.format(state="old") + STEP.format(state="new")


class Relay:
    """Stands before a server and counts what it sends. A context manager."""

    def __init__(self, uri):
        host, port = uri.split("//")[1].split("/")[0].split(":")
        self.behind, self.sent = (host, int(port)), 0

    def __enter__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.uri = f"mongodb://127.0.0.1:{self.listening.getsockname()[1]}/?directConnection=true"
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, server = self.listening.accept()[0], socket.create_connection(self.behind)
                for one in (client, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.carry, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self.carry, args=(server, client, True), daemon=True).start()

    def carry(self, source, sink, counts):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if counts:
                    self.sent += len(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def __exit__(self, *_):
        self.listening.close()


def load(items, count):
    for start in range(0, count, 5000):
        items.insert_many([
            {"_id": number, "text": f"Text of item {number}, which goes on for a while, as texts do", "views": number % 97,
             "state": "old" if number % 200 == 0 else "new" if number % 5 == 1 else "live"} for number in range(start, min(start + 5000, count))])
    items.create_index("state")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runbook", default=measuring.RELEASE)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    program = measuring.program(options.runbook)
    with tempfile.TemporaryDirectory(prefix="runbook-preview-") as name, measuring.server(pathlib.Path(name) / "server") as uri:
        folder, client = pathlib.Path(name), MongoClient(uri)
        database = client[f"preview_{os.getpid()}"]
        try:
            load(database.items, options.documents)
            size = database.command("collStats", "items").get("size", 0)
            (folder / "plan.yaml").write_text(PLAN)
            runs, sent = [], []
            for _ in range(options.repeat):
                with Relay(uri) as relay:
                    used = measuring.run(
                        [program, "plan", "plan.yaml", "--param", f"database={database.name}"], folder / "log", cwd=folder,
                        env={**os.environ, "MONGODB_URI": relay.uri, "NO_COLOR": "1", "RUNBOOK_STATE": f"sqlite:{folder}/state/state.db"})
                    if used.status:
                        sys.exit(f"preview: it ended with {used.status}:\n" + (folder / "log").read_text(errors="replace")[-1500:])
                    runs.append(used)
                    sent.append(relay.sent)
            print((folder / "log").read_text(errors="replace"), file=sys.stderr)
        finally:
            client.drop_database(database.name)
        seconds, cpu = (statistics.median(getattr(run, part) for run in runs) for part in ("seconds", "cpu"))
        print("| documents | bytes of them | `runbook plan` | CPU of it | the server sent | most memory |\n| --- | --- | --- | --- | --- | --- |")
        print(f"| {options.documents:,} | {size / 1e6:.0f} MB | {seconds:.2f} s | {cpu:.3f} s | {statistics.median(sent) / 1e6:.2f} MB"
              f" | {max(run.mebibytes for run in runs):.0f} MiB |")


if __name__ == "__main__":
    main()

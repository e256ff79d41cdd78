"""Measure how much memory the release build needs for large collections: the most that each process held (`ru_maxrss`), goal under 80 MiB.

    tools/memory [--runbook PATH] [--documents 100000] [--deleted 3000]

  backup, compare, update, rollback of it, insert (from a file), restore   on a collection of --documents, on the real server
  delete   of --deleted documents on the real server (the embedded one scans the collection for each), and of all --documents in front of a
           server that answers at once (tools/instant.c)

After each it is asked of the server itself whether the documents are as they must be; a figure of what did not happen is worth nothing.
Prints a Markdown table. With a server of the embedded kind and 100,000 documents it takes some minutes.
"""
import argparse
import json
import os
import pathlib
import sys
import tempfile

import measuring
from pymongo import MongoClient

GOAL = 80
HEAD = """\
apiVersion: runbook/v1
kind: Runbook
metadata: {{ id: {name}, title: {name} }}
secrets: {{ uri: {{ fromEnv: {variable} }} }}
targets: {{ main: {{ type: mongodb, uri: "${{{{ secrets.uri }}}}", database: {database} }} }}
defaults: {{ target: main, collection: items }}
"""
STEP = "phases:\n  - id: one\n    title: One\n    steps:\n      - id: it\n        action: {action}\n        with: {arguments}\n"
COMPARE = (STEP.format(action="note", arguments="{ text: compare }")
           + "verify:\n  - id: same\n    action: mongodb.compare\n    with: { left: items, right: copy, liveWrites: refuse }\n    expect: { equals: 0 }\n")


def document(number):
    return {"_id": number, "text": f"Text of item {number}, which goes on for a while, as texts do", "views": number % 97, "tags": ["a", "b"]}


class Memory:
    def __init__(self, options, folder, uri):
        self.options, self.folder, self.uri = options, folder, uri
        self.client = MongoClient(uri)
        self.database = self.client[f"memory_{os.getpid()}"]
        self.items = self.database["items"]
        self.rows = []
        self.environment = {**os.environ, "NO_COLOR": "1", "MEMORY_URI": uri, "RUNBOOK_STATE": f"sqlite:{folder}/state.db"}

    def measure(self, what, count, *arguments, status=0):
        used = measuring.run([self.options.runbook, *arguments], self.folder / "log", env=self.environment, cwd=self.folder)
        if used.status != status:
            sys.exit(f"memory: {what} ended with {used.status}:\n" + (self.folder / "log").read_text(errors="replace")[-1500:])
        mebibytes, seconds = used.mebibytes, used.seconds
        self.rows.append((what, f"{count:,}", f"{mebibytes:.0f} MiB", f"{seconds:.0f} s", "met" if mebibytes < GOAL else "missed"))
        print(f"memory: {what}: {mebibytes:.0f} MiB, {seconds:.0f} s", file=sys.stderr, flush=True)

    def plan(self, name, text, variable="MEMORY_URI"):
        path = self.folder / f"{name}.yaml"
        path.write_text(HEAD.format(name=name, database=self.database.name, variable=variable) + text)
        return str(path)

    def step(self, name, action, arguments, **more):
        return self.plan(name, STEP.format(action=action, arguments=arguments), **more)

    def must(self, what, found, wanted):
        if found != wanted:
            sys.exit(f"memory: {what}: {found} instead of {wanted}, so its figure is worth nothing")

    def load(self):
        self.client.drop_database(self.database.name)
        for start in range(0, self.options.documents, 1000):
            self.items.insert_many([document(number) for number in range(start, min(start + 1000, self.options.documents))])

    def real(self):
        count = self.options.documents
        self.load()
        self.measure("backup, proven", count, "execute", self.step("backup", "mongodb.backup", "{ to: copy, prove: digest }"))
        self.must("backup", self.database["copy"].count_documents({}), count)
        self.measure("compare", count, "execute", self.plan("compare", COMPARE))
        self.measure(
            "update", count, "execute",
            self.step("update", "mongodb.update", "{ filter: { note: { $exists: false } }, pipeline: [ { $set: { note: $text } } ] }"))
        self.must("update", self.items.count_documents({"note": {"$exists": True}}), count)
        self.measure("rollback of the update", count, "rollback", status=3)
        self.must("rollback", self.items.count_documents({"note": {"$exists": True}}), 0)
        # Dropped: the embedded server takes hours to delete so many.
        self.items.drop()
        self.database.create_collection("items")
        self.measure("restore", count, "execute", self.step("restore", "mongodb.restore", "{ from: copy, to: items }"))
        self.must("restore", self.items.count_documents({}), count)
        with open(self.folder / "lines.ndjson", "w") as lines:
            for number in range(count):
                lines.write(json.dumps({**document(number), "_id": f"new-{number}"}) + "\n")
        self.measure("insert, from a file", count, "execute", self.step("insert", "mongodb.insert", "{ file: lines.ndjson }"))
        self.must("insert", self.items.count_documents({}), 2 * count)
        self.items.drop()
        self.items.insert_many([document(number) for number in range(self.options.deleted)])
        self.measure("delete", self.options.deleted, "execute", self.step("delete", "mongodb.delete", "{ filter: {} }"))
        self.must("delete", self.items.count_documents({}), 0)

    def instant(self):
        """All documents deleted where no server stands in the way."""
        count = self.options.documents
        self.items.insert_one(document(0))
        with measuring.Front(self.folder, self.uri, f"{self.database.name}.items", count) as front:
            self.environment["INSTANT_URI"] = front.uri
            self.measure(
                "delete, before a server that answers at once", count, "execute",
                self.step("delete-at-once", "mongodb.delete", "{ filter: {} }", variable="INSTANT_URI"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runbook", default=measuring.RELEASE)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--deleted", type=int, default=3_000)
    options = parser.parse_args()
    options.runbook = measuring.program(options.runbook)
    with tempfile.TemporaryDirectory(prefix="runbook-memory-") as name:
        folder = pathlib.Path(name)
        with measuring.server(folder / "server") as uri:
            memory = Memory(options, folder, uri)
            try:
                memory.real()
                memory.instant()
            finally:
                memory.client.drop_database(memory.database.name)
        print("| action | documents | most memory | time | under 80 MiB |\n| --- | --- | --- | --- | --- |")
        for row in memory.rows:
            print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()

"""Let the server fail at every command that a change sends, and judge from the outside what is left.

    tools/faults [--only WORD] [--runbook PATH]

A cell is a command, a fault, and at which of these commands it comes, on the way forward or on the way back: a run of one
`mongodb.update` over 60 documents in small batches, on a server with fail points, while an application increments another field.
The commands of the program alone fail (by its name, `appName`). `resume` goes on where the program gives up.

Judged: forward, the run succeeds with every document changed once, or it ends with the collection as before; back, every document is
as before, to the byte but for the application's own field; each increment that was acknowledged is there; nothing is in conflict, and
in doubt only what stood in a batch with misses on the test server, which keeps no record of such an answer (they are counted; a
command that comes late on a busy machine is one); `status` says what the exit status says. One line for each cell that is wrong, then one line of JSON; exit 1 on any violation.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

import measuring
from pymongo import MongoClient
from pymongo.write_concern import WriteConcern
from soak_server import Server

DOCUMENTS = 60
COMMANDS = ["find", "aggregate", "getMore", "insert", "update", "findAndModify", "delete", "killSessions", "listCollections", "hello",
            "endSessions", "listIndexes"]
FAULTS = {
    "closes": {"closeConnection": True},
    "steps down": {"errorCode": 10107, "errorLabels": ["RetryableWriteError"]},
    "interrupts": {"errorCode": 11602},
    "fails": {"errorCode": 8},
    "write concern": {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}},
    "shutting down": {"writeConcernError": {"code": 91, "errmsg": "the server shuts down"}},
    "blocks": {"blockConnection": True, "blockTimeMS": 1700},
}
"""`blocks`: longer than a command has to arrive here (RUNBOOK_UPDATE_WINDOW), as 2 s would not be without that."""

PLACES = {"first": 0, "third": 2, "sixth": 5}
PLAN = measuring.update(
    "batch: { size: 20 }", value='{ $concat: [ $text, "." ] }', defaults="retry: { attempts: 6, backoff: 100ms..500ms }")


class Application(threading.Thread):
    """Increments a field of its own; `acknowledged` counts by `_id`."""

    def __init__(self, collection):
        super().__init__(daemon=True)
        self.collection, self.acknowledged, self.stopped, self.fault = collection, {}, threading.Event(), None

    def run(self):
        rng = random.Random(1)
        try:
            while not self.stopped.wait(0.01):
                key = rng.randrange(DOCUMENTS)
                self.collection.update_one({"_id": key}, {"$inc": {"views": 1}})
                self.acknowledged[key] = self.acknowledged.get(key, 0) + 1
        except Exception as error:
            self.fault = repr(error)


class Cell:
    def __init__(self, tool, number, direction, command, fault, place):
        self.tool, self.direction, self.fault = tool, direction, fault
        self.name = f"{direction}, {command} {fault}, {place}"
        self.database = tool.client[f"faults_{number}"]
        self.folder = tool.folder / str(number)
        self.folder.mkdir()
        self.data = {"failCommands": [command], "appName": "faults", **FAULTS[fault]}
        self.mode = {"skip": PLACES[place], "times": 1} if PLACES[place] else {"times": 1}
        self.attempts = 0

    def runbook(self, *arguments):
        environment = {"RUNBOOK_UPDATE_WINDOW": "1.5", "RUNBOOK_UPDATE_LIMIT": "4", **os.environ, "MONGODB_URI": self.tool.uri, "NO_COLOR": "1",
                       "RUNBOOK_STATE": f"sqlite:{self.folder}/state.db"}
        return subprocess.run([self.tool.options.runbook, *arguments], env=environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=240, check=False)

    def arm(self):
        self.tool.client.admin.command({"configureFailPoint": "failCommand", "mode": self.mode, "data": self.data})

    def heal(self):
        self.tool.client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})

    def lead(self, *command):
        """Goes on until the run has ended. Returns the last status, and whether it is an end."""
        execute = command
        for _ in range(8):
            self.attempts += 1
            done = self.runbook(*command)
            self.words = done.stdout[-1200:] + done.stderr[-1200:]
            if done.returncode in (0, 3, 4):
                return done.returncode
            answer = self.runbook("list", "--format", "json")
            runs = json.loads(answer.stdout or "[]")
            runs = runs.get("runs", []) if isinstance(runs, dict) else runs
            if done.returncode == 1 and runs:
                return 1
            # A rollback that failed before the wish was recorded has to be wanted again.
            command = ("rollback",) if done.returncode == 5 or execute[0] == "rollback" else ("resume",) if runs else execute
        return -1

    def play(self):
        items = self.database.get_collection("items", write_concern=WriteConcern("majority", j=True))
        before = [{"_id": key, "text": f"text {key}", "views": 0} for key in range(DOCUMENTS)]
        items.insert_many(before)
        application = Application(items)
        application.start()
        execute = ("execute", str(self.tool.plan), *measuring.params(self.tool.client, self.database.name))
        try:
            if self.direction == "forward":
                self.arm()
                status = self.lead(*execute)
            else:
                if (status := self.lead(*execute)) != 0:
                    return [f"without a fault it ends with {status}: {self.words}"]
                self.arm()
                status = self.lead("rollback")
                if status == 0:         # the fault came before the wish was recorded
                    status = self.lead("rollback")
        finally:
            self.heal()
            application.stopped.set()
            application.join(30)
        wrong = [application.fault] if application.fault else []
        return wrong + self.judge(status, before, list(items.find().sort("_id")), application.acknowledged)

    def judge(self, status, before, now, acknowledged):
        wrong, doubt = [], self.in_doubt(unrecorded=True)
        unexplained = self.in_doubt(unrecorded=False)
        expected = ((0, 1, 3) if self.direction == "forward" else (3,)) + ((4,) if doubt else ())
        if status not in expected:
            return [f"it ends with {status}: {self.words}"]
        if unexplained:
            wrong.append(f"in doubt without a reason: {sorted(unexplained)}")
        self.tool.totals["inDoubt"] += len(doubt)
        for old in before:
            views = acknowledged.get(old["_id"], 0)
            due = {"_id": old["_id"], "text": old["text"], "views": views, **({"note": old["text"] + "."} if status == 0 else {})}
            found = next((document for document in now if document["_id"] == old["_id"]), None)
            if status == 4 and old["_id"] in doubt:
                continue
            if found is None or list(found.items()) != list(due.items()):
                wrong.append(f"{found} should be {due}")
        if len(now) != len(before):
            wrong.append(f"{len(now)} documents, there should be {len(before)}")
        told = self.runbook("status", "--format", "json")
        if told.returncode != status:
            wrong.append(f"`status` says {told.returncode}, the run ended with {status}")
        report = json.loads(told.stdout or "{}")
        if report.get("conflicts"):
            wrong.append(f"conflicts: {report['conflicts']}")
        return wrong

    def in_doubt(self, unrecorded):
        """Keys in doubt by the undo journal, of blocks with misses on the test server, or of all others."""
        keys = set()
        for name in self.database.list_collection_names(filter={"name": {"$regex": "^_runbook\\.undo\\."}}):
            for block in self.database[name].find({"doubt.0": {"$exists": True}}):
                if unrecorded == (self.tool.is_forgetful and bool(block.get("missed"))):
                    keys |= {block["e"][index]["k"] for index in block["doubt"]}
        return keys


class Tool:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.server = Server(folder / "server", fail_points=True)
        self.client = MongoClient(self.server.uri)
        self.uri = self.server.uri + ("&" if "?" in self.server.uri else "?") + "appName=faults"
        self.is_forgetful = self.client.admin.command("hello").get("setName") == "secantus"
        self.totals = {"cells": 0, "resumed": 0, "inDoubt": 0, "violations": 0}
        self.plan = folder / "plan.yaml"
        self.plan.write_text(PLAN)

    def run(self):
        totals = self.totals
        cells = [(direction, command, fault, place) for direction in ("forward", "back") for command in COMMANDS for fault in FAULTS
                 for place in PLACES]
        for number, parts in enumerate(cells):
            cell = Cell(self, number, *parts)
            if self.options.only and self.options.only not in cell.name:
                continue
            try:
                wrong = cell.play()
            except Exception as error:      # a cell that breaks is no proof of anything
                wrong = [f"the cell broke: {error!r}"]
            totals["cells"] += 1
            totals["resumed"] += cell.attempts > (1 if cell.direction == "forward" else 2)
            totals["violations"] += bool(wrong)
            for text in wrong[:4]:
                print(f"{cell.name}: {text}", flush=True)
            if totals["cells"] % 50 == 0:
                print(f"{totals['cells']} of {len(cells)} cells, {totals['violations']} wrong", flush=True)
            self.client.drop_database(cell.database.name)
        return totals


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runbook", default=os.environ.get("RUNBOOK", str(measuring.ROOT / ".build/debug/runbook")))
    parser.add_argument("--only", help="only cells whose name has this in it: 'back, update'")
    options = parser.parse_args()
    options.runbook = measuring.program(options.runbook)
    with tempfile.TemporaryDirectory(prefix="runbook-faults-") as name:
        tool = Tool(options, pathlib.Path(name))
        began = time.monotonic()
        try:
            totals = tool.run()
        finally:
            tool.server.stop()
    print(json.dumps({"faults": {**totals, "seconds": round(time.monotonic() - began)}}), flush=True)
    sys.exit(1 if totals["violations"] else 0)


if __name__ == "__main__":
    main()

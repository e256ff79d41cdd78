"""Kill the program at random moments while it deletes, restores and inserts documents under three writers, and judge what is left.

    tools/soak documents [--kills 100] [--seed N] [--runbook PATH]

A round is one run of `tools/soak-documents.yaml` in a fresh database: to its end, or to a check that fails and its rollback. Up to
five SIGKILLs hit it, and `resume` goes on each time. Each writer has documents of its own and knows what it was told; a write that
did not find its document counts for nothing. Judged: every insertion is there exactly once, or gone after the rollback; after a
rollback each document is, to the byte, as if only the writers had written, but for what the undo journal lists. One line a round,
then one line of JSON; exit 1 on any violation.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from pymongo import MongoClient, WriteConcern
from pymongo.errors import DuplicateKeyError

ROOT = pathlib.Path(__file__).resolve().parent.parent
OWN, ABSENT, LAYERS = 240, range(1000, 1060), 300


class Writer(threading.Thread):
    """Writes its share of the documents, one write after the other, and keeps what it was told (`ghost`)."""

    def __init__(self, database, number, ghost, seed):
        super().__init__(daemon=True)
        self.assets = database.assets.with_options(write_concern=WriteConcern("majority", j=True))
        self.layers = database.layers.with_options(write_concern=WriteConcern("majority", j=True))
        self.rng = random.Random(seed * 10 + number)
        self.keys = [key for key in [*range(OWN), *ABSENT] if key % 3 == number]
        self.ghost = ghost
        self.stopped, self.acknowledged, self.fault = threading.Event(), 0, None
        # Keys written at all; those inserted anew and deleted again; those of which a document was changed that only the run can have put there.
        self.written, self.ambiguous, self.touched, self.layers_touched = set(), set(), set(), set()

    def run(self):
        try:
            while not self.stopped.wait(0.012):
                self.write()
        except Exception as error:
            self.fault = repr(error)

    def write(self):
        key, count = self.rng.choice(self.keys), self.acknowledged
        choice = self.rng.randrange(10)
        if choice == 0:
            self.set_layer()
        elif choice == 1:
            if self.assets.delete_one({"_id": key}).deleted_count:
                if (self.ghost.get(key) or {}).get("anew"):
                    self.ambiguous.add(key)
                self.told(key, None)
        elif choice == 2:
            fresh = {"_id": key, "old": self.rng.random() < 0.3 and key < OWN, "anew": True, "by": count}
            try:
                self.assets.insert_one(dict(fresh))
                self.told(key, fresh)
            except DuplicateKeyError:
                pass
        else:
            # What is brought back is never deleted by the run as well: a document in both could come from either.
            change = {"old": self.rng.random() < 0.5} if choice == 3 and key < OWN else {"by": count}
            if self.assets.update_one({"_id": key}, {"$set": change}).matched_count:
                if self.ghost.get(key) is None:
                    self.touched.add(key)
                    self.acknowledged += 1
                else:
                    self.told(key, {**self.ghost[key], **change})

    def set_layer(self):
        place = self.rng.randrange(LAYERS)
        if place % 3 == self.keys[0] % 3 and place % 40 == 0 and self.layers.update_one({"n": place}, {"$set": {"by": 1}}).matched_count:
            self.layers_touched.add(place)

    def told(self, key, document):
        self.ghost[key] = document
        self.written.add(key)
        self.acknowledged += 1


def listed(database):
    """What the undo journal lists, as (collection, key): in doubt or refused, and conflicts."""
    doubt, conflicts = set(), set()
    for name in database.list_collection_names(filter={"name": {"$regex": "^_runbook\\.undo\\."}}):
        for block in database[name].find():
            keys = [(block["ns"].split(".", 1)[1], entry["k"]) for entry in block.get("e", [])]
            conflicts |= {keys[index] for index, _ in block.get("kept", [])}
            doubt |= {keys[index] for index in [*block.get("standing", []), *block.get("doubt", [])]}
    return doubt, conflicts


class Round:
    def __init__(self, options, seed, totals):
        self.options, self.seed, self.totals = options, seed, totals
        self.rng = random.Random(seed)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="runbook-soak-"))
        self.kills, self.violations = 0, []
        self.fails = self.rng.random() < 0.6

    def play(self):
        uri = os.environ.get("MONGODB_URI") or subprocess.run(
            [ROOT / "tools/server", "start", self.dir / "server"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        try:
            client = MongoClient(uri)
            self.database = client[f"soak_documents_{os.getpid()}_{self.seed}"]
            self.environment = {
                "RUNBOOK_LEASE_TTL": "5", "RUNBOOK_UPDATE_WINDOW": "2", "RUNBOOK_UPDATE_LIMIT": "2", **os.environ, "MONGODB_URI": uri,
                "RUNBOOK_STATE": f"sqlite:{self.dir}/state.db", "NO_COLOR": "1"}
            self.fill()
            ghosts = [{}, {}, {}]
            for document in self.database.assets.find():
                ghosts[document["_id"] % 3][document["_id"]] = document
            self.writers = [Writer(self.database, number, ghosts[number], self.seed) for number in range(3)]
            for writer in self.writers:
                writer.start()
            status = self.lead(client.admin.command("hello").get("setName", ""))
            time.sleep(0.2)
            for writer in self.writers:
                writer.stopped.set()
                writer.join(30)
                if writer.fault:
                    self.violations.append(f"a writer: {writer.fault}")
            self.judge(status)
            if self.violations:
                self.violations.append((self.dir / "log").read_text(encoding="utf-8", errors="replace")[-1200:])
            client.drop_database(self.database.name)
        finally:
            subprocess.run([ROOT / "tools/server", "stop", self.dir / "server"], check=False)
            shutil.rmtree(self.dir, ignore_errors=True)

    def fill(self):
        self.database.assets.insert_many([{"_id": key, "old": key % 4 == 0, "parts": [key, 1.5, {"n": key}]} for key in range(OWN)])
        self.database.archive.insert_many([{"_id": key, "archived": key} for key in ABSENT])
        self.database.create_collection("layers")
        with open(self.dir / "layers.ndjson", "w", encoding="utf-8") as file:
            for place in range(LAYERS):
                file.write(json.dumps({"n": place} if place % 2 else {"_id": f"layer {place}", "n": place}) + "\n")

    def lead(self, replica_set):
        plan = str(ROOT / "tools/soak-documents.yaml")
        command = ["execute", plan, "--param", f"database={self.database.name}", "--param", f"replicaSet={replica_set}",
                   "--param", f"file={self.dir}/layers.ndjson", "--param", f"failAt={'end' if self.fails else 'nowhere'}"]
        planned = self.rng.randrange(1, 6)
        until = time.monotonic() + 240
        while time.monotonic() < until:
            with open(self.dir / "log", "ab") as log:
                process = subprocess.Popen(
                    [self.options.runbook, *command], env=self.environment, cwd=self.dir, stdin=subprocess.DEVNULL, stdout=log,
                    stderr=subprocess.STDOUT)
                try:
                    status = process.wait(self.rng.uniform(0.2, self.totals["expected"]) if planned else 120)
                    if status != 7:
                        return status
                    time.sleep(1)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    planned = max(0, planned - 1)
                    self.kills += 1
            runs = subprocess.run([self.options.runbook, "list", "--format", "json"], env=self.environment, cwd=self.dir, capture_output=True,
                                  text=True, check=False).stdout
            found = json.loads(runs or "{}")
            found = found.get("runs", []) if isinstance(found, dict) else found
            if found:
                command = ["resume", found[0].get("run") or found[0].get("id")]
        return -1

    def judge(self, status):
        allowed = (3, 4) if self.fails else (0,)
        if status not in allowed:
            self.violations.append(f"the run ended with {status}, expected {' or '.join(map(str, allowed))}")
            return
        ghost = {key: document for writer in self.writers for key, document in writer.ghost.items()}
        ambiguous, touched, written, layers_touched = (
            set().union(*(getattr(writer, name) for writer in self.writers)) for name in ("ambiguous", "touched", "written", "layers_touched"))
        now = {document["_id"]: document for document in self.database.assets.find()}
        layers = [document for document in self.database.layers.find()]
        doubt, conflicts = listed(self.database)
        self.totals["acknowledged"] += sum(writer.acknowledged for writer in self.writers)
        self.totals["inDoubt"] += len(doubt)
        self.totals["conflicts"] += len(conflicts)
        if self.fails:
            self.judge_unwound(status, ghost, now, ambiguous, touched, doubt, conflicts)
            for layer in layers:
                key = ("layers", layer["_id"])
                if key not in doubt and not (layer["n"] in layers_touched and key in conflicts):
                    self.violations.append(f"layer {layer['n']} is left behind")
            return
        places = sorted(layer["n"] for layer in layers)
        if places != list(range(LAYERS)):
            self.violations.append(f"{len(places)} layers, {len(set(places))} of them different, and {LAYERS} are due")
        for key in range(OWN):
            if key % 4 == 0 and key not in written and key in now and ("assets", key) not in doubt:
                self.violations.append(f"{key} was to be deleted")
        for key in ABSENT:
            if key not in written | touched and now.get(key) != {"_id": key, "archived": key} and ("assets", key) not in doubt:
                self.violations.append(f"{key} was to be brought back")

    def judge_unwound(self, status, ghost, now, ambiguous, touched, doubt, conflicts):
        if (status == 3) == bool(doubt | conflicts):
            self.violations.append(f"exit {status}, and {len(doubt)} in doubt, {len(conflicts)} conflicts are listed")
        for key in [*range(OWN), *ABSENT]:
            wanted, found = ghost.get(key), now.get(key)
            if wanted == found and list(wanted or {}) == list(found or {}):
                self.totals["exact"] += 1
            elif ("assets", key) in doubt or wanted is None and (key in ambiguous or key in touched and ("assets", key) in conflicts):
                self.totals["excused"] += 1
            else:
                self.violations.append(f"{key}: {found}, and only the writers: {wanted}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--runbook", default=os.environ.get("RUNBOOK", str(ROOT / ".build/debug/runbook")))
    options = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    options.runbook = os.path.abspath(shutil.which(options.runbook) or sys.exit(f"soak: no program at {options.runbook}; build it first"))
    totals = {"rounds": 0, "kills": 0, "acknowledged": 0, "exact": 0, "excused": 0, "inDoubt": 0, "conflicts": 0, "violations": 0,
              "expected": 5.0}
    while totals["kills"] < options.kills and totals["rounds"] < options.kills * 3:
        round_ = Round(options, options.seed + totals["rounds"], totals)
        round_.play()
        totals["rounds"] += 1
        totals["kills"] += round_.kills
        totals["violations"] += len(round_.violations)
        print(f"round {totals['rounds']}: seed {round_.seed}, {'rolled back' if round_.fails else 'to its end'}, {round_.kills} kills,"
              f" {len(round_.violations)} violations", flush=True)
        for text in round_.violations[:10]:
            print(f"  seed {round_.seed}: {text}", flush=True)
    totals.pop("expected")
    print(json.dumps({"soakDocuments": {"seed": options.seed, **totals}}), flush=True)
    sys.exit(1 if totals["violations"] or totals["kills"] < options.kills else 0)


if __name__ == "__main__":
    main()

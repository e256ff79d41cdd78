#!/usr/bin/env python3
"""Writers that use a collection the way a careless application would, for tests that kill the program meanwhile.

    writers.py load  --uri URI --database NAME [--documents 600] [--seed N] --snapshot FILE
    writers.py run   --uri URI --database NAME --ledger FILE [--writers 3] [--pause-ms 15] [--seed N] [--nested]
    writers.py check --uri URI --database NAME --snapshot FILE --ledger FILE --expect succeeded|rolledBack
                     [--late-from SECONDS] [--report STATUS.json]

`run` writes until SIGTERM and prints `ready` once it has begun: increments, edits, inserts, deletes, replacements, edits of the
very fields that the change touches, now and then the very value that it writes. Each writer stays off four documents in ten, so
that untouched ones exist. `run` and `check` end with one line of JSON. The change that `check` knows is the one of
`tools/soak.yaml` but for its last step: three fields added, and `status: draft` made `review`.
"""
import argparse
import json
import os
import random
import signal
import sys
import threading
import time

import bson
from pymongo import MongoClient
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError, WriteError
from pymongo.write_concern import WriteConcern

import check
import ledger

COLLECTION = "assets"
STATUS_RULE = [check.Rule("status", lambda value: value == "draft", lambda state: "review")]
STEPS = [check.THREE_FIELDS, STATUS_RULE]
NESTED_VALUE = "runbook"
# As a whole: whoever writes a field in it is told from us by what stands beside it.
NESTED = check.Rule(
    "nested", lambda value: check.absent(value) or isinstance(value, dict) and "by" not in value,
    lambda state: {**state.get("nested", {}), "by": NESTED_VALUE},
    lambda value: value.get("by", ledger.ABSENT) if isinstance(value, dict) else ledger.ABSENT,
    lambda value: {name: inner for name, inner in value.items() if name != "by"} if isinstance(value, dict) else value)
STATUSES = ["draft", "draft", "review", "live"]


class Writer(threading.Thread):
    """One writer with documents of its own, one write under way at a time. Subclasses choose what it does in `step`."""

    def __init__(self, number, collection, book, documents, seed, pause):
        super().__init__(name=f"writer-{number}", daemon=True)
        self.number, self.collection, self.book, self.pause = number, collection, book, pause
        self.documents = {ledger.key_of(document["_id"]): document for document in documents}
        self.rng = random.Random(seed * 1000 + number)
        self.stopped = threading.Event()
        self.writes, self.errors, self.longest, self.made, self.fault = 0, 0, 0.0, 0, None

    def run(self):
        try:
            while not self.stopped.is_set():
                self.step()
                self.stopped.wait(self.rng.uniform(0.2, 1.8) * self.pause)
        except Exception as error:      # a defect of this program must not pass for a quiet application
            self.fault = repr(error)

    def any(self):
        return self.rng.choice(list(self.documents.values())) if self.documents else None

    def write(self, document, op, send, **values):
        """Send one write and book it before and after; keeps this writer's picture of the document."""
        number = self.book.sent(self.number, document["_id"], op, **values)
        began = time.monotonic()
        key = ledger.key_of(document["_id"])
        try:
            hit = send()
        except (DuplicateKeyError, WriteError, BulkWriteError) as error:
            self.errors += 1
            self.book.error(self.number, number, True, str(error))
            return None
        except PyMongoError as error:
            self.errors += 1
            self.book.error(self.number, number, False, str(error))
            self.documents.pop(key, None)       # whether it stands is unknown: hands off
            return None
        finally:
            self.longest = max(self.longest, time.monotonic() - began)
        self.book.ack(self.number, number, hit)
        self.writes += 1
        return hit

    def set(self, document, fields=None, unset=(), inc=None, where=None):
        fields, inc = fields or {}, inc or {}
        change = {}
        if fields:
            change["$set"] = fields
        if unset:
            change["$unset"] = {field: "" for field in unset}
        if inc:
            change["$inc"] = inc
        hit = self.write(
            document, "set", lambda: self.collection.update_one({"_id": document["_id"], **(where or {})}, change).matched_count,
            set=fields, unset=list(unset), inc=inc, **({"if": True} if where else {}))
        if hit:
            document.update(fields)
        return hit

    def insert(self, document):
        def send():
            self.collection.insert_one(document)
            return 1
        if self.write(document, "insert", send, doc=document):
            self.documents[ledger.key_of(document["_id"])] = document

    def replace(self, document, after):
        if self.write(document, "replace", lambda: self.collection.replace_one({"_id": document["_id"]}, after).matched_count, doc=after):
            self.documents[ledger.key_of(document["_id"])] = after

    def delete(self, document):
        if self.write(document, "delete", lambda: self.collection.delete_one({"_id": document["_id"]}).deleted_count):
            self.documents.pop(ledger.key_of(document["_id"]), None)
            return document
        return None


class Careless(Writer):
    """Everything that may go wrong with a change beside it."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.gone = []

    def step(self):
        document, dice = self.any(), self.rng.random()
        if document is None or dice < 0.07:
            self.made += 1
            self.insert(self.fresh(f"new-{self.number}-{self.made}"))
        elif dice < 0.12:
            if gone := self.delete(document):
                self.gone.append(gone["_id"])
        elif dice < 0.14 and self.gone:
            self.insert(self.fresh(self.gone.pop()))
        elif dice < 0.20:
            self.replace(document, self.fresh(document["_id"]))
        elif dice < 0.45:
            self.set(document, inc={"views": self.rng.randrange(1, 5)})
        elif dice < 0.65:
            self.set(document, {"description": self.text()})
        elif dice < 0.75:
            self.set(document, {"status": self.rng.choice(STATUSES)})
        elif dice < 0.85:
            field = self.rng.choice(["creatorDescription", "albumArt", "aiMetadata"])
            self.set(document, {field: self.text()})
        elif dice < 0.92:
            field, value = self.rng.choice(
                [("creatorDescription", check.description_or_empty(document)), ("albumArt", None), ("aiMetadata", None), ("status", "review")])
            self.set(document, {field: value})
        elif dice < 0.96:
            self.set(document, unset=[self.rng.choice(["creatorDescription", "albumArt", "aiMetadata", "views"])])
        else:
            self.set(document, {"tags": [self.text(), self.rng.randrange(9)]}, inc={"edits": 1})

    def text(self):
        return f"w{self.number}-{self.rng.randrange(1 << 30)}"

    def fresh(self, identifier):
        document = made(identifier, self.rng)
        if self.rng.random() < 0.3:
            document["creatorDescription"] = self.rng.choice([check.description_or_empty(document), self.text()])
        return document


class Nesting(Careless):
    """Besides, everything that may go wrong with a change of a field inside `nested`: it is written as a whole, goes, and is no document now and then."""

    def step(self):
        document, dice = self.any(), self.rng.random()
        if document is None or dice < 0.6:
            return super().step()
        held = document.get("nested")
        held = {key: value for key, value in held.items() if key != "by"} if isinstance(held, dict) else {}
        if dice < 0.72:
            return self.set(document, {"nested": {"n": self.rng.randrange(9), "x": [None, self.rng.random()]}})
        if dice < 0.80:
            return self.set(document, {"nested": {**held, "by": self.text()}})
        if dice < 0.86:
            return self.set(document, {"nested": {**held, "by": NESTED_VALUE}})
        if dice < 0.93:
            if self.set(document, unset=["nested"]):
                document.pop("nested", None)
            return None
        return self.set(document, {"nested": self.rng.choice([None, 7, "text", [{"n": 1}]])})


def made(identifier, rng):
    document = {"_id": identifier, "name": f"N-{identifier}", "status": rng.choice(STATUSES), "views": rng.randrange(100)}
    if (kind := rng.randrange(6)) < 3:
        document["description"] = f"Description {rng.randrange(1 << 20)}"
    elif kind < 5:
        document["description"] = "" if kind == 3 else None
    return document | {"tags": rng.sample(["a", "b", "c", "d"], rng.randrange(4)), "nested": {"n": rng.randrange(9), "x": [None, 1.5]}}


def start(cls, collection, path, count, seed, pause, share=0.6):
    """Start `count` writers, each with its share of the documents that are there, less those that are left alone."""
    book = ledger.Ledger(path)
    documents = sorted(collection.find(), key=lambda document: ledger.key_of(document["_id"]))
    random.Random(seed).shuffle(documents)
    documents = documents[:int(len(documents) * share)]
    writers = [cls(number, collection, book, documents[number::count], seed, pause) for number in range(count)]
    for writer in writers:
        writer.start()
    return writers


def stop(writers):
    """Let each finish the write under way. Returns the totals."""
    for writer in writers:
        writer.stopped.set()
    for writer in writers:
        writer.join(60)
    faults = [writer.fault for writer in writers if writer.fault] + [f"{writer.name} hangs" for writer in writers if writer.is_alive()]
    return {
        "writes": sum(writer.writes for writer in writers),
        "errors": sum(writer.errors for writer in writers),
        "longestStallMs": round(max(writer.longest for writer in writers) * 1000),
        "faults": faults,
    }


def until_told():
    """Wait for SIGTERM or SIGINT."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    return told


def collection_at(options):
    client = MongoClient(options.uri, retryWrites=False, socketTimeoutMS=60_000, serverSelectionTimeoutMS=20_000)
    return client[options.database].get_collection(COLLECTION, write_concern=WriteConcern("majority", j=True))


def load(options, quiet=False):
    collection = collection_at(options)
    collection.drop()
    rng = random.Random(options.seed)
    kinds = [lambda n: n, lambda n: f"doc-{n}", lambda n: bson.ObjectId(rng.randbytes(12)), lambda n: n + 0.5]
    collection.insert_many([made(kinds[number % 4](number), rng) for number in range(options.documents)])
    collection.create_index("name")
    with open(options.snapshot, "wb") as out:
        raw = collection.with_options(codec_options=bson.CodecOptions(document_class=bson.raw_bson.RawBSONDocument))
        for document in raw.find():
            out.write(document.raw)
    if not quiet:
        print(json.dumps({"loaded": options.documents, "seed": options.seed}))


def run(options):
    told, parent = until_told(), os.getppid()
    writers = start(Nesting if options.nested else Careless, collection_at(options), options.ledger, options.writers, options.seed, options.pause_ms / 1000)
    print("ready", flush=True)
    while not told.wait(0.5):
        if any(writer.fault for writer in writers) or os.getppid() != parent:
            break       # whoever started this is gone
    totals = stop(writers)
    print(json.dumps(totals), flush=True)
    sys.exit(1 if totals["faults"] else 0)


def judge(options):
    evidence = check.Evidence(collection_at(options), check.read_snapshot(options.snapshot), ledger.read(options.ledger))
    if options.expect == "succeeded":
        verdict = check.judge_success(evidence, STEPS, options.late_from)
    else:
        doubt = set()
        if options.report:
            with open(options.report, encoding="utf-8") as file:
                doubt = check.listed(json.load(file), "inDoubt", "standing")
        verdict = check.judge_rollback(evidence, STEPS, doubt)
    for text in verdict.violations[:20]:
        print(text, file=sys.stderr)
    print(json.dumps({"violations": len(verdict.violations), **verdict.counts}))
    sys.exit(1 if verdict.violations else 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)

    def command(name, function, *extra):
        sub = commands.add_parser(name)
        sub.set_defaults(function=function)
        sub.add_argument("--uri", required=True)
        sub.add_argument("--database", required=True)
        for flags, settings in extra:
            sub.add_argument(flags, **settings)

    seed, snapshot, book = ("--seed", {"type": int, "default": 1}), ("--snapshot", {"required": True}), ("--ledger", {"required": True})
    command("load", load, ("--documents", {"type": int, "default": 600}), seed, snapshot)
    command("run", run, book, seed, ("--writers", {"type": int, "default": 3}), ("--pause-ms", {"type": float, "default": 15}),
            ("--nested", {"action": "store_true"}))
    command("check", judge, snapshot, book, ("--expect", {"choices": ["succeeded", "rolledBack"], "required": True}),
            ("--late-from", {"type": float, "default": float("inf")}), ("--report", {}))
    options = parser.parse_args()
    options.function(options)


if __name__ == "__main__":
    main()

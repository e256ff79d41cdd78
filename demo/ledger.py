"""What an application wrote, and what its documents must therefore be.

A ledger is an append-only JSONL file with two lines a write: `sent` before it goes out, then `ack` with the number of documents
that the server says it hit, or `error`. A write with neither `ack` nor a refusal is *in flight*: it may stand or not, and both
are right. Every document belongs to one writer, which has one write under way at a time, so the order of the lines of a document
is the order of its writes on the server.

    {"n": 17, "w": 2, "t": 1737.25, "e": "sent", "id": ..., "op": "set", "set": {...}, "unset": [...], "inc": {...}}
    {"n": 17, "w": 2, "t": 1737.26, "e": "ack", "hit": 1}
op: set (fields set, unset and raised), insert, replace (`doc`), delete. `"if": true` marks a set with a condition of its own: to
hit nothing is then no loss. Values are Extended JSON, times seconds since 1970.

`replay` gives the *ghosts*: each document as it would be had only the application written.
"""
import json
import threading
import time

import bson
from bson import json_util

ABSENT = "\0absent"
"""Stands for a field that is not there. No stored text begins with a zero character."""

OPTIONS = json_util.CANONICAL_JSON_OPTIONS


class Ledger:
    """The file that writers append to. A line is flushed before the write it announces is sent."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8")
        self.lock = threading.Lock()
        self.number = 0

    def sent(self, writer, key, op, **values):
        with self.lock:
            self.number += 1
            self._line({"n": self.number, "w": writer, "t": time.time(), "e": "sent", "id": key, "op": op, **values})
            return self.number

    def ack(self, writer, number, hit):
        with self.lock:
            self._line({"n": number, "w": writer, "t": time.time(), "e": "ack", "hit": hit})

    def error(self, writer, number, refused, text):
        """`refused`: the server answered that nothing was done. Otherwise the write stays in flight."""
        with self.lock:
            self._line({"n": number, "w": writer, "t": time.time(), "e": "error", "refused": refused, "text": text})

    def _line(self, entry):
        self.file.write(json_util.dumps(entry, json_options=OPTIONS) + "\n")
        self.file.flush()


class Write:
    """One write of the ledger, with its answer; `acked` is None while it is in flight."""

    def __init__(self, entry):
        self.number, self.writer, self.sent, self.key, self.op = (entry[name] for name in ("n", "w", "t", "id", "op"))
        self.set, self.unset, self.inc = entry.get("set", {}), entry.get("unset", []), entry.get("inc", {})
        self.doc, self.conditional = entry.get("doc"), entry.get("if", False)
        self.acked, self.hit, self.refused = None, None, False

    def touches(self, field):
        return self.op != "set" or field in self.set or field in self.inc or field in self.unset

    def apply(self, doc):
        """The document after this write took effect on `doc` (None: there is none)."""
        if self.op in ("insert", "replace"):
            return dict(self.doc)
        if self.op == "delete" or doc is None:
            return None
        after = {**doc, **self.set}
        for field, amount in self.inc.items():
            after[field] = after.get(field, 0) + amount
        for field in self.unset:
            after.pop(field, None)
        return after


def read(path):
    """The writes of a ledger in the order they were sent. A last line that was cut off by a crash is left out."""
    writes = {}
    with open(path, encoding="utf-8") as lines:
        for text in lines:
            if not text.endswith("\n"):
                break
            entry = json.loads(text, object_hook=lambda value: json_util.object_hook(value, OPTIONS))
            if entry["e"] == "sent":
                writes[entry["n"]] = Write(entry)
            elif entry["e"] == "ack":
                writes[entry["n"]].acked, writes[entry["n"]].hit = entry["t"], entry["hit"]
            else:
                writes[entry["n"]].refused = entry["refused"]
    return list(writes.values())


class Ghost:
    """One document as the application alone would have it.

    `now` holds the alternatives (more than one after a write in flight; None: no such document), `history` every (write, state)
    that the application may have brought about, oldest first, beginning with (None, the loaded document). `vanished` are
    acknowledged writes that found nothing where the document had to be, `returned` those that found one which was deleted.
    """

    def __init__(self, loaded):
        self.now = [loaded]
        self.history = [(None, loaded)]
        self.writes = []
        self.vanished = []
        self.returned = []

    def add(self, write):
        self.writes.append(write)
        if write.refused:
            return
        if write.acked is not None and write.hit and write.op != "insert" and all(state is None for state in self.now):
            self.returned.append(write)
        if write.acked is not None and write.hit == 0:
            # A write without a condition must find the document that its writer knows to be there.
            if not write.conditional and all(state is not None for state in self.now):
                self.vanished.append(write)
            return
        after = [write.apply(state) for state in self.now]
        self.history += [(write, state) for state in after]
        self.now = after if write.acked is not None else self.now + after

    def last_write(self, field):
        """The last write that said anything about `field` and took effect, or may have."""
        told = [write for write in self.writes if not write.refused and write.hit != 0 and write.touches(field)]
        return told[-1] if told else None

    def may_be_last(self, field):
        """The writes of which each may be the last that said anything about `field`, the newest first: one in flight, and what it may have left as it was."""
        found = []
        for write in reversed(self.writes):
            if not write.refused and write.hit != 0 and write.touches(field):
                found.append(write)
                if write.acked is not None:
                    break
        return found


def replay(loaded, writes):
    """Ghosts by key (see `key_of`), of all documents that were loaded or ever written."""
    ghosts = {key_of(doc["_id"]): Ghost(doc) for doc in loaded}
    for write in writes:
        ghost = ghosts.setdefault(key_of(write.key), Ghost(None))
        ghost.add(write)
    return ghosts


def key_of(identifier):
    return bson.encode({"": identifier})


def same(left, right):
    """Equal as stored: type and all, so that 1, 1.0 and true differ."""
    return bson.encode({"": left}) == bson.encode({"": right})

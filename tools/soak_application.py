"""The application of `tools/soak documents`: three writers that each have documents of their own and know what they were told."""
import json
import random
import threading
import time

from pymongo import WriteConcern
from pymongo.errors import ConnectionFailure, DuplicateKeyError, PyMongoError

OWN, ABSENT, PRICES, LAYERS, CATALOG = range(240), range(1000, 1060), range(90), 300, range(120)
SAFE = WriteConcern("majority", j=True)


def fill(database, layers_file):
    """The world of before. `archive`, `prices_backup` and `catalog_backup` are what is brought back, put back, and swapped in."""
    database.assets.insert_many([{"_id": key, "old": key % 4 == 0, "parts": [key, 1.5, {"n": key}]} for key in OWN])
    database.archive.insert_many([{"_id": key, "archived": key} for key in ABSENT])
    database.prices.insert_many([{"_id": key, "price": 1 if key % 3 == 0 else 2} for key in PRICES if key % 3 != 2])
    database.prices_backup.insert_many([{"_id": key, "price": 1} for key in PRICES])
    database.create_collection("catalog", validator={"n": {"$ne": "wrong"}}, validationLevel="moderate")
    database.catalog.create_index([("n", 1), ("by", -1)], name="by_n")
    database.catalog.insert_many([{"_id": key, "n": key, "generation": 1} for key in CATALOG if key % 5])
    database.catalog_backup.insert_many([{"_id": key, "n": key, "generation": 2} for key in CATALOG])
    database.create_collection("layers")
    with open(layers_file, "w", encoding="utf-8") as file:
        for place in range(LAYERS):
            file.write(json.dumps({"n": place} if place % 2 else {"_id": f"layer {place}", "n": place}) + "\n")


class Share:
    """A writer's documents in one collection."""

    def __init__(self, collection, keys):
        self.collection, self.keys = collection.with_options(write_concern=SAFE), keys
        # What would be there, had only the writer written; the last acknowledged write of each key, its mark or None for a deletion.
        self.ghost, self.last = {document["_id"]: document for document in collection.find({"_id": {"$in": keys}})}, {}
        # Keys inserted anew and deleted again; of which only the run can have made the document that was changed, or deleted; whose write was never answered.
        self.ambiguous, self.touched, self.buried, self.unsure = set(), set(), set(), set()
        # Between which moments the last acknowledged write of a key was under way.
        self.sent, self.times = 0.0, {}

    def told(self, key, document, mark):
        self.ghost[key], self.last[key], self.times[key] = document, mark, (self.sent, time.time())


class Writer(threading.Thread):
    """Writes one document after the other. With `quiet`, it leaves the catalog alone once it has been swapped."""

    def __init__(self, database, number, seed, quiet, loses_server):
        super().__init__(daemon=True)
        self.rng, self.number, self.quiet, self.loses_server = random.Random(seed * 10 + number), number, quiet, loses_server
        mine = lambda keys: [key for key in keys if key % 3 == number]
        self.shares = {"assets": Share(database.assets, mine([*OWN, *ABSENT])), "prices": Share(database.prices, mine(PRICES)),
                       "catalog": Share(database.catalog, mine(CATALOG))}
        self.layers = database.layers.with_options(write_concern=SAFE)
        self.layers_touched, self.layers_unsure, self.fresh = set(), set(), 10_000 + number
        self.stopped, self.acknowledged, self.fault, self.under_way = threading.Event(), 0, None, None

    def run(self):
        try:
            while not self.stopped.wait(0.012):
                try:
                    self.write()
                except ConnectionFailure:
                    if not self.loses_server:
                        raise
                    self.lost()
                except PyMongoError as error:
                    # A server that ends in mid-command says so in many ways.
                    if not self.loses_server or isinstance(error, DuplicateKeyError):
                        raise
                    self.lost()
        except Exception as error:
            self.fault = repr(error)

    def lost(self):
        """Nobody knows whether the write under way was carried out: its document is not written any more, and judged by nobody."""
        if self.under_way:
            self.under_way[0].add(self.under_way[1])
        self.stopped.wait(0.3)

    def write(self):
        draw = self.rng.random()
        if draw < 0.06:
            return self.write_layer()
        name = "assets" if draw < 0.6 else "prices" if draw < 0.78 else "catalog"
        share = self.shares[name]
        key = self.rng.choice(share.keys)
        if key in share.unsure:
            return
        self.under_way = (share.unsure, key)
        mark, share.sent = f"{self.number}.{self.acknowledged}", time.time()
        if name == "catalog":
            self.write_catalog(share, key, mark)
        else:
            self.write_document(share, key, mark, hides=name == "assets")
        self.under_way = None

    def write_document(self, share, key, mark, hides):
        """`hides`: a document may be marked as old, for the run to delete."""
        choice = self.rng.randrange(9)
        if choice == 1:
            if share.collection.delete_one({"_id": key}).deleted_count:
                if share.ghost.get(key) is None:
                    share.buried.add(key)
                elif share.ghost[key].get("anew"):
                    share.ambiguous.add(key)
                share.told(key, None, None)
                self.acknowledged += 1
        elif choice == 2:
            fresh = {"_id": key, "old": hides and self.rng.random() < 0.3, "anew": True, "by": mark}
            try:
                share.collection.insert_one(dict(fresh))
                share.told(key, fresh, mark)
                self.acknowledged += 1
            except DuplicateKeyError:
                pass
        else:
            change = {"by": mark, **({"old": self.rng.random() < 0.5} if choice == 3 and hides else {})}
            if share.collection.update_one({"_id": key}, {"$set": change}).matched_count:
                if share.ghost.get(key) is None:
                    share.touched.add(key)
                    share.last[key] = mark
                else:
                    share.told(key, {**share.ghost[key], **change}, mark)
                self.acknowledged += 1

    def write_catalog(self, share, key, mark):
        if self.quiet:
            some = share.collection.find_one({"generation": {"$exists": True}})
            if some and some["generation"] == 2:
                return
        choice, share.sent = self.rng.randrange(6), time.time()
        if choice == 0:
            if share.collection.delete_one({"_id": key}).deleted_count:
                share.told(key, None, None)
                self.acknowledged += 1
        elif choice in (1, 2):
            self.fresh += 3
            self.under_way = (share.unsure, self.fresh)
            share.collection.insert_one({"_id": self.fresh, "n": self.fresh, "by": mark})
            share.told(self.fresh, {"_id": self.fresh, "n": self.fresh, "by": mark}, mark)
            self.acknowledged += 1
        elif share.collection.update_one({"_id": key}, {"$set": {"by": mark}}).matched_count:
            share.told(key, {**share.ghost[key], "by": mark} if share.ghost.get(key) else None, mark)
            self.acknowledged += 1

    def write_layer(self):
        place = self.rng.randrange(LAYERS)
        if place % 3 == self.number and place % 40 == 0:
            self.under_way = (self.layers_unsure, place)
            if self.layers.update_one({"n": place}, {"$set": {"by": 1}}).matched_count:
                self.layers_touched.add(place)
                self.acknowledged += 1
            self.under_way = None


class Told:
    """What all writers know of a collection, together."""

    def __init__(self, writers, name):
        shares = [writer.shares[name] for writer in writers]
        self.ghost = {key: document for share in shares for key, document in share.ghost.items()}
        self.last = {key: mark for share in shares for key, mark in share.last.items()}
        self.times = {key: times for share in shares for key, times in share.times.items()}
        self.keys = {key for share in shares for key in [*share.keys, *share.ghost]}
        for kind in ("ambiguous", "touched", "buried", "unsure"):
            setattr(self, kind, set().union(*(getattr(share, kind) for share in shares)))


class RenameWatch(threading.Thread):
    """Notes between which moments collections of a swap changed their names.

    The test server's `renameCollection` takes no lock against writes: one that is under way at that moment may be lost although it is
    acknowledged, with no program but the two at work (three writers lost 128 writes at 121 renames). mongod takes one.
    """

    NAMES = {"name": {"$regex": "^(catalog$|_runbook\\.(dropped|beside|stray)\\.)"}}

    def __init__(self, database):
        super().__init__(daemon=True)
        self.database, self.stopped, self.spans = database, threading.Event(), []

    def run(self):
        before, known = time.time(), None
        while not self.stopped.wait(0.01):
            began = time.time()
            try:
                names = sorted(self.database.list_collection_names(filter=self.NAMES))
            except PyMongoError:        # the server is gone: the span only gets longer
                continue
            if known is not None and names != known:
                self.spans.append((before - 0.5, time.time() + 0.1))
            before, known = began, names

    def was_under_way(self, times):
        return times is not None and any(times[0] <= end and times[1] >= start for start, end in self.spans)

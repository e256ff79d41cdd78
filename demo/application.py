#!/usr/bin/env python3
"""A small application that uses the registry all the while: several writers edit, create and delete assets.

    application.py --uri URI [--database NAME] --ledger FILE [--writers 3] [--pause-ms 20] [--inserts-after FILE]

From the start it edits: descriptions, view counters, tags, status. Once the file given by --inserts-after exists (the demo makes
it when the backup is proven) it also creates and deletes assets. Now and then it edits `creatorDescription` where that field is
there already, as the release that knows the new fields would. Every edit moves `updatedAt`. Each write is booked in the ledger,
before it is sent and once it is acknowledged (see `ledger.py`). SIGTERM ends it with its totals.
"""
import argparse
import datetime
import json
import os
import sys
import types

import bson

import writers
from load_assets import DATABASE, INCIDENT, TAGS


class Users(writers.Writer):
    """What people do with assets. The asset of the incident is edited, but nobody deletes it."""

    flag = None
    allowed = False

    def step(self):
        Users.allowed = Users.allowed or Users.flag is None or os.path.exists(Users.flag)
        document, dice = self.any(), self.rng.random()
        if Users.allowed and dice < 0.06:
            self.made += 1
            self.insert(self.fresh())
        elif Users.allowed and dice < 0.09 and document["name"] != INCIDENT:
            self.delete(document)
        elif dice < 0.45:
            self.edit(document, inc={"views": 1})
        elif dice < 0.70:
            self.edit(document, {"description": f"Edited by user {self.number}, version {self.rng.randrange(1 << 30)}"})
        elif dice < 0.80:
            self.edit(document, {"tags": self.rng.sample(TAGS, self.rng.randrange(4))})
        elif dice < 0.90:
            self.edit(document, {"status": self.rng.choice(["draft", "published", "archived"])})
        else:
            text = f"Written by user {self.number}, version {self.rng.randrange(1 << 30)}"
            self.edit(document, {"creatorDescription": text}, where={"creatorDescription": {"$exists": True}})

    def edit(self, document, fields=None, **rest):
        # Never the same time twice for one asset, however fast the edits follow.
        now = max(self.now(), document["updatedAt"] + datetime.timedelta(milliseconds=1))
        self.set(document, {**(fields or {}), "updatedAt": now}, **rest)

    def fresh(self):
        now = self.now()
        return {
            "_id": bson.ObjectId(), "name": f"S.USR.NEW.{self.number}{self.made:05d}", "layer": "S", "category": "USR", "subcategory": "NEW",
            "number": self.made, "description": f"Made by user {self.number}", "tags": [], "source": "community", "status": "draft",
            "views": 0, "createdAt": now, "updatedAt": now,
        }

    @staticmethod
    def now():
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--uri", required=True)
    parser.add_argument("--database", default=DATABASE)
    parser.add_argument("--ledger", required=True)
    parser.add_argument("--writers", type=int, default=3)
    parser.add_argument("--pause-ms", type=float, default=20)
    parser.add_argument("--inserts-after")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    Users.flag = options.inserts_after

    told, parent = writers.until_told(), os.getppid()
    collection = writers.collection_at(types.SimpleNamespace(uri=options.uri, database=options.database))
    running = writers.start(Users, collection, options.ledger, options.writers, options.seed, options.pause_ms / 1000)
    print("ready", flush=True)
    while not told.wait(0.5):
        if any(writer.fault for writer in running) or os.getppid() != parent:
            break       # a defect, or whoever started this is gone
    totals = writers.stop(running)
    print(f"application: {totals['writes']} acknowledged writes, {totals['errors']} errors, longest stall {totals['longestStallMs']} ms")
    if totals["faults"]:
        sys.exit("application: " + json.dumps(totals["faults"]))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The orders of plans/orders-index.yaml: made up, always the same ones, and judged from the outside afterwards.

    orders.py load  --uri URI [--database NAME] [--snapshot FILE]
    orders.py check --uri URI [--database NAME] --snapshot FILE [--day DATE] --expect indexed | restored

`load` drops the database's orders and everything that earlier runs left, and loads 418 orders of three channels, 18 of them copies
that an import made twice: 14 numbers are there two or three times. One number stands in two channels, which is no duplicate.

`check` reads the database itself and exits 1 on any violation; nothing in it knows how the program works.
"""
import argparse
import datetime
import random
import sys

import bson
from pymongo import ASCENDING, MongoClient
from pymongo.errors import DuplicateKeyError, WriteError
from pymongo.write_concern import WriteConcern

import snapshot

DATABASE, COLLECTION = "shop", "orders"
CHANNELS = {"web": ("W", 200), "store": ("S", 120), "partner": ("P", 80)}
COPIED = {"web": 8, "store": 4, "partner": 2}
START = datetime.datetime(2025, 1, 6, 7, 0, tzinfo=datetime.timezone.utc)


def order(rng, channel, number):
    arrived = START + datetime.timedelta(minutes=rng.randrange(30_000), milliseconds=rng.randrange(1000))
    state = rng.choice(["imported", "paid", "paid", "shipped"])
    made = {
        "_id": bson.ObjectId(rng.randbytes(12)), "channel": channel, "number": number, "customer": rng.randrange(10_000, 99_999),
        "lines": [{"article": f"A-{rng.randrange(900):03d}", "pieces": rng.randrange(1, 5), "price": bson.Int64(rng.randrange(199, 90_000))}
                  for _ in range(rng.randrange(1, 4))],
        "state": state, "importedAt": arrived, "updatedAt": arrived,
    }
    if state != "imported":
        made["paidAt"] = arrived + datetime.timedelta(hours=rng.randrange(1, 72))
        made["updatedAt"] = made["paidAt"]
    return made


def orders():
    rng, made = random.Random(20250203), []
    for channel, (letter, count) in CHANNELS.items():
        made += [order(rng, channel, f"{letter}-{number:06d}") for number in range(1, count + 1)]
    # A partner numbers as the web shop does: the same number in two channels is two orders.
    made[-1]["number"] = "W-000001"
    for channel, count in COPIED.items():
        for place, original in enumerate(rng.sample([one for one in made if one["channel"] == channel], count)):
            for again in range(2 if place % 4 == 0 else 1):
                later = original["importedAt"] + datetime.timedelta(days=1 + again)
                copy = {**original, "_id": bson.ObjectId(rng.randbytes(12)), "state": "imported", "importedAt": later, "updatedAt": later}
                copy.pop("paidAt", None)
                made.append(copy)
    rng.shuffle(made)
    return made


def key(document):
    return document["channel"], document["number"]


def surplus(documents):
    """The `_id`s of all but the oldest order of each number."""
    oldest, younger = {}, set()
    for document in sorted(documents, key=lambda one: (one["importedAt"], one["_id"])):
        if key(document) in oldest:
            younger.add(document["_id"])
        else:
            oldest[key(document)] = document["_id"]
    return younger


def load(database, path):
    for name in database.list_collection_names():
        if name == COLLECTION or name.startswith(("orders_backup_", "orders_surplus_", "_runbook.")):
            database.drop_collection(name)
    collection = database.get_collection(COLLECTION, write_concern=WriteConcern("majority", j=True))
    collection.insert_many(orders())
    collection.create_index([("channel", ASCENDING)])
    collection.create_index([("customer", ASCENDING)])
    if path:
        snapshot.write(collection, path)
    stored = list(collection.find())
    print(f"{len(stored)} orders loaded into {database.name}.{COLLECTION}, {len(surplus(stored))} of them copies")


def violations_of_indexed(database, path, day):
    """One order a number, the oldest; every other document as it was; the copies kept aside; the server itself refuses another one."""
    collection, found = database[COLLECTION], []
    before, was = snapshot.read(path)
    now, is_now = snapshot.raw_documents(collection), snapshot.definition(collection)
    due = surplus(bson.decode(raw) for raw in before.values())
    stays = {name: raw for name, raw in before.items() if bson.decode(raw)["_id"] not in due}
    gone = {name: raw for name, raw in before.items() if name not in stays}
    found += [f"{name} is missing" for name in stays.keys() - now.keys()]
    found += [f"{name} should be gone" for name in now.keys() & gone.keys()]
    found += [f"{name} differs" for name in stays.keys() & now.keys() if stays[name] != now[name]]
    if snapshot.raw_documents(database[f"orders_surplus_{day}"]) != gone:
        found.append("the copies that were set aside are not what was deleted")
    if snapshot.raw_documents(database[f"orders_backup_{day}"]) != before:
        found.append("the backup is not what was loaded")

    expected = {name: index for name, index in was["indexes"].items() if name != "channel_1"}
    expected["channel_number"] = {"name": "channel_number", "key": {"channel": 1, "number": 1}, "unique": True}
    if is_now["indexes"] != expected:
        found.append(f"indexes are {is_now['indexes']}")
    one = collection.find_one({"channel": "web"})
    fresh = {**one, "_id": bson.ObjectId()}
    for what, document, error in (("a second order of a number", fresh, DuplicateKeyError),
                                  ("an order without a number", {**fresh, "number": 7}, WriteError)):
        try:
            collection.insert_one(document)
            collection.delete_one({"_id": document["_id"]})
            found.append(f"the server took {what}")
        except error:
            pass
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=["load", "check"])
    parser.add_argument("--uri", required=True)
    parser.add_argument("--database", default=DATABASE)
    parser.add_argument("--snapshot")
    parser.add_argument("--day", default="2025-02-03", help="the run's param `day`")
    parser.add_argument("--expect", choices=["indexed", "restored"])
    options = parser.parse_args()
    database = MongoClient(options.uri)[options.database]
    if options.command == "load":
        load(database, options.snapshot)
        return
    if not options.snapshot or not options.expect:
        parser.error("check needs --snapshot and --expect")
    found = (snapshot.differences(database[COLLECTION], options.snapshot) if options.expect == "restored"
             else violations_of_indexed(database, options.snapshot, options.day))
    print("\n".join(found[:20] + [f"{options.expect}: {len(found)} violations" if found else f"{options.expect}: everything is as it must be"]))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()

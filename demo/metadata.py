#!/usr/bin/env python3
"""The assets of plans/ai-metadata.yaml: those of the registry after phase 2B, judged from the outside afterwards.

    metadata.py load  --uri URI [--database NAME] [--count N] [--snapshot FILE]
    metadata.py add   --uri URI [--database NAME] [--snapshot FILE]
    metadata.py check --uri URI [--database NAME] --snapshot FILE --expect described | restored [--model NAME]

`load` replaces the database's assets by 1,681 (or N of them) that have the three fields of phase 2B, and drops what earlier runs left. `add` puts 25 new ones
in, as a day brings them. `check` reads the database itself and exits 1 on any violation: described means that every asset holds what the stand-in
for the AI service says of it, or, where that refuses, is as it was; nothing else has changed. MONGODB_URI takes the place of --uri.
"""
import argparse
import json
import os
import random
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

import bson
from bson import json_util
from pymongo import ASCENDING, MongoClient
from pymongo.write_concern import WriteConcern

import load_assets
import snapshot

# The program has no ending in .py, as programs do not.
enrich = SourceFileLoader("enrich", str(Path(__file__).with_name("enrich"))).load_module()
COLLECTION = "assets"


def with_fields(asset):
    """What phase 2B made of an asset."""
    return asset | {"creatorDescription": asset.get("description") or "", "albumArt": None, "aiMetadata": None}


def load(database, path, count):
    for name in database.list_collection_names():
        if name == COLLECTION or name.startswith(("assets_", "_runbook.")):
            database.drop_collection(name)
    collection = database.get_collection(COLLECTION, write_concern=WriteConcern("majority", j=True))
    made = [with_fields(asset) for asset in load_assets.assets(20250118)[:count]]
    collection.insert_many(made)
    collection.create_index([("name", ASCENDING)], unique=True)
    collection.create_index([("layer", ASCENDING)])
    if path:
        snapshot.write(collection, path)
    print(f"{len(made)} assets loaded into {database.name}.{COLLECTION}")


def add(database, path, _):
    collection, rng = database[COLLECTION], random.Random(7)
    collection.insert_many([with_fields(load_assets.asset(rng, "S", "NEW", "DAY", number)) for number in range(1, 26)])
    if path:
        snapshot.write(collection, path)
    print("25 assets added")


def said(document, model):
    """What the service says of a stored document: it gets what the plan gives, in Extended JSON."""
    given = {name: document[name] for name in ("_id", "name", "layer", "description", "creatorDescription") if name in document}
    return enrich.metadata(json.loads(json_util.dumps(given)), model)


def violations_of_described(collection, path, model):
    before, was = snapshot.read(path)
    now, found = snapshot.raw_documents(collection), []
    found += [f"{name} is missing" for name in before.keys() - now.keys()] + [f"{name} was not there" for name in now.keys() - before.keys()]
    left = 0
    for name in before.keys() & now.keys():
        due = bson.decode(before[name])
        made = said(due, model)
        if isinstance(made, str):
            left += 1
        else:
            due["aiMetadata"] = made
        if bson.encode(due) != now[name]:
            found.append(f"{name} is {bson.decode(now[name]).get('aiMetadata')}, due is {due['aiMetadata']}")
    if snapshot.definition(collection) != was:
        found.append("options or indexes differ")
    if not 0 < left < len(before) / 20:
        found.append(f"{left} assets are refused by the service; some are, and few")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=["load", "add", "check"])
    parser.add_argument("--uri", default=os.environ.get("MONGODB_URI"))
    parser.add_argument("--database", default=load_assets.DATABASE)
    parser.add_argument("--count", type=int, default=1681)
    parser.add_argument("--snapshot")
    parser.add_argument("--model", default="small")
    parser.add_argument("--expect", choices=["described", "restored"])
    options = parser.parse_args()
    database = MongoClient(options.uri)[options.database]
    if options.command != "check":
        {"load": load, "add": add}[options.command](database, options.snapshot, options.count)
        return
    if not options.snapshot or not options.expect:
        parser.error("check needs --snapshot and --expect")
    collection = database[COLLECTION]
    found = (snapshot.differences(collection, options.snapshot) if options.expect == "restored"
             else violations_of_described(collection, options.snapshot, options.model))
    print("\n".join(found[:20] + [f"{options.expect}: {len(found)} violations" if found else f"{options.expect}: everything is as it must be"]))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Load 1,681 made-up assets, always the same ones for the same seed, into the registry's collection.

The collection is dropped first, with every backup and every record that an earlier demo left in the database. With
--snapshot FILE the documents are also written there as they are stored, byte for byte, for `check.py` to compare with.

    load_assets.py --uri URI [--database NAME] [--seed N] [--snapshot FILE]
"""
import argparse
import datetime
import random
import sys

import bson
from pymongo import ASCENDING, MongoClient
from pymongo.write_concern import WriteConcern

DATABASE = "nna-registry-service-staging"
COLLECTION = "assets"
LAYERS = {"S": 88, "L": 156, "G": 34, "W": 76, "M": 58, "C": 1269}
INCIDENT = "S.POP.HPM.001"

CATEGORIES = {
    "S": {"POP": ["HPM", "BAS", "DIV"], "RCK": ["BAS", "CLS"], "HIP": ["BAS", "OLD"]},
    "L": {"MOD": ["BAS", "STR"], "VIN": ["SXT", "NIN"], "FOR": ["BAS", "GAL"]},
    "G": {"POP": ["TSW", "BAS"], "RNB": ["BAS"]},
    "W": {"BCH": ["SUN", "FES"], "CTY": ["NGT", "ROF"], "STG": ["BAS"]},
    "M": {"DNC": ["BAS", "HSE"], "AMB": ["BAS"]},
    "C": {"RMX": ["POP", "RCK", "HIP"], "DUO": ["BAS", "MIX"], "SHW": ["BAS", "LIV"]},
}
SUBJECTS = ["A singer under neon light", "Denim with silver seams", "A slow chorus in G minor", "An empty beach at dawn",
            "A quick step and a turn", "Two voices over one beat", "Zürich, rain on the window", "Backstage, minutes before the show"]
MOODS = ["bright", "quiet", "restless", "warm", "cold", "playful", "grave"]
TAGS = ["neon", "retro", "summer", "studio", "live", "duet", "dance", "acoustic", "festival", "night"]
SOURCES = ["ReViz", "studio", "community", "import"]
START = datetime.datetime(2024, 3, 1, 8, 0, tzinfo=datetime.timezone.utc)


def names(layer, count):
    """`count` names such as S.POP.HPM.001: the pairs of category and subcategory in turn, numbered from 001."""
    pairs = [(category, sub) for category, subs in CATEGORIES[layer].items() for sub in subs]
    for index in range(count):
        category, sub = pairs[index % len(pairs)]
        yield category, sub, index // len(pairs) + 1


def asset(rng, layer, category, sub, number):
    created = START + datetime.timedelta(minutes=rng.randrange(400_000), milliseconds=rng.randrange(1000))
    document = {
        "_id": bson.ObjectId(rng.randbytes(12)),
        "name": f"{layer}.{category}.{sub}.{number:03d}",
        "layer": layer,
        "category": category,
        "subcategory": sub,
        "number": number,
    }
    # Of twenty descriptions, fourteen are text, two are empty, two are null and two are missing.
    kind = rng.randrange(20)
    if kind < 14:
        document["description"] = f"{rng.choice(SUBJECTS)}, {rng.choice(MOODS)}; take {rng.randrange(1, 90)}"
    elif kind < 16:
        document["description"] = ""
    elif kind < 18:
        document["description"] = None
    document |= {
        "tags": rng.sample(TAGS, rng.randrange(5)),
        "source": rng.choice(SOURCES),
        "status": rng.choice(["published", "published", "published", "draft"]),
        "views": rng.randrange(5_000),
        "createdAt": created,
        "updatedAt": created + datetime.timedelta(minutes=rng.randrange(90_000)),
        "metadata": {
            "file": {"type": rng.choice(["image/png", "video/mp4", "audio/mpeg"]), "bytes": rng.randrange(10_000, 90_000_000)},
            "rating": round(rng.random() * 5, 2),
            "rights": {"holder": rng.choice(SOURCES), "percent": rng.choice([50, 75, 100])},
        },
    }
    if layer == "C":
        document["components"] = [f"{part}.{rng.choice(list(CATEGORIES[part]))}.BAS.{rng.randrange(1, 12):03d}" for part in "SLG"]
    return document


def assets(seed):
    rng = random.Random(seed)
    made = [asset(rng, layer, *parts) for layer, count in LAYERS.items() for parts in names(layer, count)]
    rng.shuffle(made)
    return made


def drop_everything_of_earlier_runs(database):
    for name in database.list_collection_names():
        if name == COLLECTION or name.startswith(("assets_backup_", "_runbook.")):
            database.drop_collection(name)


def write_snapshot(collection, path):
    """The stored documents one after the other, raw: a .bson file as mongodump writes it."""
    raw = collection.with_options(codec_options=collection.codec_options.with_options(document_class=bson.raw_bson.RawBSONDocument))
    with open(path, "wb") as out:
        for document in raw.find():
            out.write(document.raw)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--uri", required=True)
    parser.add_argument("--database", default=DATABASE)
    parser.add_argument("--seed", type=int, default=20250118)
    parser.add_argument("--snapshot")
    options = parser.parse_args()

    database = MongoClient(options.uri)[options.database]
    drop_everything_of_earlier_runs(database)
    collection = database.get_collection(COLLECTION, write_concern=WriteConcern("majority", j=True))
    documents = assets(options.seed)
    for start in range(0, len(documents), 500):
        collection.insert_many(documents[start:start + 500])
    collection.create_index([("name", ASCENDING)], unique=True)
    collection.create_index([("layer", ASCENDING)])
    collection.create_index([("updatedAt", ASCENDING)])

    stored = collection.count_documents({})
    incident = collection.count_documents({"name": INCIDENT})
    if stored != sum(LAYERS.values()) or incident != 1:
        sys.exit(f"load_assets: {stored} assets and {incident} called {INCIDENT} are stored; expected {sum(LAYERS.values())} and 1")
    if options.snapshot:
        write_snapshot(collection, options.snapshot)
    kinds = {
        "text": collection.count_documents({"description": {"$type": "string", "$ne": ""}}),
        "empty": collection.count_documents({"description": ""}),
        "null": collection.count_documents({"description": {"$type": "null"}}),
        "missing": collection.count_documents({"description": {"$exists": False}}),
    }
    print(f"{stored} assets loaded into {options.database}.{COLLECTION}; descriptions: "
          + ", ".join(f"{count} {kind}" for kind, count in kinds.items()))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What the demo has to know from the database while the program runs.

    wait_for.py --uri URI --blocks N      wait until N batches of a change have been announced in the undo journal
    wait_for.py --uri URI --progress      how many assets carry the new fields by now
    wait_for.py --uri URI --set-name      the name of the replica set, empty for a standalone
"""
import argparse
import sys
import time

from pymongo import MongoClient

from load_assets import COLLECTION, DATABASE

FIELDS = ["creatorDescription", "albumArt", "aiMetadata"]


def blocks(database):
    names = database.list_collection_names(filter={"name": {"$regex": "^_runbook\\.undo\\."}})
    return sum(database[name].count_documents({}) for name in names)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--uri", required=True)
    parser.add_argument("--database", default=DATABASE)
    parser.add_argument("--blocks", type=int)
    parser.add_argument("--progress", action="store_true")
    parser.add_argument("--set-name", action="store_true")
    parser.add_argument("--timeout", type=float, default=120)
    options = parser.parse_args()

    database = MongoClient(options.uri)[options.database]
    if options.set_name:
        print(database.client.admin.command("hello").get("setName", ""))
    elif options.progress:
        total = database[COLLECTION].count_documents({})
        done = database[COLLECTION].count_documents({field: {"$exists": True} for field in FIELDS})
        print(f"{done} of {total} assets carry the three fields at this moment")
    else:
        deadline = time.monotonic() + options.timeout
        while blocks(database) < options.blocks:
            if time.monotonic() > deadline:
                sys.exit(f"wait_for: fewer than {options.blocks} batches were announced within {options.timeout:.0f} s")
            time.sleep(0.02)


if __name__ == "__main__":
    main()

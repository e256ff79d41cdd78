"""Measure the digest of a collection's content, in CPU seconds of the process, beside Python's over the same bytes.

    tools/digest [--runbook PATH] [--documents 50000] [--bytes 600] [--repeat 5]

  ours     `mongodb.compare` of a collection with itself, which reads and digests it twice, less the same with an empty one: halved
  hashing  hashlib's SHA-256 over a key and each raw document, and over the key and its `_id` for the bucket, with their sums: the bytes are held
           already, nothing is read
  reading  the same with pymongo reading them, raw

Times are medians. Ours holds its reading; the first peer does not. Prints a Markdown table.
"""
import argparse
import hashlib
import os
import pathlib
import statistics
import sys
import tempfile
import zlib
import time

import bson
import measuring
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

PLAN = """\
apiVersion: runbook/v1
kind: Runbook
metadata: { id: digest, title: Digest }
params: { database: { type: string }, collection: { type: string } }
secrets: { mongodbUri: { fromEnv: MONGODB_URI } }
targets: { main: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: "${{ params.database }}" } }
defaults: { target: main }
phases:
  - id: only
    title: Only
    steps:
      - id: same
        title: Compare a collection with itself
        action: mongodb.compare
        with: { left: "${{ params.collection }}", right: "${{ params.collection }}", liveWrites: refuse }
"""


def digest(documents, key):
    """As the program's: per bucket a count, a length and a sum modulo 2**128; for the bucket what is cheapest in Python."""
    buckets = [[0, 0, 0] for _ in range(4096)]
    keyed, seed = hashlib.sha256(key), int.from_bytes(key[:4], "little")
    for raw, identity in documents:
        content = keyed.copy()
        content.update(raw)
        bucket = buckets[zlib.crc32(identity, seed) % 4096]
        bucket[0] += 1
        bucket[1] += len(raw)
        bucket[2] = (bucket[2] + int.from_bytes(content.digest()[:16], "little")) % 2**128
    return buckets


def cpu(work):
    began = time.process_time()
    work()
    return time.process_time() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runbook", default=measuring.RELEASE)
    parser.add_argument("--documents", type=int, default=50_000)
    parser.add_argument("--bytes", type=int, default=600)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    program = measuring.program(options.runbook)
    key = os.urandom(32)
    with tempfile.TemporaryDirectory(prefix="runbook-digest-") as name:
        folder = pathlib.Path(name)
        (folder / "plan.yaml").write_text(PLAN)
        with measuring.server(folder / "server") as uri:
            client = MongoClient(uri)
            database = client[f"digest_{os.getpid()}"]
            raw = database.get_collection("items", codec_options=bson.CodecOptions(document_class=RawBSONDocument))
            try:
                text = "x" * max(0, options.bytes - 60)
                for start in range(0, options.documents, 1000):
                    database.items.insert_many(
                        [{"_id": number, "text": text, "views": number % 97} for number in range(start, min(start + 1000, options.documents))])
                database.create_collection("nothing")
                held = [(document.raw, document["_id"].to_bytes(4, "little")) for document in raw.find()]
                size = sum(len(document) for document, _ in held)

                def process(collection, run):
                    environment = {**os.environ, "MONGODB_URI": uri, "NO_COLOR": "1", "RUNBOOK_STATE": f"sqlite:{folder}/{collection}{run}/state.db"}
                    arguments = ["execute", "plan.yaml", "--param", f"database={database.name}", "--param", f"collection={collection}"]
                    used = measuring.run([program, *arguments], folder / "log", env=environment, cwd=folder)
                    if used.status:
                        sys.exit("digest: the comparison failed:\n" + (folder / "log").read_text(errors="replace")[-1500:])
                    return used.cpu

                def reading():
                    digest(((document.raw, document["_id"].to_bytes(4, "little")) for document in raw.find()), key)

                runs = range(options.repeat)
                full, empty = [process("items", run) for run in runs], [process("nothing", run) for run in runs]
                ours = (statistics.median(full) - statistics.median(empty)) / 2
                hashing = statistics.median(cpu(lambda: digest(held, key)) for _ in runs)
                read = statistics.median(cpu(reading) for _ in runs)
            finally:
                client.drop_database(database.name)
    print(f"{options.documents:,} documents, {size / 1e6:.1f} MB\n")
    print("| what | CPU | documents a second | beside ours, which reads |\n| --- | --- | --- | --- |")
    for what, seconds in (("the program, reading included", ours), ("Python, hashing alone", hashing), ("Python, reading with pymongo included", read)):
        print(f"| {what} | {seconds:.3f} s | {options.documents / seconds:,.0f} | {seconds / ours:.1f} times |")


if __name__ == "__main__":
    main()

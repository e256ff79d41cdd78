"""Measure the release build against its goals, each beside its peer in the same run.

    tools/bench [--runbook PATH] [--documents 5000] [--repeat 5]

  start        a plan of one `note`, against `runbook --version`: at most 15 ms more
  steps        1,000 `note` steps with their whole journal, against a bare SQLite loop (WAL, synchronous FULL) of two commits a step:
               at most 0.8 times
  update       `mongodb.update` of 5,000 documents with its undo journal, against pymongo's unprotected `bulk_write` of the same
               statements on the same server: goal 1.5 times
  rollback     the way back, against the same `bulk_write`: goal 1.5 times
  case         the driving case, `plans/staging-2b.yaml` on 1,681 assets to its end (backup, proof, update, every check) and its rollback, beside a
               program with pymongo that makes the bare change and takes it back by one `bulk_write` each; whole processes: at most 0.1 s of CPU;
               its preview: at most 2 s
  cpu          the CPU of the program's process in update and rollback, beside pymongo's in its writes: goal a quarter
  client path  `mongodb.update` of 100,000 documents before a server that answers every command at once (tools/instant.c): at least 200,000
               guarded updates for a second of the process's CPU, what 10 documents take taken off; its whole CPU beside that of pymongo in the
               same number of unprotected writes before the same front: goal a quarter; the most memory for 10,000 and 300,000 documents
  loading      `runbook validate` of a plan of 10,000 steps (about 1 MB), less `runbook --version`, against a bare scan of libyaml's events in C:
               at most 3 times the CPU; and PyYAML's C loader with jsonschema and the schema of `runbook schema`, less its imports
  lint         the rules of `runbook lint` over that plan, and over one of as many changes, each with a check: `lint` less `validate`, against
               `validate` less `runbook --version`: at most as much
  memory       the most that a process of the program held

Times are medians; of update and rollback the whole process is measured, its start and its lease included. Prints a Markdown table.
"""
import argparse
import os
import pathlib
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

import measuring
from pymongo import MongoClient, UpdateOne
from pymongo.write_concern import WriteConcern

HEAD = measuring.HEAD
UPDATE = measuring.update()


def notes(count):
    steps = "".join(f"      - {{ id: s{number}, title: Step {number}, action: note, with: {{ text: Step {number} }} }}\n" for number in range(count))
    return HEAD + "phases:\n  - id: only\n    title: Only\n    steps:\n" + steps


def large(steps):
    """A plan of that many steps, which count and write down by turns and refer to params and to each other; 100 bytes a step."""
    parts = [HEAD, "params: { limit: { type: integer, default: 5 } }\nsecrets: { uri: { fromEnv: MONGODB_URI } }\n"
             'targets: { main: { type: mongodb, uri: "${{ secrets.uri }}", database: large } }\n'
             "defaults: { target: main, collection: items }\nphases:\n"]
    for number in range(steps):
        if number % 100 == 0:
            parts.append(f"  - id: phase-{number // 100}\n    title: Phase {number // 100}\n    steps:\n")
        if number % 2 == 0:
            parts.append(f"      - id: s-{number}\n        action: mongodb.count\n"
                         '        with: { filter: { views: { $gt: "${{ params.limit }}" } } }\n')
        else:
            parts.append(f"      - id: s-{number}\n        action: note\n"
                         f'        with: {{ text: "${{{{ steps.s-{number - 1}.outputs.count }}}} left" }}\n')
    return "".join(parts)


def changing(steps):
    """A plan of that many steps that each add a field and check it, which lint finds nothing wrong with."""
    parts = [HEAD, "params: { limit: { type: integer, default: 5 } }\nsecrets: { uri: { fromEnv: MONGODB_URI } }\n"
             'targets: { main: { type: mongodb, uri: "${{ secrets.uri }}", database: large } }\n'
             "defaults: { target: main, collection: items }\nphases:\n"]
    for number in range(steps):
        if number % 100 == 0:
            parts.append(f"  - id: phase-{number // 100}\n    title: Phase {number // 100}\n    steps:\n")
        absent = f"{{ filter: {{ f{number}: {{ $exists: false }} }}"
        parts.append(f"      - id: s-{number}\n        action: mongodb.update\n"
                     f'        with: {absent}, pipeline: [ {{ $set: {{ f{number}: "${{{{ params.limit }}}}" }} }} ] }}\n'
                     f"        verify: [ {{ id: v-{number}, action: mongodb.count, with: {absent} }}, expect: {{ equals: 0 }} }} ]\n")
    return "".join(parts)


SCAN = r"""
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

int main(int count, char **arguments) {
  FILE *file = count > 1 ? fopen(arguments[1], "rb") : NULL;
  if (!file) return 74;
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  unsigned char *text = malloc(size);
  if (!text || fread(text, 1, size, file) != (size_t)size) return 74;
  yaml_parser_t parser;
  yaml_event_t event;
  if (!yaml_parser_initialize(&parser)) return 70;
  yaml_parser_set_input_string(&parser, text, size);
  for (int ended = 0; !ended; yaml_event_delete(&event)) {
    if (!yaml_parser_parse(&parser, &event)) return 2;
    ended = event.type == YAML_STREAM_END_EVENT;
  }
  yaml_parser_delete(&parser);
  return 0;
}
"""
PEER = """
import json, sys, yaml
from jsonschema import Draft202012Validator
if len(sys.argv) > 1:
    plan = yaml.load(open(sys.argv[1], "rb"), Loader=yaml.CSafeLoader)
    errors = list(Draft202012Validator(json.load(open(sys.argv[2]))).iter_errors(plan))
    sys.exit(len(errors) > 0)
"""


CASE = """
import sys
from pymongo import MongoClient, UpdateOne
from pymongo.write_concern import WriteConcern
assets = MongoClient(sys.argv[1])[sys.argv[2]].get_collection("assets", write_concern=WriteConcern("majority", j=True))
FIELDS = ["creatorDescription", "albumArt", "aiMetadata"]
if sys.argv[3] == "up":
    found = assets.find({"$or": [{field: {"$exists": False}} for field in FIELDS]})
    writes = [UpdateOne({"_id": asset["_id"]}, {"$set": {"creatorDescription": asset.get("description") or "", "albumArt": None, "aiMetadata": None}})
              for asset in found]
else:
    writes = [UpdateOne({"_id": asset["_id"]}, {"$unset": dict.fromkeys(FIELDS, "")}) for asset in assets.find({"aiMetadata": {"$exists": True}}, {"_id": 1})]
assets.bulk_write(writes, ordered=False)
"""


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder, self.rows, self.memory = options, folder, [], 0
        self.environment = {**os.environ, "NO_COLOR": "1"}
        self.state = 0

    def fresh_state(self):
        self.state += 1
        self.environment["RUNBOOK_STATE"] = f"sqlite:{self.folder}/state-{self.state}/state.db"
        (self.folder / f"state-{self.state}").mkdir()

    def run(self, *arguments, status=0):
        """Wall and CPU seconds of one process; one that ends otherwise ends the bench."""
        used = measuring.run([self.options.runbook, *arguments], self.folder / "log", env=self.environment, cwd=self.folder)
        if used.status != status:
            sys.exit(f"bench: runbook {' '.join(arguments)} ended with {used.status}:\n"
                     + (self.folder / "log").read_text(errors="replace")[-1500:])
        self.memory = max(self.memory, used.mebibytes)
        return used.seconds, used.cpu

    def cpu(self, command, times):
        """The median CPU of a process of somebody else's."""
        seconds = []
        for _ in range(times):
            used = measuring.run(command, self.folder / "log", cwd=self.folder)
            if used.status:
                sys.exit(f"bench: {' '.join(command)} ended with {used.status}")
            seconds.append(used.cpu)
        return statistics.median(seconds)

    def plan(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def row(self, what, ours, peer, value, goal, met):
        self.rows.append((what, ours, peer, value, goal, "met" if met else "missed"))

    def start(self):
        plan = self.plan("one.yaml", notes(1))
        empty = statistics.median(self.run("--version")[0] for _ in range(4 * self.options.repeat))
        times = []
        for _ in range(4 * self.options.repeat):
            self.fresh_state()
            times.append(self.run("execute", plan)[0])
        one = statistics.median(times)
        extra = (one - empty) * 1000
        self.row("start: a plan of one step", f"{one * 1000:.1f} ms", f"`--version` {empty * 1000:.1f} ms", f"{extra:+.1f} ms", "≤ 15 ms",
                 extra <= 15)

    def loading(self):
        plan, times = self.plan("large.yaml", large(10_000)), 4 * self.options.repeat
        source = self.folder / "scan.c"
        source.write_text(SCAN)
        scanner = measuring.compiled(source, self.folder, "-lyaml")
        # By turns, so that a machine that gets slower or faster meanwhile does so for all three.
        empty, ours, scan = (statistics.median(column) for column in zip(*(
            (self.run("--version")[1], self.run("validate", plan)[1], self.cpu([scanner, plan], 1)) for _ in range(times))))
        ours -= empty
        size = os.path.getsize(plan) / 1e6
        self.row(f"loading: 10,000 steps, {size:.1f} MB", f"{ours * 1000:.0f} ms CPU", f"libyaml's events {scan * 1000:.0f} ms", f"{ours / scan:.2f}×",
                 "≤ 3×", ours <= 3 * scan)
        schema = subprocess.run([self.options.runbook, "schema"], stdout=subprocess.PIPE, text=True, check=True).stdout
        peer = [sys.executable, "-c", PEER]
        whole = self.cpu([*peer, plan, self.plan("schema.json", schema)], 1) - self.cpu(peer, 3)
        self.row("loading beside PyYAML and jsonschema", f"{ours * 1000:.0f} ms CPU", f"{whole:.2f} s", f"{ours / whole:.3f}×", "–", True)

    def lint(self):
        times = 4 * self.options.repeat
        empty = statistics.median(self.run("--version")[1] for _ in range(times))
        for what, plan in [("10,000 steps", self.plan("large.yaml", large(10_000))), ("10,000 changes", self.plan("changing.yaml", changing(10_000)))]:
            loaded, linted = (statistics.median(self.run(command, plan)[1] for _ in range(times)) for command in ("validate", "lint"))
            loading, rules = loaded - empty, linted - loaded
            self.row(f"lint: all rules over {what}", f"{rules * 1000:.0f} ms CPU", f"loading {loading * 1000:.0f} ms", f"{rules / loading:.2f}×", "≤ 1×",
                     rules <= loading)

    def steps(self):
        plan, times, peers = self.plan("thousand.yaml", notes(1000)), [], []
        for _ in range(self.options.repeat):
            self.fresh_state()
            times.append(self.run("execute", plan)[0])
            peers.append(self.sqlite_loop(1000))
        ours, peer = statistics.median(times), statistics.median(peers)
        self.row("steps: 1,000 with their journal", f"{ours:.2f} s", f"SQLite loop {peer:.2f} s", f"{ours / peer:.2f}×", "≤ 0.8×",
                 ours <= 0.8 * peer)

    def sqlite_loop(self, steps):
        self.fresh_state()
        path = self.environment["RUNBOOK_STATE"].removeprefix("sqlite:")
        began = time.perf_counter()
        database = sqlite3.connect(path, isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE log (seq INTEGER PRIMARY KEY, kind TEXT, payload TEXT)")
        for number in range(2 * steps):
            database.execute("BEGIN IMMEDIATE")
            database.execute("INSERT INTO log (kind, payload) VALUES (?, ?)", ("effect", f'{{"step": "s{number // 2}"}}'))
            database.execute("COMMIT")
        database.close()
        return time.perf_counter() - began

    def change(self, uri):
        client = MongoClient(uri)
        database = client[f"bench_{os.getpid()}"]
        items = database.get_collection("items", write_concern=WriteConcern("majority", j=True))
        self.environment["MONGODB_URI"] = uri
        arguments = ["execute", self.plan("update.yaml", UPDATE), *measuring.params(client, database.name)]
        forward, back, bare = [], [], []
        try:
            for _ in range(self.options.repeat):
                self.load(client, database, items)
                bare.append(self.unprotected(items))
                self.load(client, database, items)
                self.fresh_state()
                forward.append(self.run(*arguments))
                left = items.count_documents({"note": {"$exists": False}})
                back.append(self.run("rollback", status=3))
                stays = items.count_documents({"note": {"$exists": True}})
                if left or stays:
                    sys.exit(f"bench: {left} documents were not changed and {stays} not changed back: no figure is worth anything")
        finally:
            client.drop_database(database.name)
        middle = lambda pairs, index: statistics.median(pair[index] for pair in pairs)
        peer = middle(bare, 0)
        for what, pairs in (("update", forward), ("rollback", back)):
            wall = middle(pairs, 0)
            self.row(f"{what}: {self.options.documents:,} documents", f"{wall:.2f} s", f"`bulk_write` {peer:.2f} s", f"{wall / peer:.2f}×",
                     "≤ 1.5×", wall <= 1.5 * peer)
        for what, pairs in (("update", forward), ("rollback", back)):
            ours, theirs = middle(pairs, 1), middle(bare, 1)
            self.row(f"cpu of the client: {what}", f"{ours:.3f} s", f"pymongo {theirs:.3f} s", f"{ours / theirs:.2f}×", "≤ 0.25×",
                     ours <= 0.25 * theirs)

    def case(self, uri):
        client, name = MongoClient(uri), f"bench_case_{os.getpid()}"
        self.environment["MONGODB_URI"] = uri
        plan = ["execute", str(measuring.ROOT / "plans/staging-2b.yaml"), "--yes", *measuring.params(client, name),
                "--param", "samples=40", "--param", "latencyFloor=10s"]
        preview = ["plan", *(word for word in plan[1:] if word != "--yes")]
        ours, theirs, previews = {"forward": [], "back": []}, {"forward": [], "back": []}, []
        try:
            for _ in range(self.options.repeat):
                for into, forward, back in (
                    (theirs, lambda: self.peer(CASE, uri, name, "up"), lambda: self.peer(CASE, uri, name, "down")),
                    (ours, lambda: self.run(*plan), lambda: self.run("rollback", status=3))):
                    client.drop_database(name)
                    subprocess.run([sys.executable, measuring.ROOT / "demo/load_assets.py", "--uri", uri, "--database", name],
                                   stdout=subprocess.DEVNULL, check=True)
                    self.fresh_state()
                    if into is ours:
                        previews.append(self.run(*preview)[0])
                    into["forward"].append(forward())
                    into["back"].append(back())
        finally:
            client.drop_database(name)
        seconds = statistics.median(previews)
        self.row("the driving case, `runbook plan`: wall", f"{seconds:.2f} s", "–", "–", "≤ 2 s", seconds <= 2)
        for way in ours:
            (wall, cpu), (bare, used) = ([statistics.median(run[index] for run in runs[way]) for index in (0, 1)] for runs in (ours, theirs))
            self.row(f"the driving case, {way}: wall", f"{wall:.2f} s", f"pymongo, bare {bare:.2f} s", f"{wall / bare:.2f}×", "–", True)
            self.row(f"the driving case, {way}: CPU of the client", f"{cpu:.3f} s", f"pymongo, bare {used:.3f} s", f"{cpu / used:.2f}×", "≤ 0.1 s", cpu <= 0.1)

    def peer(self, *script):
        """Wall and CPU seconds of a program of somebody else's in Python."""
        used = measuring.run([sys.executable, "-c", *script], self.folder / "log")
        if used.status:
            sys.exit("bench: a peer failed:\n" + (self.folder / "log").read_text(errors="replace")[-1500:])
        return used.seconds, used.cpu

    def client_path(self, uri):
        client = MongoClient(uri)
        database = client[f"bench_at_once_{os.getpid()}"]
        arguments = ["execute", self.plan("at-once.yaml", UPDATE), *measuring.params(client, database.name)]
        database["items"].insert_one({"_id": 0, "text": "Text of item 0, which goes on for a while, as texts do", "views": 0, "tags": ["a", "b"]})

        def front(documents):
            return measuring.Front(self.folder, uri, f"{database.name}.items", documents, "--store", "_runbook.undo.")

        def update(documents):
            self.fresh_state()
            before, self.memory = self.memory, 0
            with front(documents) as at_once:
                self.environment["MONGODB_URI"] = at_once.uri
                used = self.run(*arguments)[1]
            most, self.memory = self.memory, max(before, self.memory)
            return used, most

        def bare(documents):
            with front(documents) as at_once:
                items = MongoClient(at_once.uri)[database.name].get_collection("items", write_concern=WriteConcern("majority", j=True))
                return self.unprotected(items)[1]

        middle = lambda measure, times: statistics.median(measure() for _ in range(times))
        try:
            few = middle(lambda: update(10)[0], 2 * self.options.repeat)
            whole = middle(lambda: update(100_000)[0], self.options.repeat)
            rate = 100_000 / (whole - few)
            self.row("client path: 100,000 documents", f"{whole - few:.3f} s CPU", "a server that answers at once", f"{rate:,.0f} updates a second and core",
                     "≥ 200,000", rate >= 200_000)
            peer = middle(lambda: bare(100_000), self.options.repeat)
            self.row("cpu of the client: 100,000 documents at once", f"{whole:.3f} s", f"pymongo {peer:.3f} s", f"{whole / peer:.2f}×", "≤ 0.25×",
                     whole <= 0.25 * peer)
            small, large = (update(count)[1] for count in (10_000, 300_000))
            self.row("memory: 10,000 and 300,000 documents at once", f"{large:.0f} MiB", f"{small:.0f} MiB", f"{large - small:+.0f} MiB", "< 80 MiB",
                     large < 80)
        finally:
            client.drop_database(database.name)

    def load(self, client, database, items):
        client.drop_database(database.name)
        documents = [{"_id": number, "text": f"Text of item {number}", "views": number % 97, "tags": ["a", "b"]}
                     for number in range(self.options.documents)]
        for start in range(0, len(documents), 1000):
            items.insert_many(documents[start:start + 1000])

    @staticmethod
    def unprotected(items):
        """What somebody would write by hand: read, compute, one `bulk_write` a batch of 500, no guard and no way back."""
        before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        batch = []
        for document in items.find({"note": {"$exists": False}}):
            batch.append(UpdateOne({"_id": document["_id"]}, {"$set": {"note": document.get("text") or ""}}))
            if len(batch) == 500:
                items.bulk_write(batch, ordered=False)
                batch = []
        if batch:
            items.bulk_write(batch, ordered=False)
        after = resource.getrusage(resource.RUSAGE_SELF)
        return time.perf_counter() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runbook", default=measuring.RELEASE)
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    options.runbook = measuring.program(options.runbook)

    with tempfile.TemporaryDirectory(prefix="runbook-bench-") as name:
        folder = pathlib.Path(name)
        bench = Bench(options, folder)
        bench.start()
        bench.loading()
        bench.lint()
        bench.steps()
        with measuring.server(folder / "server") as uri:
            bench.change(uri)
            bench.case(uri)
            bench.client_path(uri)
        print("| what | runbook | beside | figure | goal | |\n| --- | --- | --- | --- | --- | --- |")
        for row in bench.rows:
            print("| " + " | ".join(row) + " |")
        print(f"\nThe most memory that a process of the program held: {bench.memory:.0f} MiB.")


if __name__ == "__main__":
    main()

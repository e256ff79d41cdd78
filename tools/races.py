"""Let two processes lead one run at the same moment, over and over: one works, the other is sent away with exit status 7 and the run's name.

    tools/races [--count 50] [--at-once 5] [--seed N] [--runbook PATH]

By turns the two execute the same plan over one state, or over two states, as two machines would, or they resume a run whose process
was killed. Judged from the outside: one exit status of 0 and one of 7; the other's words name the run that works; undo entries of
one run alone; every document changed once, and what an application increments meanwhile is there. One line of JSON; exit 1 on any
violation.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

import measuring
from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

DOCUMENTS = 40
KINDS = ("one state", "two states", "resume")
PLAN = measuring.update(
    "batch: { size: 10 }", value='{ $concat: [ $text, "." ] }', then=[
        "# The other one must find the run at work, however busy the machine is.",
        "- { id: stay, title: Stay a while, action: wait.for, with: { duration: 2s } }"])


class Race:
    def __init__(self, options, client, uri, folder, number):
        self.options, self.uri, self.number, self.kind = options, uri, number, KINDS[number % len(KINDS)]
        self.rng = random.Random(options.seed + number)
        self.database = client[f"race_{os.getpid()}_{number}"]
        self.items = self.database.get_collection("items", write_concern=WriteConcern("majority", j=True))
        self.folder = folder / str(number)
        self.folder.mkdir()
        self.plan = self.folder / "plan.yaml"
        self.plan.write_text(PLAN)
        self.execute = ["execute", str(self.plan), *measuring.params(client, self.database.name)]
        self.ended, self.acknowledged = threading.Event(), 0

    def runbook(self, state, *arguments):
        environment = {"RUNBOOK_LEASE_TTL": "4", "RUNBOOK_UPDATE_WINDOW": "1", "RUNBOOK_UPDATE_LIMIT": "1", **os.environ, "MONGODB_URI": self.uri,
                       "NO_COLOR": "1", "RUNBOOK_STATE": f"sqlite:{self.folder}/{state}.db"}
        return subprocess.Popen([self.options.runbook, *arguments], env=environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def increment(self):
        while not self.ended.wait(0.01):
            self.items.update_one({"_id": self.rng.randrange(DOCUMENTS)}, {"$inc": {"views": 1}})
            self.acknowledged += 1

    def run(self):
        self.items.insert_many([{"_id": key, "text": f"text {key}", "views": 0} for key in range(DOCUMENTS)])
        application = threading.Thread(target=self.increment, daemon=True)
        application.start()
        try:
            first, second = (self.execute,) * 2
            if self.kind == "resume":
                process = self.runbook("a", *self.execute)
                while process.poll() is None and self.database.items.count_documents({"note": {"$exists": True}}) == 0:
                    time.sleep(0.01)
                time.sleep(self.rng.uniform(0, 0.5))
                process.send_signal(signal.SIGKILL)
                process.communicate()
                first = second = ["resume"]
            pair = [self.runbook("a", *first)]
            # Mostly at once, now and then a moment later: both are at the same places then.
            time.sleep(self.rng.choice([0, 0, self.rng.uniform(0, 0.1)]))
            pair.append(self.runbook("b" if self.kind == "two states" else "a", *second))
            words = [process.communicate(timeout=120)[0] for process in pair]
        finally:
            self.ended.set()
            application.join(30)
        return [f"race {self.number}, {self.kind}: {text}" for text in self.judge([process.returncode for process in pair], words)]

    def judge(self, statuses, words):
        if sorted(statuses) != [0, 7]:
            return [f"the two ended with {statuses}:\n{words[0][-800:]}\n---\n{words[1][-800:]}"]
        wrong = []
        runs = {name.split(".")[2] for name in self.database.list_collection_names() if name.startswith("_runbook.undo.")}
        if len(runs) != 1:
            wrong.append(f"undo entries of {sorted(runs)}")
        if not set(re.findall(r"\br\d{8}-\w+", words[statuses.index(7)])) & runs:
            wrong.append(f"the other does not name the run {sorted(runs)}: {words[statuses.index(7)][-500:]}")
        now = list(self.items.find())
        if any(document.get("note") != document["text"] + "." for document in now) or len(now) != DOCUMENTS:
            wrong.append("documents are not changed, or not once")
        if (views := sum(document["views"] for document in now)) != self.acknowledged:
            wrong.append(f"{views} increments, {self.acknowledged} were acknowledged")
        return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--at-once", type=int, default=5)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--runbook", default=os.environ.get("RUNBOOK", str(measuring.ROOT / ".build/debug/runbook")))
    options = parser.parse_args()
    options.runbook = measuring.program(options.runbook)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])      # a caller may have blocked what ends our own processes
    wrong, began, acknowledged = [], time.monotonic(), 0
    with tempfile.TemporaryDirectory(prefix="runbook-races-") as name:
        folder = pathlib.Path(name)
        with measuring.server(folder / "server") as uri:
            client = MongoClient(uri)

            def lead(number):
                nonlocal acknowledged
                race = Race(options, client, uri, folder, number)
                try:
                    return race.run()
                except Exception as error:      # a race that breaks is no proof of anything
                    return [f"race {number}, {race.kind}: it broke: {error!r}"]
                finally:
                    acknowledged += race.acknowledged
                    client.drop_database(race.database.name)

            with concurrent.futures.ThreadPoolExecutor(options.at_once) as pool:
                for texts in pool.map(lead, range(options.count)):
                    wrong += texts
                    for text in texts:
                        print(text, flush=True)
    totals = {"seed": options.seed, "races": options.count, "acknowledged": acknowledged, "seconds": round(time.monotonic() - began)}
    print(json.dumps({"races": {**totals, "violations": len(wrong)}}), flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

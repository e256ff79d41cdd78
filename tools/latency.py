"""Measure what an application notices of a change: its own latency with the change under way and without it, on the same server.

    tools/latency [--runbook PATH] [--documents 4000] [--rate 60] [--batch 100] [--target-latency 50ms] [--pause 0ms] [--seconds 10]
                  [--repeat 3]

An application of four threads asks for --rate operations a second, half of them reads by `_id`, half of them writes by `_id` with
`w: majority, j: true`, whether the server keeps up or not: an operation's latency counts from the moment at which it was due, so
that a stall is not hidden by the operations that it kept from being sent. It is measured

  alone        for --seconds, before and after each of the others, which is compared with these two
  forward      while `mongodb.update` adds a field to every document
  killed       the same, killed with SIGKILL three times, each between two batches, and resumed at once
  rollback     while the change is taken back

Each of the others has a server of its own, unless MONGODB_URI names one: the embedded server takes longer and longer for a write, the more were
made before (after 10,000 some twenty times as long as at first), and what came last would be told to be slow.

Goals: the 99th percentile at most 1.2 times that of alone, and no stall over 100 ms that the server alone does not have. Prints a
Markdown table of the medians of --repeat rounds; of stalls the longest of all.
"""
import argparse
import functools
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import measuring
from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

THREADS = 4


class Application(threading.Thread):
    """A thread of the application; `times` are (when an operation was due, how long after that it was done), in seconds."""

    def __init__(self, uri, database, documents, rate, seed):
        super().__init__(daemon=True)
        client = MongoClient(uri)
        self.items = client[database].get_collection("items", write_concern=WriteConcern("majority", j=True))
        self.documents, self.interval, self.rng = documents, THREADS / rate, random.Random(seed)
        self.times, self.stopped, self.fault = [], threading.Event(), None

    def run(self):
        due = time.monotonic() + self.rng.uniform(0, self.interval)
        try:
            while not self.stopped.is_set():
                wait = due - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                key = self.rng.randrange(self.documents)
                if self.rng.random() < 0.5:
                    self.items.find_one({"_id": key})
                else:
                    self.items.update_one({"_id": key}, {"$inc": {"views": 1}})
                self.times.append((due, time.monotonic() - due))
                due += self.interval
        except Exception as error:      # an application that has died would look like one that is never kept waiting
            self.fault = repr(error)


class Span:
    """Between which moments something went on, and how the application did meanwhile."""

    def __init__(self, start, end, threads):
        times = sorted(seconds * 1000 for thread in threads for due, seconds in thread.times if start <= due <= end)
        if len(times) < 100:
            raise SystemExit(f"only {len(times)} operations of the application fell into {end - start:.1f} s; ask for more documents")
        self.seconds, self.count = end - start, len(times)
        self.median, self.high, self.longest = times[len(times) // 2], times[len(times) * 99 // 100], times[-1]
        self.stalls = sum(value > 100 for value in times)


class Measurement:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.plan = folder / "plan.yaml"
        self.plan.write_text(measuring.update(
            f"batch: {{ size: {options.batch}, targetLatency: {options.target_latency} }}", f"throttle: {{ pauseBetween: {options.pause} }}"))
        self.spans = {"alone": [], "forward": [], "killed": [], "rollback": []}
        self.ratios = {name: [] for name in self.spans}

    def runbook(self, *arguments, **more):
        environment = {**os.environ, "MONGODB_URI": self.uri, "NO_COLOR": "1", "RUNBOOK_STATE": f"sqlite:{self.place}/state.db", **more}
        return subprocess.Popen([self.options.runbook, *arguments], env=environment, stdin=subprocess.DEVNULL,
                                stdout=open(self.folder / "log", "ab"), stderr=subprocess.STDOUT)

    def execute(self, **more):
        return self.runbook("execute", str(self.plan), *self.params, **more)

    def must(self, process, status):
        if (ended := process.wait()) != status:
            sys.exit(f"the program ended with {ended}, expected {status}:\n" + (self.folder / "log").read_text()[-2000:])

    def span(self, name, work):
        start = time.monotonic()
        work()
        self.spans[name].append(Span(start, time.monotonic(), self.threads))

    def rest(self):
        time.sleep(self.options.seconds)

    def alone(self):
        """The application by itself, once it has caught up with what it could not send before."""
        until = time.monotonic() + 60
        is_behind = lambda thread: time.monotonic() - (thread.times or [(0, 0)])[-1][0] > 2 * thread.interval
        while any(map(is_behind, self.threads)) and time.monotonic() < until:
            time.sleep(0.05)
        self.span("alone", self.rest)

    def forward(self):
        self.must(self.execute(), 0)

    def killed(self):
        """Killed three times, each when it has done some of its work, and gone on with at once. It kills itself: somebody who looked how far it is would
        keep the application waiting, too."""
        start = self.execute
        for part in (0.2, 0.25, 0.25):
            self.must(start(RUNBOOK_CRASH_AT=f"update.recorded#{max(1, int(part * self.batches))}"), -signal.SIGKILL)
            start = functools.partial(self.runbook, "resume")
        self.must(start(), 0)

    def rollback(self):
        self.must(self.runbook("rollback"), 3)

    def phase(self, name, number):
        """One of the works, on a server and with a state of its own."""
        self.place = self.folder / f"{name}-{number}"
        self.place.mkdir()
        with measuring.server(self.place / "server") as self.uri:
            client = MongoClient(self.uri)
            self.database = client[f"latency_{os.getpid()}"]
            try:
                self.measure(name, number)
            finally:
                client.drop_database(self.database.name)

    def measure(self, name, number):
        self.params = measuring.params(self.database.client, self.database.name)
        text = "x" * 200
        self.database.items.insert_many([{"_id": key, "text": f"{key} {text}", "views": 0} for key in range(self.options.documents)])
        if name == "rollback":
            self.forward()
        self.threads = [Application(self.uri, self.database.name, self.options.documents, self.options.rate, number * THREADS + place)
                        for place in range(THREADS)]
        for thread in self.threads:
            thread.start()
        time.sleep(1)
        self.alone()
        self.span(name, getattr(self, name))
        if name == "forward":
            self.batches = sum(self.database[store].estimated_document_count()
                               for store in self.database.list_collection_names(filter={"name": {"$regex": "^_runbook.undo."}}))
        self.alone()
        self.ratios[name].append(self.spans[name][-1].high / statistics.mean(span.high for span in self.spans["alone"][-2:]))
        for thread in self.threads:
            thread.stopped.set()
        for thread in self.threads:
            thread.join(60)
            if thread.fault:
                sys.exit(f"the application: {thread.fault}")

    def table(self):
        self.ratios["alone"] = [1]
        yield "| | seconds | operations | median | 99 % | beside alone | longest | over 100 ms |"
        yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
        for name, spans in self.spans.items():
            high = statistics.median(span.high for span in spans)
            count = sum(span.count for span in spans)
            yield (f"| {name} | {sum(span.seconds for span in spans):.1f} | {count} | {statistics.median(span.median for span in spans):.1f} ms | {high:.1f} ms"
                   f" | {statistics.median(self.ratios[name]):.2f} | {max(span.longest for span in spans):.0f} ms | {sum(span.stalls for span in spans)} of {count} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runbook", default=measuring.RELEASE)
    parser.add_argument("--documents", type=int, default=4000)
    parser.add_argument("--rate", type=float, default=60, help="operations a second of the application")
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--target-latency", default="50ms")
    parser.add_argument("--pause", default="0ms")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    options.runbook = measuring.program(options.runbook)
    with tempfile.TemporaryDirectory(prefix="runbook-latency-") as name:
        folder = pathlib.Path(name)
        measurement = Measurement(options, folder)
        for number in range(options.repeat):
            for name in ("forward", "rollback", "killed"):
                measurement.phase(name, number)
        print("\n".join(measurement.table()))


if __name__ == "__main__":
    main()

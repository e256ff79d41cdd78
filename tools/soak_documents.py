"""Kill the program at random moments while it deletes, restores, inserts and swaps under three writers, and judge what is left.

    tools/soak documents [--kills 100] [--stops 0] [--server-kills 0] [--rounds 1] [--seed N] [--runbook PATH] [--keep DIR]

A round is one run of `tools/soak-documents.yaml` in a fresh database: to its end, or to a check that fails and its rollback. Up to
five SIGKILLs hit it, at random times or at a named place of its work; `resume` goes on each time. A round of --stops halts the
process with SIGSTOP instead, lets another one with a copy of the state overtake it once its lease has run out, wakes it, and asserts
that it changes nothing. A round of --server-kills also ends the server with SIGKILL, once or twice, and starts it again.

Each writer has documents of its own and knows what it was told; a write that did not find its document counts for nothing. Judged:
every insertion is there exactly once, or gone after the rollback; after a rollback each document is, to the byte, as if only the
writers had written, but for what the undo journal lists, and then the last acknowledged write stands; after a swap each acknowledged
write stands in the collection, in what it replaced, or in what was told of, but for writes that were under way just when the test
server renamed (see RenameWatch; they are counted); swapped back without a conflict, the collection is
exactly the writers'. One line a round, then one line of JSON; exit 1 on any violation.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from pymongo import MongoClient
from pymongo.errors import NetworkTimeout, PyMongoError

import soak_application as application
from soak_application import ABSENT, CATALOG, LAYERS, OWN, PRICES
from soak_server import Server

ROOT = pathlib.Path(__file__).resolve().parent.parent
FORWARD = ["delete.block-written", "delete.removed", "restore.sent", "restore.recorded", "swap.copied", "swap.ready", "swap.between",
           "swap.set-aside", "swap.in-place", "swap.recorded", "insert.sent"]
BACK = ["undo.announced", "undo.sent", "undo.removed", "undo.recorded", "swap.returning", "swap.back-between", "swap.set-aside", "swap.back",
        "swap.undone"]
"""Where the program may be told to kill itself (RUNBOOK_CRASH_AT), in the order of the plan."""


class ServerHangs(Exception):
    """The test server greets, but answers nothing that needs its data: seen under renames and writers at once. A round with it says nothing."""


class Round:
    def __init__(self, options, seed, totals, kind):
        self.options, self.seed, self.totals, self.kind = options, seed, totals, kind
        self.rng = random.Random(seed)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="runbook-soak-"))
        self.kills, self.server_kills, self.violations = 0, 0, []
        self.fails, self.quiet = self.rng.random() < 0.6, self.rng.random() < 0.6
        self.run_id, self.server, self.ended = None, None, threading.Event()

    # -- a round -----------------------------------------------------------------------------------------------------------

    def play(self):
        try:
            self.set_up()
            self.status = self.stop_and_overtake() if self.kind == "stop" else self.lead()
            self.ended.set()
            time.sleep(0.2)             # what the application writes after the end must stand, too
            self.stop_writers()
            self.judge()
        except ServerHangs:
            self.totals["serverHung"] += 1
            self.violations = []
        except Exception as error:      # a round that breaks is no proof of anything
            self.violations.append(f"the round broke: {error!r}")
        finally:
            self.ended.set()
            self.tear_down()

    def set_up(self):
        self.server = Server(self.dir / "server", durable=self.kind == "server")
        client = MongoClient(self.server.uri, retryWrites=self.kind != "server", serverSelectionTimeoutMS=5000)
        self.database = client[f"soak_documents_{os.getpid()}_{self.seed}"]
        self.environment = {
            "RUNBOOK_LEASE_TTL": "5", "RUNBOOK_LEASE_GRACE": "7" if self.kind == "stop" else "4.1", "RUNBOOK_UPDATE_WINDOW": "2",
            "RUNBOOK_UPDATE_LIMIT": "2", **os.environ, "MONGODB_URI": self.server.uri,
            "RUNBOOK_STATE": f"sqlite:{self.dir}/state.db", "NO_COLOR": "1"}
        application.fill(self.database, self.dir / "layers.ndjson")
        self.catalog_definition = self.definition()
        self.originals = {document["_id"]: document for document in self.database.catalog.find()}
        self.writers = [application.Writer(self.database, number, self.seed, self.quiet, self.kind == "server") for number in range(3)]
        set_name = client.admin.command("hello").get("setName", "")
        self.renames = application.RenameWatch(self.database) if set_name == "secantus" else None
        if self.renames:
            self.renames.start()
        for writer in self.writers:
            writer.start()
        self.execute = ["execute", str(ROOT / "tools/soak-documents.yaml"), "--param", f"database={self.database.name}",
                        "--param", f"replicaSet={set_name}", "--param", f"file={self.dir}/layers.ndjson",
                        "--param", f"failAt={'end' if self.fails else 'nowhere'}"]
        if self.kind == "server":
            threading.Thread(target=self.kill_the_server, daemon=True).start()

    def definition(self):
        options = next(iter(self.database.list_collections(filter={"name": "catalog"})), {}).get("options", {})
        return options, {name: sorted(index.items(), key=str) for name, index in self.database.catalog.index_information().items()}

    def kill_the_server(self):
        for _ in range(self.rng.randrange(1, 3)):
            if self.ended.wait(self.rng.uniform(0.5, self.totals["expected"])):
                return
            try:
                self.server.kill_and_begin()
                self.server_kills += 1
            except RuntimeError as error:
                self.violations.append(str(error))

    def runbook(self, command, place=None):
        environment = {**self.environment, **({"RUNBOOK_CRASH_AT": place} if place else {})}
        with open(self.dir / "log", "ab") as log:
            log.write(f"\n=== {time.time():.3f} runbook {' '.join(command)} {place or ''}\n".encode())
            log.flush()
            return subprocess.Popen([self.options.runbook, *command], env=environment, cwd=self.dir, stdin=subprocess.DEVNULL, stdout=log,
                                    stderr=subprocess.STDOUT)

    def ask(self, *arguments):
        said = subprocess.run([self.options.runbook, *arguments, "--format", "json"], env=self.environment, cwd=self.dir,
                              capture_output=True, text=True, check=False, timeout=60).stdout
        try:
            return json.loads(said)
        except json.JSONDecodeError:
            return None

    def find_run(self):
        found = self.ask("list") or {}
        found = found.get("runs", []) if isinstance(found, dict) else found
        self.run_id = self.run_id or (found[0].get("run") or found[0].get("id") if found else None)
        return self.run_id

    def lead(self):
        """Lead the run to an end, with kills on the way. Returns the last exit status, -1 where there was none in time."""
        planned, command = self.rng.randrange(2, 7), self.execute
        # At first nothing is passed yet; a place that has been passed is never reached, and the process then ends by itself.
        places = FORWARD + (BACK if self.fails else [])
        until = time.monotonic() + 400
        while time.monotonic() < until:
            place = None
            if planned and places and self.rng.random() < 0.6:
                index = self.rng.randrange(min(len(places), 8))
                place, places = places[index], places[index + 1:]
            began = time.monotonic()
            process = self.runbook(command, place)
            try:
                status = self.await_end(process, self.rng.uniform(0.2, self.totals["expected"]) if planned and not place else 200)
                if not place:
                    self.totals["expected"] = 0.8 * self.totals["expected"] + 0.2 * min(15.0, time.monotonic() - began)
            except subprocess.TimeoutExpired:
                process.kill()
                status = process.wait()
            if status == -signal.SIGKILL:
                planned, self.kills = max(0, planned - 1), self.kills + 1
            elif status == 7:
                time.sleep(1)           # the killed one's lease has not run out yet
            elif status in (0, 3, 4) or self.kind != "server":
                return status
            command = ["resume", self.run_id] if self.find_run() else self.execute
            if status == 5:
                command = ["rollback", self.run_id]
        return -1

    def await_end(self, process, limit):
        """Wait for the process, and see to it that the server is there."""
        until = time.monotonic() + limit
        while True:
            try:
                return process.wait(max(0, min(10, until - time.monotonic())))
            except subprocess.TimeoutExpired:
                if time.monotonic() >= until:
                    raise
                if self.kind == "server":
                    continue
                try:
                    with MongoClient(self.server.uri, socketTimeoutMS=10_000, retryReads=False) as client:
                        client.list_database_names()
                except NetworkTimeout as error:
                    process.kill()
                    process.wait()
                    raise ServerHangs from error

    def stop_and_overtake(self):
        process = self.runbook(self.execute)
        try:
            process.wait(self.rng.uniform(0.3, self.totals["expected"]))
        except subprocess.TimeoutExpired:
            pass
        process.send_signal(signal.SIGSTOP)
        if not self.find_run():
            process.send_signal(signal.SIGCONT)
            return process.wait(200)
        # The stopped process keeps its lock beside its state, as it must. The one that overtakes has a copy, as another machine would.
        copy = self.dir / "overtaker"
        copy.mkdir()
        for file in self.dir.glob("state.db*"):
            shutil.copy(file, copy)
        self.environment["RUNBOOK_STATE"] = f"sqlite:{copy}/state.db"
        until, status = time.monotonic() + 200, 7
        while status == 7 and time.monotonic() < until:
            time.sleep(1)
            status = self.runbook(["resume", self.run_id]).wait(200)
        self.stop_writers()
        before = self.bytes_now()
        process.send_signal(signal.SIGCONT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self.violations.append("the woken process did not end within 60 s")
        if self.bytes_now() != before:
            self.violations.append("the woken process changed documents")
        self.totals["stops"] += 1
        return status

    def bytes_now(self):
        # The records of the run may be renewed; nothing else may change.
        names = [name for name in self.database.list_collection_names() if not name.startswith(("_runbook.r", "_runbook.undo"))]
        return {name: sorted(repr(document) for document in self.database[name].find()) for name in names}

    def stop_writers(self):
        for writer in self.writers:
            writer.stopped.set()
        for writer in self.writers:
            writer.join(60)
            if writer.fault:
                self.violations.append(f"a writer: {writer.fault}")

    def tear_down(self):
        for thread in [*getattr(self, "writers", []), *([self.renames] if getattr(self, "renames", None) else [])]:
            thread.stopped.set()
        if self.violations and self.options.keep:
            shutil.copytree(self.dir, pathlib.Path(self.options.keep) / f"seed-{self.seed}", dirs_exist_ok=True,
                            ignore=shutil.ignore_patterns("server"))
        elif self.violations and (self.dir / "log").exists():
            self.violations.append((self.dir / "log").read_text(encoding="utf-8", errors="replace")[-1500:])
        if self.server:
            if hasattr(self, "database") and os.environ.get("MONGODB_URI"):
                self.database.client.drop_database(self.database.name)
            self.server.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    # -- the verdict -------------------------------------------------------------------------------------------------------

    def judge(self):
        allowed = (0, 3, 4) if self.kind == "server" and not self.fails else (3, 4) if self.fails else (0,)
        if self.status not in allowed:
            self.violations.append(f"the run ended with {self.status}, expected {' or '.join(map(str, allowed))}")
            return
        self.read_journal()
        self.totals["acknowledged"] += sum(writer.acknowledged for writer in self.writers)
        self.totals["unsure"] += sum(len(share.unsure) for writer in self.writers for share in writer.shares.values())
        self.totals["inDoubt"] += len(self.doubt)
        self.totals["conflicts"] += len(self.conflicts)
        self.totals["forward" if self.status == 0 else "back"] += 1
        if self.status == 0:
            self.judge_forward("assets", {key: {"_id": key, "archived": key} for key in ABSENT})
            self.judge_forward("prices", {key: {"_id": key, "price": 1} for key in PRICES})
        else:
            if (self.status == 3) == bool(self.doubt | self.conflicts or self.swap_told):
                self.violations.append(
                    f"exit {self.status}; listed are {len(self.doubt)} in doubt, {len(self.conflicts)} conflicts, {self.swap_told}")
            self.judge_unwound("assets")
            self.judge_unwound("prices")
        self.judge_layers()
        self.judge_catalog()

    def read_journal(self):
        """What the undo journal lists, as (collection, key), and what the report says of the swap."""
        self.doubt, self.conflicts, self.swap_told = set(), set(), []
        for name in self.database.list_collection_names(filter={"name": {"$regex": "^_runbook\\.undo\\."}}):
            for block in self.database[name].find():
                keys = [(block["ns"].split(".", 1)[1], entry["k"]) for entry in block.get("e", [])]
                self.conflicts |= {keys[index] for index, _ in block.get("kept", [])}
                self.doubt |= {keys[index] for index in [*block.get("standing", []), *block.get("doubt", [])]}

        def walk(value):
            if isinstance(value, dict):
                if value.get("id") == "catalog" and isinstance(value.get("reason"), str):
                    self.swap_told.append(value["reason"])
                for inner in value.values():
                    walk(inner)
            elif isinstance(value, list):
                for inner in value:
                    walk(inner)
        walk(self.ask("status", self.find_run()))

    def judge_forward(self, name, restored):
        """Whether each document is as the writers were last told, or as the run made it."""
        told, now = application.Told(self.writers, name), {document["_id"]: document for document in self.database[name].find()}
        for key in told.keys | set(restored):
            if key in told.unsure or (name, key) in self.doubt:
                continue
            found, ghost, mark = now.get(key), told.ghost.get(key), told.last.get(key)
            if mark and found and found.get("by") == mark:
                continue
            is_restored = found is not None and found == restored.get(key)
            if name == "prices":
                fits = is_restored or found is None and key in told.last and mark is None
            elif ghost is None:
                fits = found is None and (key in told.last or key not in restored) or is_restored
            else:
                # The run deletes what is old, and may then bring the archive's back.
                fits = ghost.get("old") and (found is None and key not in restored or is_restored) or key not in told.last and found == ghost
                fits = fits or found is None and bool(ghost.get("old")) and bool(told.last.get(key))
            if not fits:
                self.violations.append(f"{name} {key}: {found}; the writers know {ghost}, last {mark}")

    def judge_unwound(self, name):
        told, now = application.Told(self.writers, name), {document["_id"]: document for document in self.database[name].find()}
        for key in told.keys:
            wanted, found, mark = told.ghost.get(key), now.get(key), told.last.get(key)
            if key in told.unsure:
                continue
            if wanted == found and list(wanted or {}) == list(found or {}):
                self.totals["exact"] += 1
                continue
            kept = (name, key) in self.conflicts and found is not None and found.get("by") == mark is not None
            # Documented: absent is absent. And of an undo whose record the server has lost.
            back = wanted is None and (key in told.ambiguous or key in told.buried and self.server_kills > 0)
            if (name, key) in self.doubt or kept or back:
                self.totals["excused"] += 1
            else:
                self.violations.append(f"{name} {key}: {found}, and only the writers: {wanted}, last {mark}")

    def judge_layers(self):
        touched = set().union(*(writer.layers_touched | writer.layers_unsure for writer in self.writers))
        layers = list(self.database.layers.find())
        if self.status == 0:
            places = sorted(layer["n"] for layer in layers)
            if places != list(range(LAYERS)):
                self.violations.append(f"{len(places)} layers, {len(set(places))} of them different, and {LAYERS} are due")
        else:
            for layer in layers:
                key = ("layers", layer["_id"])
                if key not in self.doubt and not (layer["n"] in touched and key in self.conflicts):
                    self.violations.append(f"layer {layer['n']} is left behind")

    def judge_catalog(self):
        # The test server's rename is no single step: killed in the middle it may leave the documents where no collection is listed.
        if self.renames and self.server_kills and b"while renaming it" in (self.dir / "log").read_bytes():
            self.totals["renamesCut"] += 1
            return
        told = application.Told(self.writers, "catalog")
        names = self.database.list_collection_names()
        read = lambda name: {document["_id"]: document for document in self.database[name].find()}
        kept_name = f"_runbook.dropped.{self.run_id}.swap-catalog"
        now, kept = read("catalog"), read(kept_name) if kept_name in names else None
        # The test server makes an empty collection anew where somebody lists one that is just being renamed.
        kept = None if self.renames and not kept else kept
        strays = [read(name) for name in names if name.startswith("_runbook.stray.")]
        if f"_runbook.beside.{self.run_id}.swap-catalog" in names:
            self.violations.append("the copy is left behind")
        # The test server's rename is no single step: killed in the middle it may lose an index. The undo then tells of it.
        if self.definition() != self.catalog_definition and not (self.server_kills and any("by_n" in text for text in self.swap_told)):
            self.violations.append(f"the catalog is now {self.definition()} and was {self.catalog_definition}")
        self.totals["swappedBack" if kept is None else "swapped"] += 1
        self.totals["strays"] += len(strays) + sum("swap-catalog/" in name for name in names)
        if self.status == 0 and kept is None:
            self.violations.append("nothing was swapped")
        if kept is not None and self.status != 0 and not self.swap_told:
            self.violations.append("what was replaced is kept, and that was not told")
        if strays and self.status != 0 and not self.swap_told:
            self.violations.append("something was set aside and not told")
        for key in told.keys - told.unsure:
            places = [place.get(key) for place in [now, *([kept] if kept is not None else []), *strays]]
            if key in told.last:
                mark = told.last[key]
                stands = any(place is not None and place.get("by") == mark for place in places) if mark else None in places
                if not stands and self.renames and self.renames.was_under_way(told.times[key]):
                    self.totals["lostByTheServer"] += 1
                    continue
                if not stands:
                    self.violations.append(f"catalog {key}: {places}; the last acknowledged write was {mark or 'a deletion'}")
            if kept is None and not self.swap_told and now.get(key) != told.ghost.get(key):
                self.violations.append(f"catalog {key}: swapped back, {now.get(key)}, and only the writers: {told.ghost.get(key)}")
            elif kept is not None and key not in told.last and kept.get(key) != self.originals.get(key):
                self.violations.append(f"catalog {key}: kept {kept.get(key)}, was {self.originals.get(key)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--stops", type=int, default=0)
    parser.add_argument("--server-kills", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=1, help="at least as many")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--runbook", default=os.environ.get("RUNBOOK", str(ROOT / ".build/debug/runbook")))
    parser.add_argument("--keep", help="a directory for state and log of rounds with a violation")
    options = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    options.runbook = os.path.abspath(shutil.which(options.runbook) or sys.exit(f"soak: no program at {options.runbook}; build it first"))
    totals = {"rounds": 0, "kills": 0, "stops": 0, "serverKills": 0, "acknowledged": 0, "exact": 0, "excused": 0, "unsure": 0, "inDoubt": 0,
              "conflicts": 0, "lostByTheServer": 0, "serverHung": 0, "renamesCut": 0, "forward": 0, "back": 0, "swapped": 0, "swappedBack": 0, "strays": 0, "violations": 0, "expected": 6.0}
    goals = {"kills": options.kills, "stops": options.stops, "serverKills": options.server_kills, "rounds": options.rounds}
    while any(totals[name] < goal for name, goal in goals.items()) and totals["rounds"] < sum(goals.values()) * 3:
        due = [kind for kind, name in (("stop", "stops"), ("server", "serverKills")) if totals[name] < goals[name]]
        only = totals["kills"] >= goals["kills"]
        kind = due[totals["rounds"] % len(due)] if due and (only or totals["rounds"] % 3 == 2) else "kill"
        round_ = Round(options, options.seed + totals["rounds"], totals, kind)
        hung = totals["serverHung"]
        round_.play()
        if totals["serverHung"] > hung:
            print(f"seed {round_.seed}: the server hung; once more", flush=True)
            if totals["serverHung"] > 5:
                break
            continue
        totals["rounds"] += 1
        totals["kills"] += round_.kills
        totals["serverKills"] += round_.server_kills
        totals["violations"] += len(round_.violations)
        print(f"round {totals['rounds']}: seed {round_.seed}, {kind}, {'rolled back' if round_.fails else 'to its end'}"
              f"{', quiet' if round_.quiet else ''}, {round_.kills} kills, {round_.server_kills} of the server, "
              f"{len(round_.violations)} violations; {totals['kills']} kills so far", flush=True)
        for text in round_.violations[:10]:
            print(f"  seed {round_.seed}: {text}", flush=True)
    totals.pop("expected")
    short = any(totals[name] < goal for name, goal in goals.items())
    print(json.dumps({"soakDocuments": {"seed": options.seed, **totals}}), flush=True)
    sys.exit(1 if totals["violations"] or short else 0)


if __name__ == "__main__":
    main()

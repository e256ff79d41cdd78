"""Kill the program at random moments while three careless writers work, and judge from the outside what is left.

    tools/soak [--kills 300] [--stops 0] [--seed N] [--documents 600] [--runbook PATH] [--keep DIR]

A round is one run of `tools/soak.yaml` on a fresh collection (on MONGODB_URI, else on a server of its own): to its end, or to a
check that fails, or to its end and then rolled back by a person. Up to six SIGKILLs hit it, at random times or just when a batch
or an undo is on its way; `resume` or `rollback` goes on each time. Rounds go on until there were as many kills as asked. A round
of --stops halts the process with SIGSTOP instead, lets another one with a copy of the state overtake it once its lease has run
out, wakes it, and asserts that it changes nothing.

Judged (the reliability page's I1 to I4, I7, I8, I10): no acknowledged write is lost; no document is left out or half changed;
after a rollback each document is as if only the application had written, untouched ones byte for byte; whatever is not exact is
listed by `status`, and nothing is listed without a reason; other collections and the indexes are as before; each process ends in
time, with the status that `status` tells. Documents in doubt are counted by their two allowed reasons. One line a round, then one
line of JSON with the totals; exit 1 on any violation.
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
import types

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "demo"))

from pymongo import MongoClient  # noqa: E402

import check  # noqa: E402
import ledger  # noqa: E402
import writers  # noqa: E402

PROCESS_LIMIT = 240.0
"""Seconds in which one process must end (I7); a take-over may have to wait for a lease and its grace."""

RULES = {rule.field: rule for step in writers.STEPS for rule in step}


class Watcher(threading.Thread):
    """Polls the undo blocks, so that it is known from the outside between which moments each was sent and undone."""

    def __init__(self, database):
        super().__init__(daemon=True)
        self.database, self.stopped, self.seen = database, threading.Event(), {}

    def run(self):
        before = time.time()
        while not self.stopped.is_set():
            now = time.time()
            try:
                for block in self.blocks({"st": 1, "undo": 1}):
                    self.note(block, before, now)
            except Exception:       # the server is busy or gone: the bounds only get wider
                pass
            before = now
            self.stopped.wait(0.05)

    def blocks(self, projection=None):
        for name in self.database.list_collection_names(filter={"name": {"$regex": "^_runbook\\.undo\\."}}):
            for block in self.database[name].find({}, projection):
                yield {**block, "from": name}

    def note(self, block, before, now):
        """`now` is a moment before the block was read: a lower bound. For upper bounds the moment after it counts, since a look over all
        blocks takes a while, and a block may be made and carried out while it goes on."""
        after = time.time()
        seen = self.seen.setdefault((block["from"], block["_id"]), {"born": before})
        if block.get("st") != "intent":
            seen.setdefault("appliedBy", after)
        if not block.get("undo") and block.get("st") != "undone":
            seen["undoneNotBefore"] = now
        if block.get("st") == "undone":
            seen.setdefault("undoneBy", after)

    def under_way(self):
        """Whether a batch, or an undo, has been announced and not recorded yet."""
        return any("appliedBy" not in seen for seen in self.seen.values()) or any(
            "undoneBy" not in seen and time.time() - seen.get("undoneNotBefore", 0) > 0.15 for seen in self.seen.values())


class Round:
    def __init__(self, options, seed, totals):
        self.options, self.seed, self.totals = options, seed, totals
        self.rng = random.Random(seed)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="runbook-soak-"))
        self.violations, self.kills, self.kill_times, self.run_id = [], 0, [], None
        self.log = open(self.dir / "runbook.log", "ab")
        # Nobody is there to ask for a rollback while a process is stopped and overtaken.
        self.scenario = self.rng.choice(["success", "failing"] if options.stopping else ["success", "failing", "person"])
        self.application, self.last_words = None, ""

    # -- the program -------------------------------------------------------------------------------------------------------

    def runbook(self, *arguments):
        self.log.write(f"\n=== {time.time():.3f} runbook {' '.join(arguments)}\n".encode())
        self.log.flush()
        return subprocess.Popen(
            [self.options.runbook, *arguments], env=self.environment, cwd=self.dir, stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=subprocess.STDOUT)

    def ask(self, *arguments):
        """A reading command with `--format json`; its exit status and what it says (None if that is no JSON)."""
        done = subprocess.run(
            [self.options.runbook, *arguments, "--format", "json"], env=self.environment, cwd=self.dir, capture_output=True, text=True,
            timeout=60, check=False)
        try:
            return done.returncode, json.loads(done.stdout)
        except json.JSONDecodeError:
            self.log.write(f"\n=== {arguments}: no JSON: {done.stdout[-500:]} {done.stderr[-500:]}\n".encode())
            return done.returncode, None

    def find_run(self):
        _, answer = self.ask("list")
        runs = answer.get("runs", []) if isinstance(answer, dict) else answer or []
        names = [run.get("run") or run.get("id") for run in runs]
        if len(set(names)) > 1:
            self.violations.append(f"more than one run was begun: {names}")
        return names[0] if names else None

    def await_end(self, process, kill):
        """Wait for the process; with `kill`, end it at a random moment. Returns its exit status, None if it was killed."""
        began = time.monotonic()
        if kill:
            if self.rng.random() < 0.5:
                moment = self.rng.uniform(0.01, self.totals["expected"])
                due = lambda: time.monotonic() - began >= moment
            else:
                delay = self.rng.uniform(0, 0.08)
                due = lambda: self.watcher.under_way() and not time.sleep(delay)
            while process.poll() is None and not due() and time.monotonic() - began < PROCESS_LIMIT:
                time.sleep(0.005)
            if process.poll() is None:
                process.kill()
                process.wait()
                self.kill_times.append(time.time())
                if time.monotonic() - began >= PROCESS_LIMIT:
                    self.violations.append(f"no end within {PROCESS_LIMIT:.0f} s")
                self.kills += 1
                return None
        try:
            status = process.wait(PROCESS_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self.violations.append(f"no end within {PROCESS_LIMIT:.0f} s")
            return -1
        self.totals["expected"] = 0.7 * self.totals["expected"] + 0.3 * min(12.0, time.monotonic() - began)
        return status

    def go(self, command, planned):
        """Run `command` and whatever must follow a kill until a process ends by itself. Returns its status."""
        waits = 0
        while True:
            status = self.await_end(self.runbook(*command), kill=planned > 0)
            if status is None:
                planned -= 1
                self.run_id = self.run_id or self.find_run()
                command = self.next_command(command)
            elif status == 7 and waits < 60:
                waits += 1              # the killed one's lease has not run out yet
                self.run_id = self.run_id or self.find_run()
                command = self.next_command(command)
                time.sleep(1)
            else:
                return status

    def next_command(self, command):
        if self.run_id is None:
            return self.execute
        if command[0] == "rollback" and self.rng.random() < 0.5:
            return command
        return ["resume", self.run_id]

    # -- a round -----------------------------------------------------------------------------------------------------------

    def play(self):
        try:
            self.set_up()
            self.stop_and_overtake() if self.options.stopping else self.kill_and_resume()
        except Exception as error:      # a round that breaks is no proof of anything
            self.violations.append(f"the round broke: {error!r}")
        finally:
            self.tear_down()

    def set_up(self):
        uri = os.environ.get("MONGODB_URI")
        if not uri:
            started = subprocess.run([ROOT / "tools/server", "start", self.dir / "server"], stdout=subprocess.PIPE, text=True, check=True)
            uri = started.stdout.strip()
        client = MongoClient(uri)
        hello = client.admin.command("hello")
        self.database = client[f"soak_{os.getpid()}_{self.seed}"]
        self.environment = {**os.environ, "MONGODB_URI": uri, "RUNBOOK_STATE": f"sqlite:{self.dir}/state.db", "NO_COLOR": "1"}
        place = types.SimpleNamespace(
            uri=uri, database=self.database.name, documents=self.options.documents, seed=self.seed, snapshot=str(self.dir / "snapshot"))
        writers.load(place, quiet=True)
        self.collection = writers.collection_at(place)
        self.database.bystander.insert_many([{"_id": number, "status": "draft"} for number in range(20)])
        self.others = self.outside()
        self.application = subprocess.Popen(
            [sys.executable, ROOT / "demo/writers.py", "run", "--uri", uri, "--database", place.database, "--ledger", self.dir / "ledger",
             "--seed", str(self.seed)], stdout=subprocess.PIPE, text=True)
        self.application.stdout.readline()
        self.watcher = Watcher(self.database)
        self.watcher.start()
        if self.options.stopping:
            self.environment.setdefault("RUNBOOK_LEASE_TTL", "2.5")     # seconds; else each stop would wait for half a minute
        self.execute = ["execute", str(ROOT / "tools/soak.yaml"), "--param", f"database={place.database}",
                        "--param", f"replicaSet={hello.get('setName', '')}",
                        "--param", f"failAt={'end' if self.scenario == 'failing' else 'nowhere'}"]

    def outside(self):
        return list(self.database.bystander.find()), {
            name: sorted(index) for name, index in self.collection.index_information().items()}

    def kill_and_resume(self):
        planned = self.rng.randrange(1, 7)
        forward = planned if self.scenario != "person" else self.rng.randrange(0, planned + 1)
        status = self.go(self.execute, forward)
        if self.scenario == "person" and status == 0:
            self.run_id = self.run_id or self.find_run()
            status = self.go(["rollback", self.run_id], planned - forward)
            if status == 0:
                # Killed before the wish was recorded, and then only resumed: the run is as it was, and whoever wants it back says so again.
                status = self.go(["rollback", self.run_id], 0)
        self.conclude(status)

    def stop_and_overtake(self):
        process = self.runbook(*self.execute)
        until = time.monotonic() + 60
        while process.poll() is None and not self.watcher.under_way() and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(self.rng.uniform(0, 0.3))
        process.send_signal(signal.SIGSTOP)
        self.run_id = self.find_run()
        # The stopped process keeps its lock beside its state, as it must. The one that overtakes has a copy, as another machine would.
        copy = self.dir / "overtaker"
        copy.mkdir()
        for file in self.dir.glob("state.db*"):
            shutil.copy(file, copy)
        self.environment["RUNBOOK_STATE"] = f"sqlite:{copy}/state.db"
        until, status = time.monotonic() + PROCESS_LIMIT, 7
        while status == 7 and time.monotonic() < until:
            time.sleep(1)
            status = self.await_end(self.runbook("resume", self.run_id), kill=False)
        self.stop_application()
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
        self.conclude(status)

    def bytes_now(self):
        return check.Evidence(self.collection, [], []).raw_now

    def stop_application(self):
        if self.application.poll() is None:
            self.application.terminate()
        said = self.application.communicate(timeout=90)[0].strip()
        self.application_said = json.loads(said.splitlines()[-1]) if said else self.application_said
        if self.application_said["faults"]:
            self.violations.append(f"the application: {self.application_said['faults']}")

    application_said = {"faults": ["it said nothing"], "errors": 0, "longestStallMs": 0}

    # -- the verdict -------------------------------------------------------------------------------------------------------

    def conclude(self, status):
        self.run_id = self.run_id or self.find_run()
        if self.application.returncode is None:
            time.sleep(0.3)             # what the application writes after the end must stand, too
            self.stop_application()
        time.sleep(0.15)
        self.watcher.stopped.set()
        self.watcher.join(10)
        allowed = (0,) if self.scenario == "success" else (3, 4)
        if status not in allowed:
            self.violations.append(f"the run ended with {status}, expected {' or '.join(map(str, allowed))}")
            return
        told, report = self.ask("status", self.run_id)
        if told != status:
            self.violations.append(f"the process ended with {status}, `status` with {told}")
        if report is None:
            self.violations.append("`status --format json` said nothing that can be read")
        evidence = check.Evidence(self.collection, check.read_snapshot(self.dir / "snapshot"), ledger.read(self.dir / "ledger"))
        if self.scenario == "success":
            verdict = check.judge_success(evidence, writers.STEPS, self.last_pass())
        else:
            verdict = self.judge_unwound(evidence, report, status)
        self.violations += verdict.violations
        if self.outside() != self.others:
            self.violations.append("another collection or the indexes changed")
        for name in ("acknowledged", "excused", "untouched"):
            self.totals[name] += verdict.counts.get(name, 0)
        self.totals["applicationErrors"] += self.application_said["errors"]
        self.totals["longestStallMs"] = max(self.totals["longestStallMs"], self.application_said["longestStallMs"])

    def last_pass(self):
        """For a field, a time before the last pass that looked for it began. That pass found nothing or wrote the last block, so it
        began no earlier than a moment before that block was made; without any block, not before the first process began."""
        times = {}
        for block in self.watcher.blocks({"fields": 1}):
            born = self.watcher.seen.get((block["from"], block["_id"]), {}).get("born", 0)
            for field in block.get("fields", []):
                times[field] = max(times.get(field, 0), born - 1)
        return lambda field: times.get(field, 0)

    def judge_unwound(self, evidence, report, status):
        blocks = list(self.watcher.blocks())
        holders = {}
        for block in blocks:
            bounds = self.watcher.seen.get((block["from"], block["_id"]), {})
            for index, entry in enumerate(block.get("e", [])):
                holders.setdefault(ledger.key_of(entry["k"]), []).append((block, index, bounds))

        def ours_may_stand(key, write):
            return any((write.acked or float("inf")) >= bounds.get("born", 0) and write.sent <= bounds.get("undoneBy", float("inf"))
                       for _, _, bounds in holders.get(key, []))

        doubt, conflicts, refused = self.listed(blocks, report)
        verdict = check.judge_rollback(evidence, writers.STEPS, doubt | refused, ours_may_stand)
        if status == 3 and doubt | conflicts | refused:
            verdict.violate("exit 3, and documents are listed")
        if status == 4 and not doubt | conflicts | refused:
            verdict.violate("exit 4, and no document is listed")
        for kind, found in (("inDoubt", doubt), ("conflicts", conflicts)):
            if bool(report and report.get(kind)) != bool(found):
                verdict.violate(f"`status` says {kind}: {report and report.get(kind)}, the undo journal lists {len(found)} documents")
        for key in sorted(doubt):
            self.why_in_doubt(evidence, verdict, key, holders.get(key, []))
        for key in sorted(conflicts):
            ghost = evidence.ghosts.get(key)
            if ghost is None or not any(write.touches(field) for write in ghost.writes for field in RULES):
                verdict.violate(f"{check.name_of(key)}: listed as a conflict, though the application never wrote those fields")
        for key, ghost in evidence.ghosts.items():
            if key not in conflicts | doubt and self.must_be_listed(ghost, holders.get(key, [])):
                verdict.violate(f"{check.name_of(key)}: a field was kept as the application's, and that is not listed")
        self.totals["conflicts"] += len(conflicts)
        return verdict

    @staticmethod
    def listed(blocks, report):
        """Keys listed as in doubt, as conflicts, and as refused by the server. `status` shows a bounded list of each; the whole ones
        stand in the undo journal: `kept` are fields of the application, `standing` entries that were left as they are."""
        doubt, conflicts, refused = check.listed(report, "inDoubt"), check.listed(report, "conflicts"), check.listed(report, "standing")
        for block in blocks:
            keys = [ledger.key_of(entry["k"]) for entry in block.get("e", [])]
            conflicts |= {keys[index] for index, _ in block.get("kept", [])}
            for index in block.get("standing", []):
                (doubt if index in block.get("doubt", []) else refused).add(keys[index])
        return doubt, conflicts, refused - doubt

    def why_in_doubt(self, evidence, verdict, key, held):
        """The two allowed reasons: the application wrote exactly the migrated value, or the server lost its record of the answer, which
        the test server does when the answer had held an error, that is when another document of the block was written meanwhile."""
        ghost = evidence.ghosts[key]
        for rule in RULES.values():
            if any(write.touches(rule.field) and state is not None and any(ledger.same(state.get(rule.field, ledger.ABSENT), post)
                   for post in rule.posts(ghost)) for write, state in ghost.history if write is not None):
                self.totals["doubtEqualValue"] += 1
                return
        for block, _, bounds in held:
            keys = [ledger.key_of(entry["k"]) for entry in block.get("e", [])]
            born = bounds.get("born", 0)
            # The documents were read a moment before the block was made, and the command was sent before the process was killed.
            until = min([time_ for time_ in self.kill_times if time_ >= born] + [bounds.get("appliedBy", float("inf"))])
            written = any((write.acked or float("inf")) >= born - 3 and write.sent <= until
                          for other in keys if other in evidence.ghosts for write in evidence.ghosts[other].writes)
            if block.get("missed") or block.get("failed") or written:
                self.totals["doubtLostRecord"] += 1
                return
        verdict.violate(f"{check.name_of(key)}: in doubt for neither of the two reasons")

    @staticmethod
    def must_be_listed(ghost, held):
        """Whether a field surely was the application's when the undo came: our write of it surely applied, then the last write of the
        application to it surely came before the undo, with a value that is neither ours nor what was there before."""
        if len(ghost.now) != 1 or ghost.now[0] is None or any(write.op != "set" for write in ghost.writes):
            return False
        for block, index, bounds in held:
            lost = {*block.get("missed", []), *block.get("doubt", []), *(pair[0] for pair in block.get("failed", []))}
            if index in lost or "appliedBy" not in bounds or "undoneNotBefore" not in bounds:
                continue
            for field, rule in RULES.items():
                write = ghost.last_write(field)
                if field not in block.get("fields", []) or write is None or write.acked is None:
                    continue
                # What an earlier block, in doubt, had left there is no change of this one, though the ghost knows of neither.
                if not block["e"][index]["a"][block["fields"].index(field)] & 1:
                    continue
                told = [other for other in ghost.writes if other.touches(field) and other.hit]
                earlier = [state for other, state in ghost.history if other is None or other.acked and other.acked < bounds["born"]]
                value = ghost.now[0].get(field, ledger.ABSENT)
                if (earlier and rule.changes(earlier[-1].get(field, ledger.ABSENT))
                        and all(other.acked < bounds["born"] or other.sent > bounds["appliedBy"] for other in told if other.acked)
                        and write.sent > bounds["appliedBy"] and write.acked < bounds["undoneNotBefore"]
                        and not rule.changes(value) and not any(ledger.same(value, post) for post in rule.posts(ghost))):
                    return True
        return False

    def tear_down(self):
        if self.application and self.application.poll() is None:
            self.application.kill()
            self.application.wait()
        if hasattr(self, "watcher"):
            self.watcher.stopped.set()
            self.watcher.join(10)
        if os.environ.get("MONGODB_URI") and hasattr(self, "database"):
            self.database.client.drop_database(self.database.name)
        subprocess.run([ROOT / "tools/server", "stop", self.dir / "server"], check=False)
        self.log.close()
        if self.violations and self.options.keep:
            shutil.copytree(self.dir, pathlib.Path(self.options.keep) / f"seed-{self.seed}", dirs_exist_ok=True)
        elif self.violations:
            with open(self.dir / "runbook.log", encoding="utf-8", errors="replace") as log:
                self.last_words = log.read()[-1500:]
        shutil.rmtree(self.dir, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--stops", type=int, default=0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--documents", type=int, default=600)
    parser.add_argument("--runbook", default=os.environ.get("RUNBOOK", str(ROOT / ".build/debug/runbook")))
    parser.add_argument("--keep", help="a directory for state, ledger and log of rounds with a violation")
    options = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_SETMASK, [])      # a caller may have blocked what ends our own processes
    options.runbook = shutil.which(options.runbook) or sys.exit(f"soak: no program at {options.runbook}; build it first")
    options.runbook = os.path.abspath(options.runbook)

    totals = {"rounds": 0, "kills": 0, "stops": 0, "acknowledged": 0, "untouched": 0, "conflicts": 0, "excused": 0, "doubtEqualValue": 0,
              "doubtLostRecord": 0, "applicationErrors": 0, "longestStallMs": 0, "violations": 0, "expected": 6.0}
    idle = 0
    while (totals["kills"] < options.kills or totals["stops"] < options.stops) and idle < 5:
        options.stopping = totals["stops"] < options.stops and totals["kills"] >= options.kills
        before = totals["kills"] + totals["stops"]
        round_ = Round(options, options.seed + totals["rounds"], totals)
        round_.play()
        totals["rounds"] += 1
        totals["kills"] += round_.kills
        totals["violations"] += len(round_.violations)
        idle = 0 if totals["kills"] + totals["stops"] > before else idle + 1
        print(f"round {totals['rounds']}: seed {round_.seed}, {'stopped' if options.stopping else round_.scenario}, {round_.kills} kills,"
              f" {len(round_.violations)} violations; {totals['kills']} of {options.kills} kills so far", flush=True)
        for text in round_.violations[:10]:
            print(f"  seed {round_.seed}: {text}", flush=True)
        if round_.last_words:
            print(f"  seed {round_.seed}: the program's last words:\n{round_.last_words}", flush=True)
        if totals["violations"] > 200:
            break
    if totals["kills"] < options.kills or totals["stops"] < options.stops:
        print("soak: ended before there were as many kills as asked", flush=True)
        totals["violations"] += 1
    totals.pop("expected")
    print(json.dumps({"soak": {"seed": options.seed, **totals}}), flush=True)
    sys.exit(1 if totals["violations"] else 0)


if __name__ == "__main__":
    main()

"""Kill the program at random moments while three careless writers work, and judge from the outside what is left.

    tools/soak [--kills 300] [--stops 0] [--server-kills 0] [--faults 0] [--seed N] [--documents 600] [--batch 60] [--most 6] [--timing SECONDS]
               [--rate 0.1] [--most-faults N] [--plan FILE | --nested] [--runbook PATH] [--keep DIR]

A round is one run of `tools/soak.yaml` on a fresh collection, with one worker or three (on MONGODB_URI, else on a server of its
own): to its end, or to a check that fails, or to its end and then rolled back by a person. Rounds are of four kinds, and go on
until there was as much of each as asked:

kills         up to --most SIGKILLs of the program, at random times or just when a batch or an undo is on its way; `resume` or
              `rollback` goes on each time
stops         halted with SIGSTOP, overtaken by another process with a copy of the state once its lease has run out, and that one
              perhaps again; woken, some while their successor works, they must change nothing
server kills  up to --most SIGKILLs of the server, which is started again, and one or two of the program
faults        a proxy before the server breaks connections, holds messages, delivers them late, parts everything (`soak_proxy.py`),
              and up to two SIGKILLs of the program; after some attempts the proxy rests, and the run must come to its end

--timing shortens how long a command may act (RUNBOOK_UPDATE_WINDOW and _LIMIT; 5 s and 5 s without it), and so what a take-over waits for.

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
from soak_proxy import FAULTS, Proxy  # noqa: E402
from soak_server import Server  # noqa: E402
from soak_watcher import Watcher  # noqa: E402

PROCESS_LIMIT = 240.0
"""Seconds in which one process must end (I7); a take-over may have to wait for a lease and its grace."""

KINDS = ("kills", "stops", "serverKills", "faults")

NAMES = check.Rule("name", lambda value: isinstance(value, str) and not value.endswith("+"), lambda state: state["name"] + "+")
STEPS = [*writers.STEPS, [NAMES]]
"""What each step of the plan does to a document. The last one leaves documents that still fit its filter: each is changed once."""

NESTED_STEPS = [[writers.NESTED], writers.STATUS_RULE]
"""The same of `tools/soak-nested.yaml`."""


class Round:
    def __init__(self, options, seed, totals, kind):
        self.options, self.seed, self.totals, self.kind = options, seed, totals, kind
        self.rng = random.Random(seed)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="runbook-soak-"))
        self.violations, self.kill_times, self.server_kills, self.run_id = [], [], [], None
        self.done, self.status = dict.fromkeys(KINDS, 0), None
        self.log = open(self.dir / "runbook.log", "ab")
        # Nobody is there to ask for a rollback while a process is stopped and overtaken.
        self.scenario = self.rng.choice(["success", "failing"] if kind == "stops" else ["success", "failing", "person"])
        self.application, self.proxy, self.server, self.last_words, self.ended = None, None, None, "", threading.Event()

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
                self.done["kills"] += 1
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
        """Run `command` and whatever must follow a kill, or a fault that it gave up at, until a process ends by itself. Returns its status."""
        attempts = 0
        while True:
            status = self.await_end(self.runbook(*command), kill=planned > 0)
            # One that ended before it was recorded may be begun again; what ends otherwise under a broken network may be gone on with.
            is_over = status in (0, 3, 4) or status == 1 and self.run_id
            if is_over or attempts >= 60 or status not in (None, 7) and self.kind not in ("serverKills", "faults"):
                return status
            attempts += 1
            if self.proxy and attempts > 8:
                self.proxy.active = False       # when faults stop, the run must come to its end
            if status is None:
                planned -= 1
            else:
                time.sleep(1)                   # at 7 the killed one's lease has not run out yet
            self.run_id = self.run_id or self.find_run()
            command = ["rollback", self.run_id] if status == 5 else self.next_command(command)

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
            self.conclude(self.stop_and_overtake() if self.kind == "stops" else self.lead())
        except Exception as error:      # a round that breaks is no proof of anything
            self.violations.append(f"the round broke: {error!r}")
        finally:
            self.tear_down()

    def set_up(self):
        self.server = Server(self.dir / "server", durable=self.kind == "serverKills")
        uri = self.server.uri
        client = MongoClient(uri)
        hello = client.admin.command("hello")
        self.database = client[f"soak_{os.getpid()}_{self.seed}"]
        self.environment = {**os.environ, "MONGODB_URI": uri, "RUNBOOK_STATE": f"sqlite:{self.dir}/state.db", "NO_COLOR": "1"}
        if self.options.timing:
            for name in ("RUNBOOK_UPDATE_WINDOW", "RUNBOOK_UPDATE_LIMIT"):
                self.environment.setdefault(name, str(self.options.timing))
        if self.kind in ("stops", "faults"):
            self.environment.setdefault("RUNBOOK_LEASE_TTL", "2.5" if self.kind == "stops" else "6")    # seconds; else it is half a minute
            # Not shorter than a command may act, and two seconds for the clocks.
            self.environment.setdefault("RUNBOOK_LEASE_GRACE", str((self.options.timing or 5) + 2.1))
        if self.kind == "faults":
            self.proxy = Proxy(int(uri.rsplit(":", 1)[1].split("/")[0]), self.seed, self.options.rate, most=self.options.most_faults)
            self.environment["MONGODB_URI"] = self.proxy.uri_of(uri) + "&socketTimeoutMS=4000"
        place = types.SimpleNamespace(
            uri=uri, database=self.database.name, documents=self.options.documents, seed=self.seed, snapshot=str(self.dir / "snapshot"))
        writers.load(place, quiet=True)
        self.collection = writers.collection_at(place)
        self.database.bystander.insert_many([{"_id": number, "status": "draft"} for number in range(20)])
        self.others = self.outside()
        self.application = subprocess.Popen(
            [sys.executable, ROOT / "demo/writers.py", "run", "--uri", uri, "--database", place.database, "--ledger", self.dir / "ledger",
             "--seed", str(self.seed), *(["--nested"] if self.options.nested else [])], stdout=subprocess.PIPE, text=True)
        self.application.stdout.readline()
        self.watcher = Watcher(self.database)
        self.watcher.start()
        self.execute = ["execute", str(self.options.plan), "--param", f"database={place.database}",
                        "--param", f"replicaSet={hello.get('setName', '')}",
                        "--param", f"failAt={'end' if self.scenario == 'failing' else 'nowhere'}", "--param", f"batch={self.options.batch}",
                        "--param", f"workers={self.rng.choice([1, 1, 3])}"]
        if self.kind == "serverKills":
            threading.Thread(target=self.kill_the_server, daemon=True).start()

    def kill_the_server(self):
        """Ends the server a few times, at random or just when a batch or an undo is on its way."""
        for _ in range(self.rng.randrange(1, self.options.most + 1)):
            if self.ended.wait(self.rng.uniform(0.2, self.totals["expected"] / 2)):
                return
            if self.rng.random() < 0.6:
                until = time.monotonic() + 5
                while not self.watcher.under_way() and time.monotonic() < until and not self.ended.wait(0.005):
                    pass
                time.sleep(self.rng.uniform(0, 0.08))
            if self.ended.is_set():
                return
            began = time.time()
            try:
                self.server.kill_and_begin()
                self.done["serverKills"] += 1
            except RuntimeError as error:
                self.violations.append(str(error))
            self.server_kills.append((began, time.time()))

    def outside(self):
        return list(self.database.bystander.find()), {
            name: sorted(index) for name, index in self.collection.index_information().items()}

    def lead(self):
        planned = self.rng.randrange((self.options.most + 1) // 3, self.options.most + 1) if self.kind == "kills" else self.rng.randrange(0, 3)
        forward = planned if self.scenario != "person" else self.rng.randrange(0, planned + 1)
        status = self.go(self.execute, forward)
        if self.scenario == "person" and status == 0:
            self.run_id = self.run_id or self.find_run()
            status = self.go(["rollback", self.run_id], planned - forward)
            if status == 0:
                # Killed before the wish was recorded, and then only resumed: the run is as it was, and whoever wants it back says so again.
                status = self.go(["rollback", self.run_id], 0)
        return status

    def stop_and_overtake(self):
        """One after the other is stopped and overtaken. Returns the exit status of the last, who works to the end."""
        halted, command, status = [], self.execute, 7
        for number in range(self.rng.randrange(1, self.options.most // 2 + 1)):
            process = self.halted(command, epoch=number + 1)
            if process.returncode is not None:
                status = process.returncode
                break
            halted.append(process)
            # The stopped process keeps its lock beside its state, as it must. The one that overtakes has a copy, as another machine would.
            copy = self.dir / f"overtaker-{number}"
            copy.mkdir()
            for file in pathlib.Path(self.environment["RUNBOOK_STATE"].removeprefix("sqlite:")).parent.glob("state.db*"):
                shutil.copy(file, copy)
            self.environment["RUNBOOK_STATE"] = f"sqlite:{copy}/state.db"
            command = ["resume", self.run_id]
        until = time.monotonic() + PROCESS_LIMIT
        while status == 7 and time.monotonic() < until:
            time.sleep(0.5)
            process = self.runbook(*command)
            if halted and self.rng.random() < 0.4:
                # One wakes while its successor works; before that it would still hold its lease, and might go on.
                while process.poll() is None and self.epoch() <= len(halted):
                    time.sleep(0.02)
                if process.poll() is None:
                    time.sleep(self.rng.uniform(0, 1))
                    halted[-1].send_signal(signal.SIGCONT)
            status = self.await_end(process, kill=False)
        self.stop_application()
        before = self.bytes_now()
        for process in halted:
            process.send_signal(signal.SIGCONT)
        for process in halted:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                self.violations.append("a woken process did not end within 60 s")
        if self.bytes_now() != before:
            self.violations.append("a woken process changed documents")
        self.done["stops"] += len(halted)
        return status

    def halted(self, command, epoch):
        """A process that holds the lease under this epoch and was stopped, the first one while a batch is on its way; or one that has
        ended by itself."""
        until = time.monotonic() + PROCESS_LIMIT
        while True:
            process = self.runbook(*command)
            has_begun = self.watcher.under_way if epoch == 1 else lambda: self.epoch() >= epoch
            while process.poll() is None and not has_begun() and time.monotonic() < until:
                time.sleep(0.01)
            # As long as the former one's lease is not over, whoever comes is sent away.
            if process.poll() == 7 and time.monotonic() < until:
                time.sleep(0.5)
                continue
            time.sleep(self.rng.uniform(0, 0.3 if epoch == 1 else self.totals["expected"] / 2))
            process.send_signal(signal.SIGSTOP)
            if process.poll() is None:
                self.run_id = self.run_id or self.find_run()
            return process

    def epoch(self):
        receipt = self.database["_runbook.runs"].find_one({"_id": self.run_id}, {"epoch": 1})
        return receipt["epoch"] if receipt else 0

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
        self.ended.set()
        self.status = status
        allowed = (0,) if self.scenario == "success" else (3, 4)
        starts = "mongodb.transform" in self.options.plan.read_text()
        if self.kind in ("serverKills", "faults") or self.kind == "stops" and starts:
            # A step that gave up was taken back; one that did so before anything was changed ends the run with 1. A program that a stopped process
            # has started runs on, and beside it none is started once more.
            allowed = (0, 1, 3, 4) if self.scenario == "success" else (1, 3, 4)
        if status not in allowed:
            self.violations.append(f"the run ended with {status}, expected {' or '.join(map(str, allowed))}")
            return
        told, report = self.ask("status", self.run_id)
        if told != status:
            self.violations.append(f"the process ended with {status}, `status` with {told}")
        if report is None:
            self.violations.append("`status --format json` said nothing that can be read")
        evidence = check.Evidence(self.collection, check.read_snapshot(self.dir / "snapshot"), ledger.read(self.dir / "ledger"))
        if status == 0:
            verdict = check.judge_success(evidence, self.options.steps, self.last_pass())
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
        began no earlier than a moment before that block was made; without any block, not before the first process began. A step that is
        made once has one pass, which began a moment before its first block was made."""
        times, first = {}, {}
        for block in self.watcher.blocks({"fields": 1}):
            born = self.watcher.seen.get((block["from"], block["_id"]), {}).get("born", 0)
            for field in (path.split(".")[0] for path in block.get("fields", [])):
                times[field] = max(times.get(field, 0), born - 1)
                first[field] = min(first.get(field, born - 1), born - 1)
        times["name"] = first.get("name", 0)
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
        verdict = check.judge_rollback(evidence, self.options.steps, doubt | refused, ours_may_stand)
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
            if ghost is None or not any(write.touches(field) for write in ghost.writes for field in self.options.rules):
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
        the test server does when it is killed, or when the answer had held an error, that is when another document of the block was
        written meanwhile."""
        ghost = evidence.ghosts[key]
        for rule in self.options.rules.values():
            if any(write.touches(rule.field) and state is not None and rule.may_be_ours(state.get(rule.field, ledger.ABSENT), ghost)
                   for write, state in ghost.history if write is not None):
                self.totals["doubtEqualValue"] += 1
                return
        for block, _, bounds in held:
            keys = [ledger.key_of(entry["k"]) for entry in block.get("e", [])]
            born = bounds.get("born", 0)
            # The documents were read a moment before the block was made, and the command was sent before the process was killed.
            until = min([time_ for time_ in self.kill_times if time_ >= born] + [bounds.get("appliedBy", float("inf"))])
            killed = any(end >= born - 0.5 and began <= bounds.get("appliedBy", float("inf")) for began, end in self.server_kills)
            written = any((write.acked or float("inf")) >= born - 3 and write.sent <= until
                          for other in keys if other in evidence.ghosts for write in evidence.ghosts[other].writes)
            if killed or block.get("missed") or block.get("failed") or written:
                self.totals["doubtServerKilled" if killed else "doubtLostRecord"] += 1
                return
        verdict.violate(f"{check.name_of(key)}: in doubt for neither of the two reasons")

    def must_be_listed(self, ghost, held):
        """Whether a field surely was the application's when the undo came: our write of it surely applied, then the last write of the
        application to it surely came before the undo, with a value that is neither ours nor what was there before."""
        if len(ghost.now) != 1 or ghost.now[0] is None or any(write.op != "set" for write in ghost.writes):
            return False
        for block, index, bounds in held:
            lost = {*block.get("missed", []), *block.get("doubt", []), *(pair[0] for pair in block.get("failed", []))}
            if index in lost or "appliedBy" not in bounds or "undoneNotBefore" not in bounds:
                continue
            for field, rule in self.options.rules.items():
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
        self.ended.set()
        if self.application and self.application.poll() is None:
            self.application.kill()
            self.application.wait()
        if hasattr(self, "watcher"):
            self.watcher.stopped.set()
            self.watcher.join(10)
        if self.proxy:
            self.proxy.stop()
            self.done["faults"] += sum(self.proxy.counts.values())
            for name, count in self.proxy.counts.items():
                self.totals[name] += count
        if self.server:
            if os.environ.get("MONGODB_URI") == self.server.uri and hasattr(self, "database"):
                self.database.client.drop_database(self.database.name)
            self.server.stop()
        self.log.close()
        if self.violations and self.options.keep:
            shutil.copytree(self.dir, pathlib.Path(self.options.keep) / f"seed-{self.seed}", dirs_exist_ok=True)
        elif self.violations:
            with open(self.dir / "runbook.log", encoding="utf-8", errors="replace") as log:
                self.last_words = log.read()[-1500:]
        shutil.rmtree(self.dir, ignore_errors=True)


def parsed():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--stops", type=int, default=0)
    parser.add_argument("--server-kills", type=int, default=0)
    parser.add_argument("--faults", type=int, default=0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--documents", type=int, default=600)
    parser.add_argument("--most", type=int, default=6, help="the most kills, of the program or the server, in one round")
    parser.add_argument("--timing", type=float, help="seconds that a command of a batch may be on its way, and run")
    parser.add_argument("--batch", type=int, default=60, help="documents in a batch")
    parser.add_argument("--rate", type=float, default=0.1, help="the share of requests at which the proxy does something")
    parser.add_argument("--most-faults", type=int, help="the most faults of one round; then the proxy rests")
    parser.add_argument("--plan", type=pathlib.Path, help="tools/soak.yaml, or one that makes the same of documents, such as tools/soak-transform.yaml")
    parser.add_argument("--nested", action="store_true", help="tools/soak-nested.yaml: a field inside a document that the writers replace, and fields that are no document")
    parser.add_argument("--runbook", default=os.environ.get("RUNBOOK", str(ROOT / ".build/debug/runbook")))
    parser.add_argument("--keep", help="a directory for state, ledger and log of rounds with a violation")
    options = parser.parse_args()
    options.runbook = shutil.which(options.runbook) or sys.exit(f"soak: no program at {options.runbook}; build it first")
    options.runbook = os.path.abspath(options.runbook)
    options.plan = options.plan.absolute() if options.plan else ROOT / ("tools/soak-nested.yaml" if options.nested else "tools/soak.yaml")
    options.steps = NESTED_STEPS if options.nested else STEPS
    options.rules = {rule.field: rule for step in options.steps for rule in step}
    options.wanted = {"kills": options.kills, "stops": options.stops, "serverKills": options.server_kills, "faults": options.faults}
    return options


def main():
    options = parsed()
    signal.pthread_sigmask(signal.SIG_SETMASK, [])      # a caller may have blocked what ends our own processes
    totals = {"rounds": 0, **dict.fromkeys(KINDS, 0), **dict.fromkeys(FAULTS, 0), "acknowledged": 0, "untouched": 0, "conflicts": 0,
              "excused": 0, "doubtEqualValue": 0, "doubtLostRecord": 0, "doubtServerKilled": 0, "applicationErrors": 0, "longestStallMs": 0,
              "violations": 0, "expected": 6.0}
    idle = 0
    # Every kind in turn, so that a campaign which is ended early has some of each.
    while idle < 8 and (missing := [kind for kind in KINDS if totals[kind] < options.wanted[kind]]):
        kind = missing[totals["rounds"] % len(missing)]
        round_ = Round(options, options.seed + totals["rounds"], totals, kind)
        round_.play()
        totals["rounds"] += 1
        for name, count in round_.done.items():
            totals[name] += count
        totals["violations"] += len(round_.violations)
        idle = 0 if round_.done[kind] else idle + 1
        done = ", ".join(f"{totals[name]} of {options.wanted[name]} {name}" for name in KINDS if options.wanted[name])
        print(f"round {totals['rounds']}: seed {round_.seed}, {kind}, {round_.scenario}, ended {round_.status}, {round_.done[kind]} {kind}, "
              f"{len(round_.violations)} violations; so far {done}", flush=True)
        for text in round_.violations[:10]:
            print(f"  seed {round_.seed}: {text}", flush=True)
        if round_.last_words:
            print(f"  seed {round_.seed}: the program's last words:\n{round_.last_words}", flush=True)
        if totals["violations"] > 200:
            break
    if any(totals[kind] < options.wanted[kind] for kind in KINDS):
        print("soak: ended before there was as much as asked", flush=True)
        totals["violations"] += 1
    totals.pop("expected")
    print(json.dumps({"soak": {"seed": options.seed, **totals}}), flush=True)
    sys.exit(1 if totals["violations"] else 0)


if __name__ == "__main__":
    main()

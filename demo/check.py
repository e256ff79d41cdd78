#!/usr/bin/env python3
"""Judge a collection from the outside, after a run or after its rollback: nothing here knows how the program works.

It needs the documents as they were loaded (--snapshot, raw BSON) and the application's ledger (see `ledger.py`), reads the
collection itself, and exits 1 on any violation.

    check.py --uri URI [--database NAME] --snapshot FILE --ledger FILE --expect migrated [--late-from SECONDS]
    check.py --uri URI [--database NAME] --snapshot FILE --ledger FILE --expect restored [--report STATUS.json]

--late-from: a time before the run's last pass over the collection began. A document that the application made or emptied after
that may be without the fields.
--report: `runbook status RUN --format json`; documents that it lists as in doubt may differ.
"""
import argparse
import json
import sys

import bson
from bson import json_util
from pymongo import MongoClient
from pymongo.read_concern import ReadConcern

import ledger
from ledger import ABSENT, key_of, same


class Rule:
    """What the change does to one field: it applies where `changes(value)` holds, and makes one of `posts(state)` of it."""

    def __init__(self, field, changes, post, written=lambda value: value, undone=None):
        """Of a field that is changed in part, `written(value)` is that part, and `undone(value)` what is left of a value without it."""
        self.field, self.changes, self.post, self.written, self.undone = field, changes, post, written, undone

    def posts(self, ghost):
        """Every value that the change may have written: from each state of the document in which it was due."""
        return [self.post(state) for _, state in ghost.history if state is not None and self.changes(state.get(self.field, ABSENT))]

    def may_be_ours(self, value, ghost):
        """Whether nobody can tell a value of the application from what the change may have written."""
        return any(same(self.written(value), self.written(post)) for post in self.posts(ghost))


def absent(value):
    return isinstance(value, str) and value == ABSENT


def description_or_empty(state):
    value = state.get("description")
    return "" if value is None else value


# One list a step: its rules are applied to a document by one statement, or not at all.
THREE_FIELDS = [
    Rule("creatorDescription", absent, description_or_empty),
    Rule("albumArt", absent, lambda state: None),
    Rule("aiMetadata", absent, lambda state: None),
]


class Verdict:
    def __init__(self):
        self.violations, self.counts, self.excused, self.doubt = [], {}, [], []

    def count(self, name, amount=1):
        self.counts[name] = self.counts.get(name, 0) + amount

    def violate(self, text):
        self.violations.append(text)


class Evidence:
    """The collection as it is now, as it was loaded, and what the application wrote between."""

    def __init__(self, collection, loaded_raw, writes):
        raw = collection.with_options(
            codec_options=bson.CodecOptions(document_class=bson.raw_bson.RawBSONDocument), read_concern=ReadConcern("majority"))
        self.raw_now = {key_of(document["_id"]): document.raw for document in raw.find()}
        self.now = {key: bson.decode(data) for key, data in self.raw_now.items()}
        self.raw_loaded = {}
        for data in loaded_raw:
            self.raw_loaded[key_of(bson.decode(data)["_id"])] = data
        self.writes = writes
        self.ghosts = ledger.replay([bson.decode(data) for data in self.raw_loaded.values()], writes)


def read_snapshot(path):
    with open(path, "rb") as file:
        data = file.read()
    at, documents = 0, []
    while at < len(data):
        size = int.from_bytes(data[at:at + 4], "little")
        documents.append(data[at:at + size])
        at += size
    return documents


def name_of(key):
    return json_util.dumps(bson.decode(key)[""])


def shown(value):
    return "absent" if absent(value) else json_util.dumps(value)[:60]


def judge(evidence, verdict, differences):
    """What holds after a success and after a rollback: every document exists that the application left, and no other one, with
    every field as its last acknowledged write left it. `differences(key, ghost, alternative, stored)` says what is wrong with a
    stored document if the application left `alternative`."""
    for key in {**evidence.ghosts, **evidence.now}:
        ghost, stored = evidence.ghosts.get(key), evidence.now.get(key)
        if ghost is None:
            verdict.violate(f"{name_of(key)}: a document that nobody made")
            continue
        for write in ghost.vanished:
            verdict.violate(f"{name_of(key)}: had vanished when write {write.number} ({write.op}) came")
        for write in ghost.returned:
            verdict.violate(f"{name_of(key)}: deleted, but was there again when write {write.number} ({write.op}) came")
        if stored is None:
            if all(state is not None for state in ghost.now):
                verdict.violate(f"{name_of(key)}: lost")
            continue
        alternatives = [state for state in ghost.now if state is not None]
        if not alternatives:
            verdict.violate(f"{name_of(key)}: deleted by the application, and there again")
            continue
        found = [differences(key, ghost, state, stored) for state in alternatives]
        if all(found):
            for text in min(found, key=len):
                verdict.violate(f"{name_of(key)}: {text}")
    verdict.count("documents", len(evidence.now))
    verdict.count("acknowledged", sum(1 for write in evidence.writes if write.acked is not None))
    verdict.count("inFlight", sum(1 for write in evidence.writes if write.acked is None and not write.refused))
    verdict.count("untouched", sum(1 for key, ghost in evidence.ghosts.items() if not ghost.writes and key in evidence.now))


def judge_success(evidence, steps, late_from=float("inf")):
    """Every document carries the change, whole, and every write of the application stands. `late_from` is a time, or tells one for
    a field: from then on the application may have made what no pass could see any more."""
    verdict = Verdict()
    rules = {rule.field: rule for step in steps for rule in step}

    def late(ghost, field):
        write = ghost.last_write(field)
        bound = late_from(field) if callable(late_from) else late_from
        return write is not None and (write.acked is None or write.acked >= bound)

    def differences(key, ghost, alternative, stored):
        wrong, changed = [], set()
        for field in {**alternative, **stored}:
            due, is_now, rule = alternative.get(field, ABSENT), stored.get(field, ABSENT), rules.get(field)
            if same(due, is_now):
                continue
            if rule and rule.changes(due) and any(same(is_now, post) for post in rule.posts(ghost)):
                changed.add(field)
            else:
                wrong.append(f"{field} is {shown(is_now)}, the application left {shown(due)}")
        for step in steps:
            due = [rule.field for rule in step if rule.changes(alternative.get(rule.field, ABSENT))]
            for field in due:
                if field not in changed and not late(ghost, field):
                    wrong.append(f"{field} was left behind")
            halves = {ghost.last_write(field): set() for field in due}
            for field in due:
                halves[ghost.last_write(field)].add(field in changed)
            if any(len(states) > 1 for states in halves.values()):
                wrong.append("half changed")
        if not wrong:
            verdict.count("changedByTheRun", 1 if changed else 0)
        return wrong

    judge(evidence, verdict, differences)
    return verdict


def judge_rollback(evidence, steps, doubt=(), ours_may_stand=None):
    """Every document is as if only the application had written; untouched ones are the same bytes.

    `doubt`: keys listed as in doubt, or as refused by the server: they may differ in the fields of the change. The one excuse: the
    application's last write of a field was exactly the migrated value, which nobody can tell from ours, so it was taken back.
    `ours_may_stand(key, write)` says whether at the time of that write a value of ours could stand there; without it any may.
    """
    verdict = Verdict()
    rules = {rule.field: rule for step in steps for rule in step}
    doubt = set(doubt)

    def excused(key, ghost, rule, is_now):
        before = [state.get(rule.field, ABSENT) for _, state in ghost.history if state is not None]
        for write in ghost.may_be_last(rule.field):
            if ours_may_stand and not ours_may_stand(key, write):
                continue
            left = [state.get(rule.field, ABSENT) for wrote, state in ghost.history if wrote is write and state is not None]
            bare = [rule.undone(value) for value in left] if rule.undone else []
            if (any(rule.may_be_ours(value, ghost) for value in left)
                    and any(same(is_now, value) and rule.changes(value) for value in before + bare)):
                return True
        return False

    def differences(key, ghost, alternative, stored):
        wrong = []
        for field in {**alternative, **stored}:
            due, is_now, rule = alternative.get(field, ABSENT), stored.get(field, ABSENT), rules.get(field)
            if same(due, is_now):
                continue
            if rule and key in doubt:
                verdict.doubt.append((key, field))
            elif rule and excused(key, ghost, rule, is_now):
                verdict.excused.append((key, field))
            else:
                ours = rule and rule.changes(due) and any(same(is_now, post) for post in rule.posts(ghost))
                wrong.append(f"{field} is {shown(is_now)}, the application left {shown(due)}" + (": ours was left behind" if ours else ""))
        if not ghost.writes and key not in doubt and evidence.raw_now[key] != evidence.raw_loaded[key] and not wrong:
            wrong.append("nobody touched it, and its bytes differ")
        return wrong

    judge(evidence, verdict, differences)
    verdict.count("excused", len(set(verdict.excused)))
    verdict.count("inDoubtAndDiffering", len({key for key, _ in verdict.doubt}))
    return verdict


def listed(report, *kinds):
    """Keys of the documents that a report lists under one of `kinds` (inDoubt, conflicts, …), wherever that stands in it. An entry
    is the `_id` itself, in Extended JSON, or a document that holds it as `_id`, `id` or `document`."""
    keys = set()

    def entries(value):
        if isinstance(value, dict) and not any(name.startswith("$") for name in value):
            value = value.get("documents", value.get("items", []))
        for entry in value if isinstance(value, list) else []:
            if isinstance(entry, dict) and not any(name.startswith("$") for name in entry):
                entry = next((entry[name] for name in ("_id", "id", "document", "key") if name in entry), entry)
            if isinstance(entry, str) and entry[:1] in '{"':
                entry = json.loads(entry)         # an identifier shown as text of its own
            keys.add(key_of(json_util.loads(json_util.dumps(entry)) if not isinstance(entry, dict)
                            else json_util.object_hook(entry, ledger.OPTIONS)))

    def walk(value):
        if isinstance(value, dict):
            for name, inner in value.items():
                if name in kinds:
                    entries(inner)
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(report)
    return keys


EXPECTED_INDEXES = {
    "_id_": [("_id", 1)], "name_1": [("name", 1)], "layer_1": [("layer", 1)], "updatedAt_1": [("updatedAt", 1)],
}


def judge_indexes(collection, verdict):
    found = {name: [(field, int(way)) for field, way in index["key"]] for name, index in collection.index_information().items()}
    if found != EXPECTED_INDEXES:
        verdict.violate(f"indexes are {sorted(found)}, expected {sorted(EXPECTED_INDEXES)}")


def proof(evidence, verdict, expect):
    counts = verdict.counts
    originals = [key for key in evidence.raw_loaded if key in evidence.now]
    deleted = len(evidence.raw_loaded) - len(originals)
    inserted = sum(1 for key in evidence.now if key not in evidence.raw_loaded)
    yield (f"{counts['acknowledged']} acknowledged writes of the application, every one stands where nothing newer of its own does"
           f" ({counts['inFlight']} were in flight)")
    yield f"{len(originals)} of the {len(evidence.raw_loaded)} loaded assets are there, {deleted} were deleted by users, {inserted} made by them"
    fields = [rule.field for rule in THREE_FIELDS]
    if expect == "migrated":
        whole = sum(1 for key in originals if all(field in evidence.now[key] for field in fields))
        yield f"{whole} of {len(originals)} of them carry all three fields, with the right values or what users wrote since"
    else:
        own = sum(1 for key, document in evidence.now.items() if any(field in document for field in fields))
        yield f"no asset carries a value of ours; {own} carry one that users wrote themselves"
        yield f"{counts['untouched']} assets that nobody touched are the same bytes as when they were loaded"
        if counts["excused"] or counts["inDoubtAndDiffering"]:
            yield (f"{counts['excused']} fields where users wrote exactly the migrated value went with it,"
                   f" {counts['inDoubtAndDiffering']} documents listed as in doubt differ")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--uri", required=True)
    parser.add_argument("--database", default="nna-registry-service-staging")
    parser.add_argument("--collection", default="assets")
    parser.add_argument("--snapshot", required=True)
    parser.add_argument("--ledger", required=True)
    parser.add_argument("--expect", choices=["migrated", "restored"], required=True)
    parser.add_argument("--late-from", type=float, default=float("inf"))
    parser.add_argument("--report")
    options = parser.parse_args()

    collection = MongoClient(options.uri)[options.database][options.collection]
    evidence = Evidence(collection, read_snapshot(options.snapshot), ledger.read(options.ledger))
    if options.expect == "migrated":
        verdict = judge_success(evidence, [THREE_FIELDS], options.late_from)
    else:
        doubt = set()
        if options.report:
            with open(options.report, encoding="utf-8") as file:
                doubt = listed(json.load(file), "inDoubt", "standing")
        verdict = judge_rollback(evidence, [THREE_FIELDS], doubt)
    judge_indexes(collection, verdict)
    if not verdict.counts["acknowledged"]:
        verdict.violate("the ledger holds no acknowledged write: nothing was proven")
    if verdict.violations:
        print(f"NOT AS IT MUST BE: {len(verdict.violations)} violations")
        for text in verdict.violations[:20]:
            print(f"  - {text}")
        sys.exit(1)
    print("Proven from the outside:")
    for line in proof(evidence, verdict, options.expect):
        print(f"  - {line}")


if __name__ == "__main__":
    main()

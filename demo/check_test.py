#!/usr/bin/env python3
"""The outside checker, judged itself: each violation planted here must be caught, and what is right must pass. No server needed."""
import json
import pathlib
import tempfile
import types
import unittest

import bson

import check
import ledger
import writers

STEPS = writers.STEPS
LOADED = [
    {"_id": 1, "description": "one", "status": "live", "views": 3},
    {"_id": 2, "description": None, "status": "draft", "views": 0},
    {"_id": 3, "status": "live", "views": 9},
]
ADDED = {"albumArt": None, "aiMetadata": None}
MIGRATED = [
    {**LOADED[0], "creatorDescription": "one", **ADDED},
    {**LOADED[1], "status": "review", "creatorDescription": "", **ADDED},
    {**LOADED[2], "creatorDescription": "", **ADDED},
]


def evidence(now, *events):
    """What is stored, and the application's writes: (key, op, values, answer) with answer a number of hits, None or 'refused'."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "ledger"
        book = ledger.Ledger(path)
        for key, op, values, answer in events:
            number = book.sent(0, key, op, **values)
            if answer == "refused":
                book.error(0, number, True, "")
            elif answer is not None:
                book.ack(0, number, answer)
        book.file.close()
        writes = ledger.read(path)
    raw = lambda documents: {ledger.key_of(document["_id"]): bson.encode(document) for document in documents}
    return types.SimpleNamespace(
        raw_now=raw(now), now={key: bson.decode(data) for key, data in raw(now).items()}, raw_loaded=raw(LOADED), writes=writes,
        ghosts=ledger.replay(LOADED, writes))


def changed(documents, key, drop=(), **fields):
    return [{name: value for name, value in {**document, **fields}.items() if name not in drop} if document["_id"] == key else document
            for document in documents]


class AfterSuccess(unittest.TestCase):
    def judge(self, now, *events, late_from=float("inf")):
        return check.judge_success(evidence(now, *events), STEPS, late_from).violations

    def test_right(self):
        self.assertEqual(self.judge(MIGRATED), [])
        self.assertEqual(self.judge(changed(MIGRATED, 1, views=5), (1, "set", {"inc": {"views": 2}}, 1)), [])
        self.assertEqual(self.judge(changed(MIGRATED, 1, description="new"), (1, "set", {"set": {"description": "new"}}, 1)), [])
        both = changed(MIGRATED, 1, description="new", creatorDescription="new")
        self.assertEqual(self.judge(both, (1, "set", {"set": {"description": "new"}}, 1)), [])
        self.assertEqual(self.judge(MIGRATED[1:], (1, "delete", {}, 1)), [])

    def test_in_flight_may_stand_or_not(self):
        write = (1, "set", {"set": {"views": 7}}, None)
        self.assertEqual(self.judge(MIGRATED, write), [])
        self.assertEqual(self.judge(changed(MIGRATED, 1, views=7), write), [])
        self.assertEqual(len(self.judge(changed(MIGRATED, 1, views=8), write)), 1)
        self.assertEqual(len(self.judge(changed(MIGRATED, 1, views=7), (1, "set", {"set": {"views": 7}}, "refused"))), 1)

    def test_lost_writes(self):
        self.assertEqual(len(self.judge(MIGRATED, (1, "set", {"set": {"views": 7}}, 1))), 1)
        self.assertEqual(len(self.judge(MIGRATED, (1, "set", {"set": {"creatorDescription": "mine"}}, 1))), 1)
        self.assertEqual(len(self.judge(MIGRATED, (9, "insert", {"doc": {"_id": 9}}, 1))), 1)
        self.assertEqual(len(self.judge(MIGRATED, (1, "delete", {}, 1))), 1)
        self.assertEqual(len(self.judge(MIGRATED[1:])), 1)
        self.assertEqual(len(self.judge(MIGRATED, (1, "set", {"set": {"views": 3}}, 0))), 1)
        self.assertEqual(len(self.judge([*MIGRATED, {"_id": 4}])), 1)

    def test_types_count(self):
        self.assertEqual(len(self.judge(changed(MIGRATED, 1, views=3.0))), 1)

    def test_left_behind_and_wrong_values(self):
        self.assertEqual(len(self.judge(changed(MIGRATED, 1, drop=["creatorDescription", "albumArt", "aiMetadata"]))), 3)
        self.assertIn("1: half changed", self.judge(changed(MIGRATED, 1, drop=["albumArt"])))
        self.assertEqual(len(self.judge(changed(MIGRATED, 2, status="draft"))), 1)
        self.assertTrue(self.judge(changed(MIGRATED, 1, creatorDescription="other")))

    def test_late_documents_may_lack_the_fields_but_not_half(self):
        new = {"_id": 9, "status": "live"}
        made = (9, "insert", {"doc": new}, 1)
        self.assertEqual(self.judge([*MIGRATED, new], made, late_from=0), [])
        self.assertEqual(len(self.judge([*MIGRATED, new], made)), 3)
        self.assertIn("9: half changed", self.judge([*MIGRATED, {**new, "albumArt": None}], made, late_from=0))


class AfterRollback(unittest.TestCase):
    def judge(self, now, *events, **more):
        return check.judge_rollback(evidence(now, *events), STEPS, **more)

    def test_right(self):
        self.assertEqual(self.judge(LOADED).violations, [])
        edit = (1, "set", {"set": {"albumArt": "mine"}}, 1)
        self.assertEqual(self.judge(changed(LOADED, 1, albumArt="mine"), edit).violations, [])

    def test_left_behind(self):
        self.assertEqual(len(self.judge(MIGRATED).violations), 10)
        self.assertIn("ours was left behind", self.judge(changed(LOADED, 3, creatorDescription="")).violations[0])

    def test_lost_writes(self):
        self.assertEqual(len(self.judge(LOADED, (1, "set", {"set": {"albumArt": "mine"}}, 1)).violations), 1)
        self.assertEqual(len(self.judge(LOADED, (1, "set", {"set": {"views": 4}}, 1)).violations), 1)
        self.assertEqual(len(self.judge(LOADED, (1, "delete", {}, 1)).violations), 1)

    def test_bytes_of_untouched_documents(self):
        turned = [dict(reversed(LOADED[0].items())), *LOADED[1:]]
        self.assertEqual(len(self.judge(turned).violations), 1)

    def test_the_one_excuse(self):
        exactly = (1, "set", {"set": {"albumArt": None}}, 1)
        verdict = self.judge(LOADED, exactly)
        self.assertEqual((verdict.violations, verdict.counts["excused"]), ([], 1))
        self.assertEqual(len(self.judge(LOADED, exactly, ours_may_stand=lambda key, write: False).violations), 1)
        self.assertEqual(len(self.judge(LOADED, exactly, (1, "set", {"set": {"albumArt": "mine"}}, 1)).violations), 1)
        self.assertEqual(len(self.judge(changed(LOADED, 1, albumArt=7), exactly).violations), 1)

    def test_the_excuse_of_a_write_behind_which_one_is_in_flight(self):
        ours = (1, "set", {"set": {"albumArt": None}}, 1)
        replaced = (1, "replace", {"doc": {"_id": 1, "other": 2}}, None)
        self.assertEqual(self.judge(LOADED, ours, replaced).violations, [])
        self.assertEqual(self.judge(changed(LOADED, 1, drop=("description", "status", "views"), other=2), ours, replaced).violations, [])
        self.assertTrue(self.judge(LOADED, (1, "set", {"set": {"albumArt": "theirs"}}, 1), replaced).violations)

    def test_a_part_of_a_field(self):
        judge = lambda now, *events: check.judge_rollback(evidence(now, *events), [[writers.NESTED]]).violations
        both = (1, "set", {"set": {"nested": {"n": 1, "by": writers.NESTED_VALUE}}}, 1)
        self.assertEqual(judge(changed(LOADED, 1, nested={"n": 1}), both), [])
        self.assertTrue(judge(changed(LOADED, 1, nested={"n": 2}), both))
        self.assertTrue(judge(changed(LOADED, 1, nested={"n": 1, "by": writers.NESTED_VALUE}), (1, "set", {"set": {"nested": {"n": 1}}}, 1)))

    def test_doubt_covers_what_is_listed_alone(self):
        stands = changed(LOADED, 3, creatorDescription="", **ADDED)
        self.assertEqual(self.judge(stands, doubt=[ledger.key_of(3)]).violations, [])
        self.assertEqual(len(self.judge(stands, doubt=[ledger.key_of(2)]).violations), 3)
        self.assertEqual(len(self.judge(changed(LOADED, 3, views=1), doubt=[ledger.key_of(3)]).violations), 1)


class Reports(unittest.TestCase):
    def test_lists_wherever_they_stand(self):
        identifier = bson.ObjectId()
        report = {"steps": [{"outputs": {"inDoubt": [1, {"_id": "a"}, {"$oid": str(identifier)}], "conflicts": 2}}],
                  "conflicts": [{"id": {"$numberDouble": "2.5"}, "fields": ["status"]}]}
        report = json.loads(json.dumps(report))
        self.assertEqual(check.listed(report, "inDoubt"), {ledger.key_of(value) for value in (1, "a", identifier)})
        self.assertEqual(check.listed(report, "conflicts"), {ledger.key_of(2.5)})


if __name__ == "__main__":
    unittest.main()

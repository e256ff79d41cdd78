"""Looks at a run from the outside, by its undo blocks."""
import threading
import time


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

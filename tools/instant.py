"""A front for a server that answers at once for one collection: what it holds is made up, and a write to it costs nothing.

    instant.py --upstream HOST:PORT --namespace DATABASE.COLLECTION --documents N [--port P]

For figures of the program alone: how much memory it needs for a large collection, how many documents a second it can change, where no
server stands in the way. Everything else (leases, undo blocks, receipts) is passed on to the server behind it and really stored there.
Prints its URI once it listens. It keeps one byte a document.

The collection holds documents with `_id` 0 to N-1 (see `document`). What it answers:

- aggregate and find: every document that was not written to yet, in batches, whatever the stages or the filter are; with a `$count`
  their number. So a sweep that looks for what is left finds nothing once everything was written. getMore and killCursors go with them.
- findAndModify with `remove`, delete, update: each statement names one `_id`, is taken for fulfilled, and counts as one document changed. Guards are
  not evaluated: nobody else writes here.
- insert: every document is taken, and forgotten.

It is no server: no change is ever visible but by the absence of its document, and none can be taken back.
"""
import argparse
import asyncio
import itertools
import signal
import struct
import sys

import bson
from bson.raw_bson import RawBSONDocument

OP_MSG = 2013
RAW = bson.CodecOptions(document_class=RawBSONDocument)
HEAD = struct.Struct("<iiii")
SIZE = struct.Struct("<i")


def document(number):
    """About 160 bytes, of which a change reads some: what `tools/bench` loads, too."""
    return {"_id": number, "text": f"Text of item {number}, which goes on for a while, as texts do", "views": number % 97, "tags": ["a", "b"]}


class Collection:
    """What the front holds: which documents were not written to yet, and the cursors over them."""

    def __init__(self, count):
        self.left, self.remaining = bytearray(b"\1" * count), count
        self.cursors, self.ids = {}, itertools.count(1 << 40)
        self.writes = 0

    def take(self, number):
        """One write to one document."""
        self.writes += 1
        if isinstance(number, int) and 0 <= number < len(self.left) and self.left[number]:
            self.left[number] = 0
            self.remaining -= 1

    def rows(self):
        for number, left in enumerate(self.left):
            if left:
                yield document(number)

    def batch(self, cursor, size, name, namespace):
        rows = list(itertools.islice(self.cursors[cursor], size))
        if len(rows) < size:
            del self.cursors[cursor]
            cursor = 0
        return {"cursor": {name: rows, "id": bson.Int64(cursor), "ns": namespace}, "ok": 1.0}


def sections(message):
    """Body and document sequences of an OP_MSG."""
    end = len(message) - (4 if struct.unpack_from("<I", message, 16)[0] & 1 else 0)
    at, body, sequences = 20, None, {}
    while at < end:
        kind, size = message[at], SIZE.unpack_from(message, at + 1)[0]
        part = message[at + 1:at + 1 + size]
        if kind == 0:
            body = RawBSONDocument(part, RAW)
        else:
            name = part[4:part.index(0, 4)]
            sequences[name.decode()] = bson.decode_all(part[4 + len(name) + 1:], RAW)
        at += 1 + size
    return body, sequences


def reply(request, answer):
    body = bytes(4) + b"\0" + bson.encode(answer)
    return HEAD.pack(16 + len(body), 0, request, OP_MSG) + body


class Front:
    def __init__(self, options):
        host, port = options.upstream.rsplit(":", 1)
        self.upstream = host, int(port)
        self.namespace = options.namespace
        self.database, self.name = options.namespace.split(".", 1)
        self.collection = Collection(options.documents)

    def answer(self, message):
        """The answer to a message, or nothing where the server behind has to give it."""
        body, sequences = sections(message)
        if body is None or body.get("$db") != self.database:
            return None
        command = next(iter(body))
        if command in ("getMore", "killCursors"):
            return self.cursor_answer(command, body)
        if body[command] != self.name:
            return None
        statements = lambda key: sequences.get(key) or body.get(key) or []
        if command in ("aggregate", "find"):
            return self.opened(body)
        if command == "findAndModify" and body.get("remove"):
            number = body["query"]["_id"]
            self.collection.take(number)
            return {"lastErrorObject": {"n": 1}, "value": document(number), "ok": 1.0}
        if command in ("delete", "update"):
            found = statements(command + "s")
            for statement in found:
                self.collection.take(statement["q"]["_id"])
            return {"n": len(found), **({"nModified": len(found)} if command == "update" else {}), "ok": 1.0}
        if command == "insert":
            self.collection.writes += len(statements("documents"))
            return {"n": len(statements("documents")), "ok": 1.0}
        return None

    def opened(self, body):
        collection = self.collection
        if any("$count" in stage for stage in body.get("pipeline") or []):
            rows = [{next(stage["$count"] for stage in body["pipeline"] if "$count" in stage): collection.remaining}]
            return {"cursor": {"firstBatch": rows, "id": bson.Int64(0), "ns": self.namespace}, "ok": 1.0}
        cursor = next(collection.ids)
        collection.cursors[cursor] = collection.rows()
        return collection.batch(cursor, (body.get("cursor") or body).get("batchSize", 101), "firstBatch", self.namespace)

    def cursor_answer(self, command, body):
        cursors = self.collection.cursors
        if command == "killCursors":
            mine = [cursor for cursor in body["cursors"] if cursor in cursors]
            for cursor in mine:
                del cursors[cursor]
            return {"cursorsKilled": mine, "ok": 1.0} if mine else None
        if body["getMore"] not in cursors:
            return None
        return self.collection.batch(body["getMore"], body.get("batchSize", 1000), "nextBatch", self.namespace)

    async def serve(self, reader, writer):
        """One connection of a client, with one of its own to the server behind."""
        behind, to_behind = await asyncio.open_connection(*self.upstream, limit=1 << 20)
        back = asyncio.create_task(self.pass_back(behind, writer))
        try:
            while True:
                message = await read(reader)
                _, request, _, operation = HEAD.unpack_from(message)
                answer = self.answer(message) if operation == OP_MSG else None
                if answer is None:
                    to_behind.write(message)
                    await to_behind.drain()
                else:
                    writer.write(reply(request, answer))
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            back.cancel()
            to_behind.close()
            writer.close()

    @staticmethod
    async def pass_back(behind, writer):
        # Message by message is not needed: a client waits for its answer before it asks again, so none is cut into by another.
        try:
            while data := await behind.read(1 << 16):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()


async def read(reader):
    head = await reader.readexactly(16)
    return head + await reader.readexactly(SIZE.unpack_from(head)[0] - 16)


async def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--documents", type=int, required=True)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    front = Front(options)
    server = await asyncio.start_server(front.serve, "127.0.0.1", options.port, limit=1 << 20)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    print(f"mongodb://127.0.0.1:{server.sockets[0].getsockname()[1]}/?directConnection=true", flush=True)
    await stopped.wait()
    print(f"instant: {front.collection.writes} writes, {front.collection.remaining} documents not written to", file=sys.stderr, flush=True)


asyncio.run(main())

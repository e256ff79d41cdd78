"""A front for a test server that hides what other servers do not have.

    lacking.py --upstream HOST:PORT [--no-sessions] [--no-pipelines]

Without sessions its `hello` names none, and what carries one is refused, as by servers before 3.6 and by some that only speak the protocol. Without
pipelines an update whose change is a list is refused, as by servers before 4.2. It presents itself as a standalone server. Prints its URI once it listens.
"""
import argparse
import asyncio
import signal
import struct

import bson

HEAD = struct.Struct("<iiii")
OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
HIDDEN = ("setName", "setVersion", "hosts", "primary", "me", "electionId", "secondary", "arbiterOnly", "lastWrite")


def request(message):
    """The command of a message and its document sequences."""
    operation = HEAD.unpack_from(message)[3]
    if operation == OP_QUERY:
        name_end = message.index(0, 20)
        return bson.decode(message[name_end + 9:]), {}
    at, body, sequences = 20, {}, {}
    while operation == OP_MSG and at < len(message):
        kind, size = message[at], struct.unpack_from("<i", message, at + 1)[0]
        part = message[at + 1:at + 1 + size]
        if kind == 0:
            body = bson.decode(part)
        else:
            name = part[4:part.index(0, 4)]
            sequences[name.decode()] = bson.decode_all(part[5 + len(name):])
        at += 1 + size
    return body, sequences


def answer(to, document):
    body = bytes(4) + b"\0" + bson.encode(document)
    return HEAD.pack(16 + len(body), 0, to, OP_MSG) + body


def without(message, names):
    """An answer without some of its keys."""
    length, number, to, operation = HEAD.unpack_from(message)
    start = 36 if operation == OP_REPLY else 21
    document = bson.decode(message[start:])
    encoded = bson.encode({name: value for name, value in document.items() if name not in names})
    return HEAD.pack(start + len(encoded), number, to, operation) + message[16:start] + encoded


def refusal(options, command, sequences):
    if options.no_sessions and "lsid" in command:
        return {"ok": 0.0, "code": 50768, "errmsg": "this server has no sessions"}
    statements = sequences.get("updates") or command.get("updates") or []
    if options.no_pipelines and any(isinstance(statement["u"], list) for statement in statements):
        return {"ok": 0.0, "code": 9, "codeName": "FailedToParse", "errmsg": "the change of an update has to be a document"}
    return None


async def read(reader):
    head = await reader.readexactly(16)
    return head + await reader.readexactly(HEAD.unpack(head)[0] - 16)


async def serve(options, reader, writer):
    host, port = options.upstream.rsplit(":", 1)
    behind, to_behind = await asyncio.open_connection(host, int(port))
    hidden = HIDDEN + (("logicalSessionTimeoutMinutes",) if options.no_sessions else ())
    try:
        while True:
            message = await read(reader)
            command, sequences = request(message)
            refused = refusal(options, command, sequences)
            if refused:
                writer.write(answer(HEAD.unpack_from(message)[1], refused))
            else:
                to_behind.write(message)
                back = await read(behind)
                is_hello = next(iter(command), "").lower() in ("hello", "ismaster")
                writer.write(without(back, hidden) if is_hello else back)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        to_behind.close()
        writer.close()


async def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--no-sessions", action="store_true")
    parser.add_argument("--no-pipelines", action="store_true")
    options = parser.parse_args()
    server = await asyncio.start_server(lambda reader, writer: serve(options, reader, writer), "127.0.0.1", 0)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    print(f"mongodb://127.0.0.1:{server.sockets[0].getsockname()[1]}/?directConnection=true", flush=True)
    await stopped.wait()


asyncio.run(main())

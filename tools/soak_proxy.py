"""A loopback proxy before a MongoDB server that does to connections what networks do.

Between one client and the server it forwards whole messages. At random requests, and at most one fault at a time, it

    cutBefore     closes the connection; the server never sees the request
    cutAfter      lets the server carry the request out, and closes the connection instead of answering
    cutWithin     the same, after half of the answer
    late          closes the connection, and delivers the request to the server up to some seconds later
    delayRequest  holds the request, delayReply holds the answer, for up to some seconds
    blackHole     goes on taking bytes of this connection and says nothing, with the request delivered or not, then resets it
    partition     does that with every connection, and accepts no new one meanwhile

The server's own name in its greetings is replaced by the proxy's, so that a client which asks for a replica set stays here.
"""
import asyncio
import random
import socket
import struct
import threading

FAULTS = {"cutBefore": 5, "cutAfter": 6, "cutWithin": 2, "late": 4, "delayRequest": 3, "delayReply": 3, "blackHole": 1, "partition": 1}
"""What there is, and how often each comes beside the others."""

SPARED = {"hello", "isMaster", "ismaster", "ping", "endSessions", "buildInfo"}
"""Requests at which no fault begins; cut connections and partitions concern them all the same."""


class Cut(Exception):
    """The connection is to be closed."""


def command_of(message):
    """The name of the command in a message; None where it holds none."""
    code = struct.unpack_from("<i", message, 12)[0]
    if code != 2013 or len(message) < 27 or message[20] != 0:
        return None
    end = message.index(b"\0", 26)
    return message[26:end].decode("utf-8", "replace")


async def read_message(reader):
    head = await reader.readexactly(16)
    return head + await reader.readexactly(struct.unpack_from("<i", head)[0] - 16)


class Connection:
    """One client's connection, and the one to the server that belongs to it."""

    def __init__(self, proxy, reader, writer, server_reader, server_writer):
        self.proxy, self.rng = proxy, proxy.rng
        self.reader, self.writer, self.server_reader, self.server_writer = reader, writer, server_reader, server_writer
        self.plans, self.silent, self.kept = {}, False, False

    async def serve(self):
        both = [asyncio.ensure_future(self.requests()), asyncio.ensure_future(self.replies())]
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.exception()
        finally:
            for task in both:
                task.cancel()
            self.reset(self.writer)
            if not self.kept:
                self.server_writer.close()

    @staticmethod
    def reset(writer):
        """Without the usual farewell, so that the client meets a broken connection."""
        try:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except (OSError, AttributeError):
            pass
        writer.close()

    async def requests(self):
        while True:
            message = await read_message(self.reader)
            await self.proxy.reunion()
            if self.silent:
                continue
            name = command_of(message)
            fault = self.proxy.choose(name)
            if fault:
                await getattr(self, fault)(message)
            else:
                await self.forward(message)

    async def forward(self, message):
        self.server_writer.write(message)
        await self.server_writer.drain()

    async def replies(self):
        while True:
            message = await read_message(self.server_reader)
            await self.proxy.reunion()
            plan = self.plans.pop(struct.unpack_from("<i", message, 8)[0], None)
            if self.silent or plan == "drop":
                continue
            if plan == "cutAfter":
                raise Cut
            if plan == "cutWithin":
                self.writer.write(message[:len(message) // 2])
                await self.writer.drain()
                raise Cut
            if plan == "delayReply":
                await asyncio.sleep(self.some_time())
            self.writer.write(self.proxy.renamed(message))
            await self.writer.drain()

    def some_time(self):
        # Mostly short; now and then so long that a command comes after its time.
        return self.rng.uniform(0.02, 0.4) if self.rng.random() < 0.7 else self.rng.uniform(0.4, self.proxy.longest)

    def expect(self, message, plan):
        self.plans[struct.unpack_from("<i", message, 4)[0]] = plan

    async def cutBefore(self, message):
        raise Cut

    async def cutAfter(self, message):
        self.expect(message, "cutAfter")
        await self.forward(message)

    async def cutWithin(self, message):
        self.expect(message, "cutWithin")
        await self.forward(message)

    async def delayReply(self, message):
        self.expect(message, "delayReply")
        await self.forward(message)

    async def delayRequest(self, message):
        await asyncio.sleep(self.some_time())
        await self.forward(message)

    async def late(self, message):
        self.kept = True
        self.proxy.keep(asyncio.ensure_future(self.deliver_late(message, self.some_time())))
        raise Cut

    async def deliver_late(self, message, pause):
        await asyncio.sleep(pause)
        try:
            await self.forward(message)
            await asyncio.wait_for(read_message(self.server_reader), 30)
        except (OSError, EOFError, asyncio.TimeoutError):
            pass                # the server has died meanwhile
        finally:
            self.server_writer.close()

    async def blackHole(self, message):
        if self.rng.random() < 0.5:
            await self.forward(message)
        self.silent = True
        await asyncio.sleep(self.rng.uniform(0.5, self.proxy.longest + 1))
        raise Cut

    async def partition(self, message):
        if self.rng.random() < 0.5:
            await self.forward(message)
        await self.proxy.part(self.rng.uniform(0.3, self.proxy.longest))


class Proxy(threading.Thread):
    """`rate`: the share of requests that meet a fault while `active`. `longest`: seconds. `most`: it rests after so many faults. `counts` says how
    many of each there were."""

    def __init__(self, upstream, seed, rate=0.1, longest=3.0, most=None):
        super().__init__(daemon=True)
        self.upstream, self.rng, self.rate, self.longest, self.most = upstream, random.Random(seed), rate, longest, most
        self.active, self.counts, self.port = True, dict.fromkeys(FAULTS, 0), None
        self.ready, self.loop, self.tasks, self.parted = threading.Event(), None, set(), None
        self.start()
        if not self.ready.wait(10) or self.port is None:
            raise RuntimeError("the proxy did not start")

    def uri_of(self, uri):
        return uri.replace(f":{self.upstream}/", f":{self.port}/")

    def run(self):
        asyncio.run(self.serve())

    async def serve(self):
        self.loop, self.over = asyncio.get_running_loop(), asyncio.Event()
        server = None
        for _ in range(200):        # a name of the same length, since it is put in the place of the server's
            server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            if len(str(port)) == len(str(self.upstream)):
                self.port = port
                break
            server.close()
        self.ready.set()
        if self.port is None:
            return
        await self.over.wait()
        server.close()
        for task in [*self.tasks]:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def stop(self):
        if self.loop and self.is_alive():
            self.loop.call_soon_threadsafe(self.over.set)
            self.join(10)

    def keep(self, task):
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def accept(self, reader, writer):
        self.keep(asyncio.current_task())
        if self.parted is not None:
            Connection.reset(writer)
            return
        try:
            server = await asyncio.open_connection("127.0.0.1", self.upstream)
        except OSError:
            writer.close()
            return
        try:
            await Connection(self, reader, writer, *server).serve()
        except asyncio.CancelledError:
            pass

    def choose(self, name):
        if not self.active or name is None or name in SPARED or self.rng.random() >= self.rate:
            return None
        fault = self.rng.choices(list(FAULTS), list(FAULTS.values()))[0]
        self.counts[fault] += 1
        if self.most and sum(self.counts.values()) >= self.most:
            self.active = False
        return fault

    async def part(self, seconds):
        if self.parted is not None:
            return
        self.parted = asyncio.Event()
        await asyncio.sleep(seconds)
        self.parted.set()
        self.parted = None

    async def reunion(self):
        """Waits where everything is parted; what was on its way then goes on."""
        parted = self.parted
        if parted is not None:
            await parted.wait()

    def renamed(self, message):
        own, theirs = f"127.0.0.1:{self.port}".encode(), f"127.0.0.1:{self.upstream}".encode()
        return message.replace(theirs, own) if len(message) < 4096 and theirs in message else message

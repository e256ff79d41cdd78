#!/usr/bin/env python3
"""Album art of assets: the data, the program and the judge of plans/album-art-check.yaml.

    art.py load   --uri URI [--database NAME] [--count N] [--snapshot FILE]
    art.py verify --base URL --on DATE [--timeout SECONDS]       the program that the plan asks about each URL
    art.py with-store COMMAND...                                 runs a command beside a small store of images; ART_BASE is its address
    art.py check  --uri URI [--database NAME] --snapshot FILE --expect checked | restored

`load` replaces the assets of the database: of ten, five have good album art, one none, and four have a URL that is wrong in a way of its own.
`verify` reads assets in Extended JSON, one a line, and answers each with what is to be written: `albumArtCheck: { url, state, on }`, where state is
ok, malformed, foreign (not of the store), missing or noImage. Where the store does not say, it answers `$error`: nothing is known then, and nothing is
written. `check` reads the database itself, knows from the data what each state must be, asks no store, and exits 1 on any violation.
"""
import argparse
import concurrent.futures
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

import load_assets

DATABASE, COLLECTION = load_assets.DATABASE, "assets"
# What `load` writes where the store is: its address is known only when it runs.
STORE = "http://art.invalid/"
KINDS = ["ok", "ok", "ok", "ok", "ok", "none", "malformed", "foreign", "missing", "noImage"]
BUSY = 61           # every so many of the good ones the store is too busy to answer for


class Store(http.server.BaseHTTPRequestHandler):
    """Images by their names: what is called gone is not there, page is no image, and busy gets no answer that says anything."""

    def do_HEAD(self):
        name = self.path.rsplit("/", 1)[-1]
        status = 404 if name.startswith("gone") else 503 if name.startswith("busy") else 200
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if name.startswith("page") else "image/jpeg")
        self.send_header("Content-Length", "1000")
        self.end_headers()

    def log_message(self, *_):
        pass


def with_store(command):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}/"
    return subprocess.run(command, env={**os.environ, "ART_BASE": base}, check=False).returncode


# The program

class Undecided(Exception):
    """Nothing is known of a URL now."""


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirects)


def state(url, base, timeout):
    """What a URL is worth. Raises Undecided."""
    if not isinstance(url, str) or re.search(r"[\s\x00-\x1f<>\"]", url):
        return "malformed"
    try:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or not parts.path.strip("/"):
            return "malformed"
    except ValueError:
        return "malformed"
    if not url.startswith(base):
        return "foreign"
    try:
        with OPENER.open(urllib.request.Request(url, method="HEAD"), timeout=timeout) as answer:
            return "ok" if answer.headers.get_content_type().startswith("image/") else "noImage"
    except urllib.error.HTTPError as error:
        if error.code in (404, 410):
            return "missing"
        raise Undecided(f"the store answers {error.code}") from error
    except OSError as error:
        raise Undecided(f"the store cannot be asked: {error}") from error


def verify(options):
    def answer(line):
        asset = json.loads(line)
        url = asset.get("albumArt")
        try:
            return {"_id": asset["_id"], "albumArtCheck": {"url": url, "state": state(url, options.base, options.timeout), "on": options.on}}
        except Undecided as reason:
            return {"_id": asset["_id"], "$error": str(reason)}

    # Eight questions to the store at a time; the answers come in the order of the lines all the same.
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        pending = []
        reading = threading.Thread(target=lambda: [pending_put(line) for line in sys.stdin] + [pending_put(None)])
        ready = threading.Condition()

        def pending_put(line):
            with ready:
                pending.append(pool.submit(answer, line) if line is not None else None)
                ready.notify()

        reading.start()
        while True:
            with ready:
                ready.wait_for(lambda: pending)
                following = pending.pop(0)
            if following is None:
                return
            print(json.dumps(following.result(), ensure_ascii=False), flush=True)


# The data and the judge

def art(number, kind, base):
    good = f"{base}{'busy' if number % BUSY == 0 else 'cover'}-{number}.jpg"
    return {"ok": good, "none": None, "malformed": [good.replace("http:", ""), "javascript:alert(1)", f"{base} a b.jpg", "cover.jpg"][number % 4],
            "foreign": f"https://elsewhere.example/cover-{number}.jpg", "missing": f"{base}gone-{number}.jpg", "noImage": f"{base}page-{number}.jpg"}[kind]


def load(database, options, base):
    from pymongo.write_concern import WriteConcern
    import snapshot
    for name in database.list_collection_names():
        if name == COLLECTION or name.startswith(("assets_", "_runbook.")):
            database.drop_collection(name)
    made = load_assets.assets(20250118)[:options.count]
    for number, asset in enumerate(made):
        asset |= {"number": number, "albumArt": art(number, KINDS[number % 10], base)}
    collection = database.get_collection(COLLECTION, write_concern=WriteConcern("majority", j=True))
    collection.insert_many(made)
    if options.snapshot:
        snapshot.write(collection, options.snapshot)
    print(f"{len(made)} assets loaded into {database.name}.{COLLECTION}")


def violations(collection, path):
    import bson
    import snapshot
    before, was = snapshot.read(path)
    now, found = snapshot.raw_documents(collection), []
    found += [f"{name} is missing" for name in before.keys() - now.keys()] + [f"{name} was not there" for name in now.keys() - before.keys()]
    for name in before.keys() & now.keys():
        due, stands = bson.decode(before[name]), bson.decode(now[name])
        checked = stands.get("albumArtCheck")
        kind = KINDS[due["number"] % 10]
        if kind == "none" or kind == "ok" and due["number"] % BUSY == 0:
            expected = None
        else:
            expected = {"url": due["albumArt"], "state": kind, "on": (checked or {}).get("on")}
            if not re.fullmatch(r"\d{4}-\d\d-\d\d", str(expected["on"])):
                found.append(f"{name} was checked on {expected['on']}")
            due["albumArtCheck"] = expected
        if checked != expected or bson.encode(due) != now[name]:
            found.append(f"{name}: {due['albumArt']} is {checked}, due is {expected}")
    if snapshot.definition(collection) != was:
        found.append("options or indexes differ")
    return found


def main():
    if sys.argv[1:2] == ["with-store"]:
        sys.exit(with_store(sys.argv[2:]))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=["load", "verify", "check"])
    parser.add_argument("--uri", default=os.environ.get("MONGODB_URI"))
    parser.add_argument("--database", default=DATABASE)
    parser.add_argument("--count", type=int, default=1681)
    parser.add_argument("--snapshot")
    parser.add_argument("--base", default=os.environ.get("ART_BASE", STORE), help="where the store's URLs begin")
    parser.add_argument("--on", help="the day that is written with the verdict")
    parser.add_argument("--timeout", type=float, default=5)
    parser.add_argument("--expect", choices=["checked", "restored"])
    options = parser.parse_args()
    if options.command == "verify":
        return verify(options)
    from pymongo import MongoClient
    import snapshot
    database = MongoClient(options.uri)[options.database]
    if options.command == "load":
        return load(database, options, options.base)
    if not options.snapshot or not options.expect:
        parser.error("check needs --snapshot and --expect")
    collection = database[COLLECTION]
    found = snapshot.differences(collection, options.snapshot) if options.expect == "restored" else violations(collection, options.snapshot)
    print("\n".join(found[:20] + [f"{options.expect}: {len(found)} violations" if found else f"{options.expect}: everything is as it must be"]))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Tests ci/post-review against a host of comments in this process: it posts once, and updates from then on."""
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))


class Comments(http.server.BaseHTTPRequestHandler):
    kept = {}
    calls = []
    refuses = False

    def log_message(self, *_):
        pass

    def answer(self, value, status=200):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
        start = (int(query["page"][0]) - 1) * 100
        self.calls.append(("GET", self.path.split("?")[0], self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN")))
        self.answer([{"id": key, "body": value} for key, value in sorted(self.kept.items())][start:start + 100])

    def do_POST(self):
        if self.refuses:
            return self.answer({}, 403)
        self.kept[len(self.kept) + 1] = self.body()
        self.calls.append(("POST", self.path, None))
        self.answer({})

    def change(self):
        self.kept[int(self.path.rsplit("/", 1)[1])] = self.body()
        self.calls.append((self.command, self.path, None))
        self.answer({})

    do_PATCH = do_PUT = change


def post(environment, *texts):
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, text in enumerate(texts):
            paths.append(os.path.join(folder, f"{number}.md"))
            with open(paths[-1], "w", encoding="utf-8") as file:
                file.write(text)
        return subprocess.run(
            [sys.executable, os.path.join(HERE, "post-review")] + paths, env={"PATH": os.environ["PATH"], **environment}, capture_output=True,
            text=True, check=False)


def check(environment, update, prefix):
    Comments.kept = {number: f"a word of somebody {number}" for number in range(1, 151)}
    Comments.calls = []
    first = "<!-- runbook review: plans/a.yaml -->\n**Weaker**: é\n"
    other = "<!-- runbook review: plans/b.yaml -->\n**Harmless**\n"
    ended = post(environment, first, other)
    assert ended.returncode == 0 and ended.stdout.count("posted") == 2, ended
    assert Comments.kept[151] == first and Comments.kept[152] == other
    ended = post(environment, first + "more\n")
    assert ended.returncode == 0 and "updated" in ended.stdout, ended
    assert len(Comments.kept) == 152 and Comments.kept[151] == first + "more\n", "it updates its own comment, and adds none"
    assert Comments.calls[-1][0] == update and all(call[1].startswith(prefix) for call in Comments.calls), Comments.calls
    assert "secret" not in ended.stdout + ended.stderr
    assert post(environment, "no marker\n").returncode != 0
    Comments.refuses = True
    ended = post(environment, "<!-- runbook review: plans/c.yaml -->\n")
    Comments.refuses = False
    assert ended.returncode != 0 and "403" in ended.stderr and "secret" not in ended.stderr, ended


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Comments)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    github = {"GITHUB_API_URL": address, "GITHUB_REPOSITORY": "o/r", "RUNBOOK_PULL_REQUEST": "7", "GITHUB_TOKEN": "a-secret"}
    check(github, "PATCH", "/repos/o/r/issues/")
    gitlab = {"CI_API_V4_URL": address + "/api/v4", "CI_PROJECT_ID": "g/p", "CI_MERGE_REQUEST_IID": "7", "RUNBOOK_GITLAB_TOKEN": "a-secret"}
    check(gitlab, "PUT", "/api/v4/projects/g%2Fp/merge_requests/7/notes")
    assert post({}, "<!-- runbook review: a -->\n").returncode != 0
    assert post({**github, "GITHUB_TOKEN": ""}, "<!-- runbook review: a -->\n").returncode != 0
    server.shutdown()
    print("ci/post-review: as it should be")


if __name__ == "__main__":
    main()

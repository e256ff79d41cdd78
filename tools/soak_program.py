"""Answers for `tools/soak-transform.yaml`: what the updates of `tools/soak.yaml` would make of each document.

    soak_program.py fields|review   documents on standard input, a line each; answers on standard output
"""
import json
import sys


def fields(document):
    description = document.get("description")
    return {"creatorDescription": document.get("creatorDescription", "" if description is None else description),
            "albumArt": document.get("albumArt"), "aiMetadata": document.get("aiMetadata")}


def review(document):
    return {"status": "review" if document.get("status") == "draft" else document.get("status")}


answer = {"fields": fields, "review": review}[sys.argv[1]]
for line in sys.stdin:
    given = json.loads(line)
    print(json.dumps({"_id": given["_id"], **answer(given)}), flush=True)

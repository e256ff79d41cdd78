"""A collection as it is at one moment, kept in a file, and compared with what is there later: documents byte by byte, indexes and options
by their definitions. For the checkers of the demos, which know nothing of the program."""
import json

import bson
from bson import json_util
from bson.raw_bson import RawBSONDocument
from pymongo.read_concern import ReadConcern


def raw_documents(collection):
    """Every document as it is stored, by its `_id`."""
    options = bson.CodecOptions(document_class=RawBSONDocument)
    found = collection.with_options(codec_options=options, read_concern=ReadConcern("majority")).find()
    return {json_util.dumps(bson.decode(document.raw)["_id"]): document.raw for document in found}


def definition(collection):
    """What the collection is besides its documents: its options, and its indexes by name."""
    database = collection.database
    options = next(iter(database.list_collections(filter={"name": collection.name})))["options"]
    # A validator that was set and removed leaves an empty one, and the settings that are the default, on some servers.
    options = {name: value for name, value in options.items()
               if value and (name, value) not in (("validationLevel", "strict"), ("validationAction", "error"))}
    indexes = {index["name"]: {name: value for name, value in index.items() if name not in ("ns", "v")} for index in collection.list_indexes()}
    return json.loads(json_util.dumps({"options": options, "indexes": indexes}))


def write(collection, path):
    with open(path, "wb") as out:
        out.write(bson.encode({"definition": json.dumps(definition(collection))}))
        for raw in raw_documents(collection).values():
            out.write(raw)


def read(path):
    """The documents by their `_id`, raw, and the definition."""
    with open(path, "rb") as file:
        head, *documents = [document.raw for document in bson.decode_file_iter(file, bson.CodecOptions(document_class=RawBSONDocument))]
    return ({json_util.dumps(bson.decode(raw)["_id"]): raw for raw in documents}, json.loads(bson.decode(head)["definition"]))


def differences(collection, path):
    """What is not as it was, a sentence each."""
    (before, was), now, is_now = read(path), raw_documents(collection), definition(collection)
    found = [f"{key} is missing" for key in before.keys() - now.keys()]
    found += [f"{key} was not there" for key in now.keys() - before.keys()]
    found += [f"{key} differs: {json_util.dumps(bson.decode(now[key]))[:200]}" for key in before.keys() & now.keys() if before[key] != now[key]]
    found += [f"{part} are {is_now[part]}, were {was[part]}" for part in ("options", "indexes") if is_now[part] != was[part]]
    return sorted(found)

#!/usr/bin/env python3
"""The users of plans/user-names.yaml: made up, always the same ones, and judged from the outside afterwards.

    users.py load  --uri URI [--database NAME] [--snapshot FILE] [--odd-first-name]
    users.py check --uri URI [--database NAME] --snapshot FILE [--day DATE] --expect split | restored
    users.py judge --uri URI [--database NAME] --before BACKUP

`load` drops the database's users and everything that earlier runs left, and loads 300: most have a first and a last name in `name`,
some of them with blanks where none are due; 24 have something in it that cannot be split. With --odd-first-name one user has the
number 7 as first name, which the plan finds when it sets its rule, near the end.

`check` reads the database itself and exits 1 on any violation. `judge` prints as JSON whose first or last name is not what this
program would have made of `name`, but for those who had one in the collection BACKUP; the plan asks it for a second opinion. MONGODB_URI takes
the place of --uri, which would show in a process list.
"""
import argparse
import datetime
import json
import os
import random
import sys
import unicodedata

import bson
from pymongo import ASCENDING, MongoClient
from pymongo.errors import WriteError
from pymongo.write_concern import WriteConcern

import snapshot

DATABASE, COLLECTION = "accounts", "users"
FIRST = ["Ada", "Grace", "Łukasz", "José", "Mary-Jane", "Zoë", "D'Arcy", "Ludwig", "Ngũgĩ", "Siân", "J.R.R.", "Ömer"]
LAST = ["Lovelace", "Hopper", "Żak", "García Márquez", "O’Brien", "van Beethoven", "wa Thiong'o", "de la Cruz", "Åkesson", "Smith-Jones"]
ODD = ["Cher", "  Madonna ", "", "   ", None, 7, 3.5, True, ["Ada", "Lovelace"], {"first": "Ada", "last": "Lovelace"}, "山田 太郎", "Мария Иванова",
       "محمد علي", "Γιώργος Σεφέρης", "Lovelace, Ada", "Agent 007", "Ada\tLovelace", "Ada\u00a0Lovelace", "Ada\nLovelace", "Björk",
       "👩 Engineer", "Ada (admin)", "李小龙"]
START = datetime.datetime(2023, 5, 2, 9, 0, tzinfo=datetime.timezone.utc)
BLANKS = ["{} {}", "{} {}", "{} {}", " {} {}", "{}  {}", "  {}    {} ", "{} {}  "]


def users():
    rng, made = random.Random(20250210), []
    for number in range(300):
        seen = START + datetime.timedelta(minutes=rng.randrange(800_000), milliseconds=rng.randrange(1000))
        user = {"_id": bson.ObjectId(rng.randbytes(12)), "email": f"user-{number:04d}@example.org",
                "name": rng.choice(BLANKS).format(rng.choice(FIRST), rng.choice(LAST)),
                "settings": {"language": rng.choice(["en", "de", "ja"]), "mails": rng.random() < 0.5}, "updatedAt": seen}
        if number % 12 == 7 and number // 12 < len(ODD):
            user["name"] = ODD[number // 12]
        if number == 299:
            del user["name"]
        made.append(user)
    return made


def parts(name):
    """First and last name, or None where it is not for a program to say: word by word and letter by letter."""
    if not isinstance(name, str):
        return None
    words = [word for word in name.split(" ") if word]
    if len(words) < 2:
        return None
    for word in words:
        letters = [letter for letter in word if letter not in "'’.-"]
        if not word[0].isalpha() or not all(letter.isalpha() and unicodedata.name(letter, "").startswith("LATIN ") for letter in letters):
            return None
    return words[0], " ".join(words[1:])


def load(database, options):
    for name in database.list_collection_names():
        if name == COLLECTION or name.startswith(("users_backup_", "users_to_ask_", "_runbook.")):
            database.drop_collection(name)
    collection = database.get_collection(COLLECTION, write_concern=WriteConcern("majority", j=True))
    made = users()
    if options.odd_first_name:
        made[150].update(firstName=7, lastName="Bond")
    collection.insert_many(made)
    collection.create_index([("email", ASCENDING)], unique=True)
    if options.snapshot:
        snapshot.write(collection, options.snapshot)
    print(f"{len(made)} users loaded into {database.name}.{COLLECTION}; "
          f"{sum(parts(user.get('name')) is None for user in made)} of them have names that cannot be split")


def disagreements(documents, before):
    """The users whose first and last name are not what `parts` says, and were not there before either."""
    wrong, had = [], {user["_id"] for user in before if "firstName" in user or "lastName" in user}
    for user in documents:
        if user["_id"] in had:
            continue
        due, stands = parts(user.get("name")), (user.get("firstName"), user.get("lastName"))
        if stands != (due or (None, None)):
            wrong.append(str(user["_id"]))
    return wrong


def violations_of_split(database, options):
    collection, found = database[COLLECTION], []
    before, was = snapshot.read(options.snapshot)
    now, is_now = snapshot.raw_documents(collection), snapshot.definition(collection)
    found += [f"{name} is missing" for name in before.keys() - now.keys()] + [f"{name} was not there" for name in now.keys() - before.keys()]
    asked, alone = {user["_id"]: user for user in database[f"users_to_ask_{options.day}"].find()}, set()
    for name in before.keys() & now.keys():
        due = bson.decode(before[name])
        both = parts(due.get("name"))
        if both:
            due.update(firstName=both[0], lastName=both[1])
        else:
            alone.add(due["_id"])
        if bson.encode(due) != now[name]:
            found.append(f"{name} is {bson.decode(now[name])}")
    if set(asked) != alone:
        found.append(f"{len(set(asked) ^ alone)} users are on the list and should not be, or the other way round")
    if any(set(user) != {"_id", "kind"} for user in asked.values()):
        found.append("the list holds more than _id and kind")
    if snapshot.raw_documents(database[f"users_backup_{options.day}"]) != before:
        found.append("the backup is not what was loaded")

    expected = dict(was["indexes"])
    expected["by_name"] = {"name": "by_name", "key": {"lastName": 1, "firstName": 1}}
    if is_now["indexes"] != expected:
        found.append(f"indexes are {is_now['indexes']}")
    try:
        collection.insert_one({"_id": "odd", "email": "odd", "firstName": 7})
        collection.delete_one({"_id": "odd"})
        found.append("the server took a first name that is no text")
    except WriteError:
        pass
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=["load", "check", "judge"])
    parser.add_argument("--uri", default=os.environ.get("MONGODB_URI"))
    parser.add_argument("--database", default=DATABASE)
    parser.add_argument("--snapshot")
    parser.add_argument("--odd-first-name", action="store_true")
    parser.add_argument("--before", help="a collection of the database")
    parser.add_argument("--day", default="2025-02-10", help="the run's param `day`")
    parser.add_argument("--expect", choices=["split", "restored"])
    options = parser.parse_args()
    database = MongoClient(options.uri)[options.database]
    if options.command == "load":
        load(database, options)
        return
    if options.command == "judge":
        if not options.before:
            parser.error("judge needs --before")
        documents = list(database[COLLECTION].find())
        print(json.dumps({"users": len(documents), "disagreements": disagreements(documents, database[options.before].find())[:20]}))
        return
    if not options.snapshot or not options.expect:
        parser.error("check needs --snapshot and --expect")
    found = (snapshot.differences(database[COLLECTION], options.snapshot) if options.expect == "restored"
             else violations_of_split(database, options))
    print("\n".join(found[:20] + [f"{options.expect}: {len(found)} violations" if found else f"{options.expect}: everything is as it must be"]))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()

"""Runs `run(argument)` of modules with the real Peewee. Reads one line of JSON, writes one."""
import json
import logging
import sys
from urllib.parse import urlparse

task = json.loads(sys.stdin.readline())
url = urlparse(task["url"])
sent = []


class Recorder(logging.Handler):
    def emit(self, record):
        sent.append(record.msg[0])


logging.getLogger("peewee").addHandler(Recorder())
logging.getLogger("peewee").setLevel(logging.DEBUG)


def run(code, argument):
    scope = {"__name__": "case"}
    exec(compile(code, "case.py", "exec"), scope)
    database = scope["database"]
    database.init(url.path[1:], user=url.username, password=url.password or "", host=url.hostname, port=url.port)
    with database, database.atomic() as transaction:
        sent.clear()
        try:
            value = scope["run"](argument)
        except Exception as error:
            value = "raised"
            if "DoesNotExist" not in type(error).__name__ and type(error).__name__ != "KeyError":
                raise
        statements = list(sent)
        state = scope["state"]()
        transaction.rollback()
    return {"value": value, "state": state, "statements": statements}


sys.stdout.write(json.dumps([[run(code, argument) for argument in task["arguments"]] for code in task["codes"]]) + "\n")

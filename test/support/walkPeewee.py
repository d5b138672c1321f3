"""Walks all pages of `page(offset, after)` of modules with the real Peewee. Reads one line of JSON, writes one."""
import json
import sys
from urllib.parse import urlparse

task = json.loads(sys.stdin.readline())
url = urlparse(task["url"])


def walk(code, keyed):
    scope = {"__name__": "case"}
    exec(compile(code, "case.py", "exec"), scope)
    scope["database"].init(url.path[1:], user=url.username, password=url.password or "", host=url.hostname, port=url.port)
    rows = []
    with scope["database"]:
        for number in range(task["most"]):
            found = list(scope["page"](0, rows[-1] if rows else None) if keyed else scope["page"](number * task["size"]))
            if not found:
                break
            rows += found
    return [[str(row.id), str(row.total), str(row.created_at)] for row in rows]


sys.stdout.write(json.dumps([[walk(before, False), walk(after, True)] for before, after in task["codes"]]) + "\n")

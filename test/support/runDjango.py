"""Runs `run(arg)` of modules with the real Django and psycopg2. Reads one line of JSON, writes one."""
import json
import sys
from urllib.parse import urlparse

import django
from django.conf import settings

task = json.loads(sys.stdin.readline())
url = urlparse(task["url"])
settings.configure(
    DEBUG=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": url.path[1:], "USER": url.username, "PASSWORD": url.password or "", "HOST": url.hostname, "PORT": url.port}},
    INSTALLED_APPS=[],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()

from django.apps import apps
from django.db import connection, reset_queries, transaction


def run(code, argument):
    apps.all_models["shop"].clear()
    scope = {"__name__": "shop"}
    exec(compile(code, "case.py", "exec"), scope)
    apps.clear_cache()
    with transaction.atomic():
        reset_queries()
        try:
            value = scope["run"](argument)
        except Exception as error:
            value = "raised"
            if type(error).__name__ not in task["expected"]:
                raise
        statements = [query["sql"] for query in connection.queries if "SAVEPOINT" not in query["sql"]]
        try:
            state = scope["state"]()
        except Exception:
            state = "raised"
        transaction.set_rollback(True)
    return {"value": value, "state": state, "statements": statements}


sys.stdout.write(json.dumps([[run(code, argument) for argument in task["arguments"]] for code in task["codes"]]) + "\n")

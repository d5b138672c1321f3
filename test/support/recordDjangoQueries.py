"""Writes the SQL that Django makes of the fixture's querysets: /usr/bin/python3 test/support/recordDjangoQueries.py (needs django 3.2 or later, psycopg2). No server is asked: a stand-in cursor answers."""
import json
import pathlib
import sys

folder = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "python" / "django"
sys.path.insert(0, str(folder))
sys.dont_write_bytecode = True

import django  # noqa: E402
from django.conf import settings  # noqa: E402

settings.configure(
    SECRET_KEY="fixture", INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "people", "shop"], DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", USE_TZ=True, TIME_ZONE="UTC",
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "nothing"}},
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402,F401
from django.core.exceptions import EmptyResultSet  # noqa: E402,F401
from django.db import connection  # noqa: E402
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Sum, Value, When  # noqa: E402,F401
from django.db.models.functions import Coalesce, Lower, TruncMonth  # noqa: E402,F401
from people.models import Customer  # noqa: E402,F401
from shop.models import Gift, Item, LiveOrder, Order, Org, Product  # noqa: E402,F401
from statements import QUERIES, SENT  # noqa: E402


def quoted(value):
    if isinstance(value, (list, tuple)):
        return "ARRAY[" + ", ".join(quoted(item) for item in value) + "]"
    if value is None or isinstance(value, (bool, int, float)):
        return {None: "NULL", True: "TRUE", False: "FALSE"}.get(value, str(value)) if not isinstance(value, int) or isinstance(value, bool) else str(value)
    if hasattr(value, "dumps"):
        value = json.dumps(value.adapted)
    return "'" + str(value).replace("'", "''") + "'"


def text(sql, params):
    return sql % tuple(quoted(value) for value in params or ()) if params else sql


sent = []


class Cursor:
    """Answers every statement with no row, or one where a key is asked back."""

    rowcount = 1
    description = None

    def __init__(self):
        self.returned = None

    def execute(self, sql, params=None):
        sent.append(text(sql, params))
        self.returned = (1,) if "RETURNING" in sql else None

    def fetchone(self):
        return self.returned or (0,)

    def fetchmany(self, size=0):
        rows, self.returned = ([self.returned] if self.returned else []), None
        return rows

    def fetchall(self):
        return [self.returned] if self.returned else []

    def close(self):
        pass

    def __iter__(self):
        return iter(())

    def __enter__(self):
        return self

    def __exit__(self, *args):
        return False


connection.cursor = lambda *args: Cursor()
connection.chunked_cursor = connection.cursor
connection.ensure_connection = lambda: None
connection.savepoint = lambda: None
connection.savepoint_commit = connection.savepoint_rollback = lambda sid: None
connection.get_autocommit = lambda: True
connection.set_autocommit = lambda *args, **kwargs: None
connection.commit = connection.rollback = lambda: None
connection.features.__dict__["can_introspect_autofield"] = True

queries = []
connection.get_autocommit = lambda: False
for source in QUERIES:
    sql, params = eval(source).query.sql_with_params()
    queries.append({"source": source, "sql": text(sql, params)})
connection.get_autocommit = lambda: True
statements = []
for source in SENT:
    sent.clear()
    try:
        eval(source)
    except Exception as error:  # a stand-in has no rows
        if not sent:
            raise error
    statements.append({"source": source, "sql": [one for one in sent if not one.startswith(("SAVEPOINT", "RELEASE"))]})
(folder / "statements.json").write_text(json.dumps({"django": django.get_version(), "queries": queries, "sent": statements}, indent=1) + "\n")
print(len(queries), "querysets,", len(statements), "statements")

"""Runs `run(conn, *args)` of a module whose statements the parent process executes. Lines of JSON both ways."""
import asyncio
import inspect
import json
import re
import sys
import types


class Row(tuple):
    """Tuple (psycopg) and record (asyncpg) in one."""

    columns = ()

    def __getitem__(self, key):
        return tuple.__getitem__(self, self.columns.index(key) if isinstance(key, str) else key)


def ask(sql, values):
    sys.stdout.write(json.dumps({"sql": sql, "values": list(values)}) + "\n")
    sys.stdout.flush()
    answer = json.loads(sys.stdin.readline())
    kind = type("Row", (Row,), {"columns": tuple(answer["columns"])})
    return [kind(row) for row in answer["rows"]]


class Cursor:
    def __init__(self, rows=()):
        self.rows = list(rows)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def execute(self, sql, params=()):
        self.rows = Psycopg().execute(sql, params).rows
        return self

    def fetchone(self):
        return self.rows.pop(0) if self.rows else None

    def fetchall(self):
        rows, self.rows = self.rows, []
        return rows


class Psycopg:
    def execute(self, sql, params=()):
        count = iter(range(1, 100))
        return Cursor(ask(re.sub("%s", lambda _: f"${next(count)}", sql), params))


    def cursor(self):
        return Cursor()


class AsyncCursor(Cursor):
    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        return None

    async def execute(self, sql, params=()):
        return Cursor.execute(self, sql, params)

    async def fetchone(self):
        return Cursor.fetchone(self)

    async def fetchall(self):
        return Cursor.fetchall(self)


class AsyncPsycopg:
    async def execute(self, sql, params=()):
        return await AsyncCursor().execute(sql, params)

    def cursor(self):
        return AsyncCursor()


class Asyncpg:
    async def fetch(self, sql, *params):
        return ask(sql, params)

    async def fetchrow(self, sql, *params):
        return next(iter(ask(sql, params)), None)

    async def fetchval(self, sql, *params):
        return next((row[0] for row in ask(sql, params)), None)

    async def execute(self, sql, *params):
        ask(sql, params)


class Element(types.SimpleNamespace):
    pass


for name, connection in (("psycopg", Psycopg), ("asyncpg", Asyncpg)):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].Connection = connection
sys.modules["psycopg"].AsyncConnection = AsyncPsycopg

task = json.loads(sys.stdin.readline(), object_hook=lambda d: d if "code" in d else Element(**d))
scope = {}
exec(task["code"], scope)
first = next(iter(inspect.signature(scope["run"]).parameters.values())).annotation
value = scope["run"](first(), *task["args"])
if inspect.iscoroutine(value):
    value = asyncio.run(value)
sys.stdout.write(json.dumps({"value": value}) + "\n")
sys.stdout.flush()

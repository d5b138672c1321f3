"""Runs `run(session, arg)` of modules with the real SQLAlchemy and psycopg2. Reads one line of JSON, writes one."""
import json
import sys

from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session

task = json.loads(sys.stdin.readline())
engine = create_engine(task["url"].replace("postgresql://", "postgresql+psycopg2://").replace("postgres://", "postgresql+psycopg2://"))
statements = []
event.listen(engine, "before_cursor_execute", lambda conn, cursor, statement, *rest: statements.append(statement))


def run(code, argument):
    scope = {}
    exec(compile(code, "case.py", "exec"), scope)
    statements.clear()
    with Session(engine) as session:
        try:
            value = scope["run"](session, argument)
        except Exception as error:
            value = "raised"
            if type(error).__name__ not in task["expected"]:
                raise
    return {"value": value, "statements": list(statements)}


sys.stdout.write(json.dumps([[run(code, argument) for argument in task["arguments"]] for code in task["codes"]]) + "\n")

"""Writes the SQL that Django runs for the fixture migrations: python3 test/support/recordDjango.py <url of an empty database> (needs django 5.2, psycopg2)."""
import pathlib
import sys
from urllib.parse import urlparse

import django
from django.conf import settings

folder = pathlib.Path(__file__).parent.parent / "fixtures" / "migrations" / "django"
sys.path.insert(0, str(folder))
sys.dont_write_bytecode = True
url = urlparse(sys.argv[1])
settings.configure(
    SECRET_KEY="fixture", AUTH_USER_MODEL="accounts.Customer", INSTALLED_APPS=["accounts", "store"], DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", USE_TZ=True, SILENCED_SYSTEM_CHECKS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": url.path[1:], "USER": url.username, "PASSWORD": url.password or "", "HOST": url.hostname, "PORT": url.port}},
)
django.setup()
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

statements = []


def record(execute, sql, params, many, context):
    text = str(sql).strip()
    if text.split()[0].upper() in ("CREATE", "ALTER", "DROP", "SET") and "django_migrations" not in text:
        statements.append(text.rstrip(";").replace("%s", "''"))
    return execute(sql, params, many, context)


with connection.execute_wrapper(record):
    call_command("migrate", verbosity=0, skip_checks=True)
(folder / "recorded.sql").write_text("".join(statement + ";\n\n" for statement in statements))

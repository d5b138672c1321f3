"""Shows the pages of a project with the real Django, or SQLAlchemy and Jinja. Reads one line of JSON, writes one: per page its text and the statements it sent."""
import json
import sys

task = json.loads(sys.stdin.readline())
sys.path.insert(0, task["root"])


def with_django():
    from urllib.parse import urlparse

    import django
    from django.conf import settings

    url = urlparse(task["url"])
    settings.configure(
        DEBUG=True,
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": url.path[1:], "USER": url.username, "PASSWORD": url.password or "", "HOST": url.hostname, "PORT": url.port}},
        INSTALLED_APPS=["shop"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {"debug": True}}],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    )
    django.setup()
    from django.db import connection, reset_queries
    from django.test import RequestFactory
    from shop import views

    pages = []
    for name in task["pages"]:
        view = getattr(views, name)
        reset_queries()
        response = (view.as_view() if isinstance(view, type) else view)(RequestFactory().get("/"))
        if hasattr(response, "render"):
            response.render()
        pages.append({"text": response.content.decode(), "statements": [query["sql"] for query in connection.queries]})
    return pages


def with_sqlalchemy():
    from sqlalchemy import create_engine, event
    from sqlalchemy.orm import Session

    from app import pages as module

    engine = create_engine(task["url"].replace("postgres://", "postgresql://"))
    statements = []
    event.listen(engine, "before_cursor_execute", lambda conn, cursor, statement, *rest: statements.append(statement))
    pages = []
    for name in task["pages"]:
        with Session(engine) as session:
            statements.clear()
            text = getattr(module, name)(session)
            pages.append({"text": text, "statements": list(statements)})
    return pages


sys.stdout.write(json.dumps(with_django() if task["with"] == "django" else with_sqlalchemy()) + "\n")

"""Writes the SQL that Alembic itself makes of the fixture migrations: python3 test/support/recordAlembic.py (needs alembic)."""
import io
import pathlib
import tempfile

from alembic import command
from alembic.config import Config

folder = pathlib.Path(__file__).parent.parent / "fixtures" / "migrations" / "alembic"
env = """
from alembic import context
context.configure(dialect_name="postgresql", literal_binds=True, output_buffer=context.config.attributes["buffer"])
with context.begin_transaction():
    context.run_migrations()
"""
with tempfile.TemporaryDirectory() as script:
    (pathlib.Path(script) / "env.py").write_text(env)
    buffer = io.StringIO()
    config = Config()
    config.set_main_option("script_location", script)
    config.set_main_option("version_locations", str(folder / "versions"))
    config.attributes["buffer"] = buffer
    command.upgrade(config, "head", sql=True)
statements = [text.strip() for text in buffer.getvalue().split(";\n")]
kept = [text for text in statements if text and "alembic_version" not in text]
(folder / "recorded.sql").write_text("".join(text + ";\n\n" for text in kept))

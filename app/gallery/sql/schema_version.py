"""Version of the schema in a store, by Alembic."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from app.errors import SchemaError

_HINT = "run: python -m app.gallery migrate"


def migrate(engine: Engine) -> None:
    """Bring the schema to the version of this code, in one transaction for each migration."""
    config = _config()
    config.attributes["engine"] = engine
    command.upgrade(config, "head")


def check_schema(engine: Engine) -> None:
    """Check that the schema is that of this code.

    Raises:
        SchemaError: It is older, there is none, or it is of a newer version.
    """
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_heads()
    scripts = ScriptDirectory.from_config(_config())
    wanted = tuple(scripts.get_heads())
    if tuple(found) == wanted:
        return
    if not found:
        raise SchemaError(f"the gallery's store is empty; {_HINT}")
    known = {script.revision for script in scripts.walk_revisions()}
    if not set(found) <= known:
        raise SchemaError(
            f"the gallery's store has the schema {', '.join(found)} of a newer version: "
            "run that one, or restore a backup of the store"
        )
    raise SchemaError(
        f"the gallery's store has the schema {', '.join(found)}, and this version needs "
        f"{', '.join(wanted)}; {_HINT}"
    )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "app.gallery.sql:migrations")
    return config

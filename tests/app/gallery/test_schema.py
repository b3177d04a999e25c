import pytest
from alembic import op
from sqlalchemy import inspect, text

from app.errors import GalleryStartError, SchemaError, StoreError
from app.gallery.__main__ import main
from app.gallery.sql.opening import open_backend, open_store
from app.gallery.sql.schema_version import check_schema, migrate
from app.gallery.sql.tables import metadata
from tests.galleries import KINDS, new_database


@pytest.fixture(params=KINDS)
def empty(request, tmp_path):
    """The address of a store without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'gallery.db'}"
    worker = request.getfixturevalue("worker_id")
    name = f"schema_{worker}_{abs(hash(request.node.name))}"
    return new_database(request.getfixturevalue("postgres_server"), name)


@pytest.fixture
def engine(empty):
    engine = open_backend(empty, 5.0, 2, create=True).engine
    yield engine
    engine.dispose()


def test_the_migrations_make_the_tables_of_the_code(engine):
    with pytest.raises(SchemaError, match="migrate"):
        check_schema(engine)
    migrate(engine)
    migrate(engine)
    check_schema(engine)
    found = inspect(engine)
    assert set(metadata.tables) | {"alembic_version"} == set(found.get_table_names())
    for name, table in metadata.tables.items():
        columns = {each["name"]: each["nullable"] for each in found.get_columns(name)}
        assert columns == {each.name: each.nullable for each in table.columns}


def test_an_interrupted_migration_leaves_nothing_and_can_be_made_again(engine, monkeypatch):
    made, real = [], op.create_table

    def fail_late(name, *columns, **options):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(name)
        return real(name, *columns, **options)

    with monkeypatch.context() as patched:
        patched.setattr(op, "create_table", fail_late)
        with pytest.raises(KeyboardInterrupt):
            migrate(engine)
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    migrate(engine)
    check_schema(engine)


def test_a_store_of_a_newer_version_is_refused(engine):
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaError, match="newer"):
        check_schema(engine)


def test_the_command_migrates_and_checks(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LIKEWISE_GALLERY_URL", f"sqlite:///{tmp_path / 'a b.db'}")
    assert main(["check"]) == 1
    assert "cannot answer now" in capsys.readouterr().err
    assert main(["migrate"]) == 0
    assert main(["check"]) == 0
    assert main(["index"]) == 0
    assert main(["vacuum"]) == 0
    assert "the write-ahead log" in capsys.readouterr().out
    assert (tmp_path / "a b.db").exists()


def test_the_command_needs_an_address(capsys):
    assert main(["check"]) == 1
    assert "LIKEWISE_GALLERY_URL" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url", ["nothing", "mysql://root:secret@host/db", "sqlite:///:memory:", "postgresql://h/db"]
)
def test_other_addresses_are_refused_without_being_repeated(url):
    with pytest.raises(GalleryStartError) as raised:
        open_backend(url, 1.0, 1)
    assert "secret" not in str(raised.value)


def test_a_file_that_is_not_there_is_not_made_by_a_look(tmp_path):
    path = tmp_path / "gallery.db"
    with pytest.raises(StoreError):
        open_store(f"sqlite:///{path}", 1.0, 1).check()
    assert not path.exists()

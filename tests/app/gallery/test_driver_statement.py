import numpy as np
import pytest
from sqlalchemy import bindparam, literal, select
from sqlalchemy.exc import DBAPIError

from app.gallery.records import Enrolment
from app.gallery.sql import rows
from app.gallery.sql.driver_statement import DriverStatement
from app.gallery.sql.opening import open_backend
from app.gallery.sql.tables import identities
from tests.app.gallery.test_store import CODES, FLOATS
from tests.app.gallery.test_store import rows as templates


@pytest.fixture
def engine(store_url):
    engine = open_backend(store_url, 10.0, 1).engine
    yield engine
    engine.dispose()


@pytest.mark.parametrize("encoding", [FLOATS, CODES], ids=lambda each: each.metric)
def test_rows_are_those_of_sqlalchemy(store, name, engine, encoding):
    store.create(name, encoding)
    for place, template in enumerate(templates(3, encoding)):
        store.enrol(name, f"p{place}", encoding, Enrolment(1 + place, template))
    query = select(*identities.c).where(identities.c.name == bindparam("name"))
    for each in (query, rows.WITH_SIZES):
        given = {"name": "p1", "gallery": name}
        with engine.connect() as connection, connection.begin():
            values = {key: given[key] for key in given if key in each.compile().params}
            expected = [row._asdict() for row in connection.execute(each, values)]
            found = [
                row._asdict()
                for row in DriverStatement(each, engine.dialect).all(connection, values)
            ]
        assert expected
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_equal(one, other)
            assert [type(value) for value in one.values()] == [type(v) for v in other.values()]


def test_errors_of_the_driver_are_those_of_sqlalchemy(engine):
    query = select(literal("a").label("letter")).where(bindparam("given") > 0)
    with engine.connect() as connection, connection.begin(), pytest.raises(DBAPIError) as caught:
        DriverStatement(query, engine.dialect).all(connection, {"given": object()})
    assert isinstance(caught.value.orig, engine.dialect.loaded_dbapi.Error)

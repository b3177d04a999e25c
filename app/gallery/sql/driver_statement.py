"""A query that SQLAlchemy compiles once and the driver runs by itself.

SQLAlchemy's own execution adds a fifth to the time of a search of 1,000 identities (decision 67).
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

_Convert = Callable[[Any], Any]


class DriverStatement:
    """A query for the driver of one kind of store. May be used by many threads.

    Args:
        query: The query; its parameters have one value each, so no `IN`.
        dialect: That of the store.
    """

    def __init__(self, query: Select[Any], dialect: Dialect) -> None:
        compiled: Any = query.compile(dialect=dialect)  # Its parts have no types.
        self._text: str = compiled.string
        self._fixed: Mapping[str, Any] = compiled.params
        self._order: list[str] | None = compiled.positiontup
        self._errors: Any = dialect.loaded_dbapi.Error
        self._sent = {
            name: convert
            for name, parameter in compiled.binds.items()
            if (convert := _bind(parameter.type, dialect)) is not None
        }
        columns = list(query.selected_columns)
        self._row = namedtuple("Row", [column.key for column in columns])  # type: ignore[misc]  # noqa: PYI024 (as the query names them)
        self._read = [
            (place, convert)
            for place, column in enumerate(columns)
            if (convert := _result(column.type, dialect)) is not None
        ]

    def all(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Run the query in the connection's transaction.

        Args:
            connection: In a transaction.
            values: Values of the parameters by their names.

        Returns:
            Named tuples of the query's columns.

        Raises:
            DBAPIError: The driver's error; a connection that it has ended is closed.
        """
        driver: Any = connection.connection.driver_connection
        try:
            found = driver.execute(self._text, self._parameters(values)).fetchall()
        except self._errors as error:
            if connection.dialect.is_disconnect(error, driver, None):
                connection.invalidate(error)
            raise DBAPIError(None, None, error) from error
        return [self._row(*self._converted(row)) for row in found]

    def _parameters(self, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 (by name or by place)
        given = {**self._fixed, **values}
        for name, convert in self._sent.items():
            given[name] = convert(given[name])
        return given if self._order is None else tuple(given[name] for name in self._order)

    def _converted(self, row: tuple[Any, ...]) -> list[Any]:
        values = list(row)
        for place, convert in self._read:
            values[place] = convert(values[place])
        return values


def _bind(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _result(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)

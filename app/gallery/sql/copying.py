"""Many rows at once into PostgreSQL, by COPY in its binary form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import psycopg
from pgvector import Bit
from pgvector.psycopg import register_vector
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app.gallery.sql.tables import identities

_TYPES = {
    "id": "int8",
    "gallery_id": "int4",
    "name": "text",
    "images": "int2",
    "bundle_id": "int4",
    "enrolled": "timestamptz",
    "bits": "bit",  # As `bit varying` is sent.
    "vector": "vector",
}


def copy_rows(connection: Connection, values: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of identities, in the transaction of a connection.

    Args:
        connection: To PostgreSQL.
        values: The rows, each with a value for every column.

    Raises:
        DBAPIError: The server has refused them, or cannot be reached.
    """
    columns = [column.name for column in identities.columns]
    statement = f"COPY identities ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    driver: Any = connection.connection.driver_connection
    try:
        register_vector(driver)
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types([_TYPES[column] for column in columns])
            for row in values:
                copy.write_row([_sent(row[column]) for column in columns])
    except psycopg.Error as error:
        raise DBAPIError(statement, None, error) from error


def _sent(value: Any) -> Any:  # noqa: ANN401 (of any column)
    """Return what psycopg sends for a value: packed bits are an array of bytes here."""
    is_bits = isinstance(value, np.ndarray) and value.dtype == np.uint8
    return Bit(np.unpackbits(value).astype(bool)) if is_bits else value

"""Measure recall and time of HNSW in PostgreSQL by its candidates, for an index of some kind.

    python -m scripts.measures.hnsw_candidates FOLDER --size 1000000 --neighbours 24 --breadth 100

`FOLDER` is one that `python -m benchmarks.measurements.galleries.stores` filled. The templates of a
gallery are copied to a table of their own, which is dropped at the end, as is its index. With
`--half` the index holds numbers of 16 bits, and the candidates are ordered by those of 32.
"""

import argparse
import statistics
import time
from pathlib import Path

import psycopg
from pgvector.psycopg import register_vector
from sqlalchemy import make_url

from benchmarks.measurements.galleries import searches, stores
from benchmarks.measurements.galleries.people import People, draw

PROBES, TIMED, ROUNDS = 100, 20, 5
CANDIDATES = (40, 100, 150, 200, 300, 400, 600, 800)


def main() -> None:
    """Build the index, and print a line for each number of candidates."""
    parser = argparse.ArgumentParser(prog="python -m scripts.measures.hnsw_candidates")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--neighbours", type=int, default=16, help="m of pgvector")
    parser.add_argument("--breadth", type=int, default=64, help="ef_construction of pgvector")
    parser.add_argument("--half", action="store_true", help="numbers of 16 bits in the index")
    parser.add_argument("--workers", type=int, default=0, help="beside the one that builds")
    options = parser.parse_args()
    people = draw(stores.encodings()[0], options.size, PROBES)
    url = make_url(stores.postgres_url(options.folder)).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        register_vector(connection)
        _copy(connection, people)
        try:
            _index(connection, people, options)
            _measure(connection, people, half=options.half)
        finally:
            connection.execute("DROP TABLE templates")


def _copy(connection: psycopg.Connection, people: People) -> None:
    dim, name = people.encoding.dim, people.name
    connection.execute("DROP TABLE IF EXISTS templates")
    connection.execute(f"CREATE TABLE templates (place int, vector vector({dim}))")
    connection.execute(
        f"INSERT INTO templates SELECT i.name::int, i.vector "  # noqa: S608 (our own name)
        f"FROM identities i JOIN galleries g ON g.id = i.gallery_id WHERE g.name = '{name}'"
    )


def _index(connection: psycopg.Connection, people: People, options: argparse.Namespace) -> None:
    kind = f"{'halfvec' if options.half else 'vector'}({people.encoding.dim})"
    operators = "halfvec_l2_ops" if options.half else "vector_l2_ops"
    connection.execute(f"SET max_parallel_maintenance_workers = {options.workers}")
    began = time.perf_counter()
    connection.execute(
        f"CREATE INDEX ON templates USING hnsw ((vector::{kind}) {operators}) "
        f"WITH (m = {options.neighbours}, ef_construction = {options.breadth})"
    )
    seconds = time.perf_counter() - began
    row = connection.execute("SELECT pg_indexes_size('templates') >> 20").fetchone()
    print(f"index: {seconds:.0f} s, {row[0] if row else 0:,} MiB")


def _measure(connection: psycopg.Connection, people: People, *, half: bool) -> None:
    dim, nearest = people.encoding.dim, people.nearest(searches.TOP)
    near = f"ORDER BY vector::vector({dim}) <-> %(probe)s LIMIT"
    query = f"SELECT place FROM templates {near} {searches.TOP}"  # noqa: S608 (our own names)
    if half:
        roughly = f"vector::halfvec({dim}) <-> %(probe)s::vector::halfvec({dim})"
        some = f"SELECT * FROM templates ORDER BY {roughly} LIMIT {4 * searches.TOP}"  # noqa: S608
        query = f"SELECT place FROM ({some}) AS found {near} {searches.TOP}"  # noqa: S608

    def search(probe: searches.Rows) -> list[int]:
        found = connection.execute(query, {"probe": probe}, prepare=True).fetchall()
        return [place for (place,) in found]

    for width in CANDIDATES:
        connection.execute(f"SET hnsw.ef_search = {width}")
        spent = searches.milliseconds(search, people.probes[:TIMED], ROUNDS)
        share = searches.recall(search, people.probes, nearest)
        print(f"{width} candidates: recall {share:.3f}, {statistics.median(spent):.2f} ms")


if __name__ == "__main__":
    main()

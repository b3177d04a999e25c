from tests.galleries import of_sqlite
from tests.gallery_replicas import WRITERS, replicas, write_at_once

ROUNDS = 3


@of_sqlite
def test_two_services_with_64_writers_lose_no_row_and_revive_none(store_url, name, tmp_path):
    """`python -m tests.gallery_replicas` writes for longer, to PostgreSQL, and kills it."""
    with replicas(store_url, tmp_path, deadline_s=30) as clients:
        writers = write_at_once(clients, name, lambda turn: turn < ROUNDS)
        assert writers.check() == []
        assert writers.acknowledged > WRITERS
        clients[0].delete(f"/galleries/{name}/identities/w07 1")
        assert writers.check() == ["w07 1 is lost"]

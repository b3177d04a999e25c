import os
import time
from collections import Counter

import pytest

from benchmarks.host import processes
from benchmarks.load.exchanges import run_exchanges
from benchmarks.payloads.bodies import verify_requests
from benchmarks.payloads.hostile import hostile, usual
from tests.fakes import photo

ROUNDS = int(os.environ.get("HOSTILE_ROUNDS", "5"))


def resources(server):
    """Open files and threads, once connections are closed."""
    time.sleep(0.5)
    return processes.open_files(server.process.pid), processes.threads(server.process.pid)


@pytest.mark.timeout(180)
def test_hostile_requests_among_usual_ones_cost_neither_answers_nor_files_nor_threads(server):
    images = [photo(n) for n in range(8)]
    one_round = [*hostile(images), *usual(verify_requests(images)) * 10]
    run_exchanges(server.port, one_round, 16)
    before = resources(server)
    seen = run_exchanges(server.port, one_round * ROUNDS, 16)
    assert resources(server) == before
    assert seen.total() == len(one_round) * ROUNDS
    assert {status for (_, is_hostile, status) in seen if not is_hostile} == {"200"}
    kinds = Counter(kind for (kind, is_hostile, _) in seen if is_hostile)
    assert set(kinds) == {exchange.kind for exchange in hostile(images)}
    assert [status for _, _, status in seen if status.startswith("5")] == []
    assert "Traceback" not in server.log

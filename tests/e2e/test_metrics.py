import json
import os
import time
from pathlib import Path

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.test_server import SAME
from tests.servers import server, stop


def counted(client):
    text = httpx2.get(f"{client.base_url}/metrics", trust_env=False).text
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def workers(process):
    """The ids of the workers: one more child is multiprocessing's own tracker."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [pid for pid in children if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()]


def folder_of(worker):
    """The folder of the numbers, by the files that a worker has mapped."""
    mapped = [line.split()[-1] for line in Path(f"/proc/{worker}/maps").read_text().splitlines()]
    return next(Path(path).parent for path in mapped if "/likewise-metrics-" in path)


def until(condition):
    give_up = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def test_two_workers_answer_alike_and_count_as_one_also_after_one_was_killed(models_dir):
    with server(models_dir, WORKERS=2, LOG_FORMAT="json") as (process, client):
        until(lambda: counted(client)["likewise_workers",] == 2)
        files = {name: ("f", data) for name, data in SAME.items()}
        url = f"{client.base_url}/verify"
        answers = {httpx2.post(url, files=files, trust_env=False).text for _ in range(8)}
        assert len(answers) == 1
        assert counted(client)["likewise_requests_total", "/verify", "200"] == 8
        folder = folder_of(workers(process)[0])
        assert folder.is_dir()
        os.kill(int(workers(process)[0]), 9)
        until(lambda: len(workers(process)) == 2 and counted(client)["likewise_workers",] == 2)
        assert counted(client)["likewise_requests_total", "/verify", "200"] == 8
        status, log = stop(process)
    assert status == 0, log
    assert not folder.exists()
    lines = [json.loads(line) for line in log.splitlines()]
    assert len([line for line in lines if line.get("route") == "/verify"]) == 8
    assert len([line for line in lines if "ready on" in line["event"]]) == 3

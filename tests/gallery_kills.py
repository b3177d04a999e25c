"""Kill -9 a process while it enrols, one or several at a time, and look for lost and half rows.

    python -m tests.gallery_kills sqlite:////tmp/kills.db --times 100

The process enrols, replaces and erases identities in a store that has its tables (`python -m
app.gallery migrate`), and says which are acknowledged. After each kill every identity that was
acknowledged has to be there, whole, and the counts have to be those of the rows.
"""

import argparse
import multiprocessing
import random
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection

import numpy as np
from numpy.typing import NDArray

from app.gallery.port import Store
from app.gallery.records import Encoding, Enrolment
from app.gallery.sql.opening import open_store
from model.manifest import Metric

DIM = 128
ENCODING = Encoding("kills", "1.0.0", "a" * 64, "c" * 64, Metric.L2, DIM)
_TIMEOUT_S = 10.0
_NAMES = 40
_TOGETHER = (1, 1, 1, 1, 5, 3)
"""Identities of a transaction, as those that wait together are one in the service."""
_MOST_LINES = 60
_LONGEST_S = 0.005


def template_of(name: str, turn: int) -> NDArray[np.float32]:
    """Return the template of an identity as it is enrolled in a turn."""
    seed = [turn, *name.encode()]
    return np.random.default_rng(seed).standard_normal(DIM).astype(np.float32)


def write(url: str, gallery: str, start: int, say: Connection) -> None:
    """Enrol until killed, and say what is begun and what was acknowledged."""
    store = open_store(url, _TIMEOUT_S, 1)
    for turn in range(start, sys.maxsize):
        name = f"person {turn % _NAMES}"
        if turn % 7 == 6:
            known = {each.name for each in store.identities(gallery, "", _NAMES, templates=False)}
            if name in known:
                say.send(f"erasing {turn} {name}")
                store.erase(gallery, name)
                say.send(f"erased {turn} {name}")
            continue
        names = [f"person {(turn + place) % _NAMES}" for place in range(_TOGETHER[turn % 7])]
        for name in names:
            say.send(f"enrolling {turn} {name}")
        made = {name: Enrolment(1 + turn % 3, template_of(name, turn)) for name in names}
        store.enrol_many(gallery, ENCODING, made)
        for name in names:
            say.send(f"enrolled {turn} {name}")


def kill_once(url: str, gallery: str, start: int, chance: random.Random) -> list[str]:
    """Start a writer, kill it after some changes, and return the lines that it said."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload([__name__])
    hear, say = server.Pipe(duplex=False)
    writer = server.Process(target=write, args=(url, gallery, start, say), daemon=True)
    writer.start()
    say.close()
    lines = [str(hear.recv()) for _ in range(chance.randrange(2, _MOST_LINES))]
    time.sleep(chance.uniform(0, _LONGEST_S))
    writer.kill()
    with suppress(EOFError):
        while True:
            lines.append(str(hear.recv()))
    writer.join()
    return lines


def expected(lines: list[str]) -> Iterator[tuple[str, set[int | None]]]:
    """Yield each identity with the turns of which its row may be; None for no row.

    It is that of the last acknowledged change, or of the one that was under way.
    """
    found: dict[str, set[int | None]] = {}
    for line in lines:
        what, turn, name = line.split(" ", 2)
        state = None if what.startswith("eras") else int(turn)
        if what.endswith("ing"):
            found.setdefault(name, {None}).add(state)
        else:
            found[name] = {state}
    yield from found.items()


def check(store: Store, gallery: str, lines: list[str]) -> list[str]:
    """Return what is lost or half after all these lines."""
    wrong = []
    rows = {each.name: each for each in store.identities(gallery, "", 1000, templates=True)}
    for name, turns in expected(lines):
        row = rows.get(name)
        if row is None:
            wrong += [] if None in turns else [f"{name} is lost"]
            continue
        whole = [
            turn
            for turn in turns
            if turn is not None
            and row.images == 1 + turn % 3
            and np.array_equal(row.template, template_of(name, turn))
        ]
        wrong += [] if whole else [f"{name} is half, or of another turn"]
    counted = store.gallery(gallery).identities
    return wrong + ([] if counted == len(rows) else [f"{counted} counted, {len(rows)} there"])


def kill_many(url: str, times: int, seed: int = 0) -> tuple[int, list[str]]:
    """Kill so often; return the number of acknowledged changes, and what is wrong."""
    store, gallery = open_store(url, _TIMEOUT_S, 1), f"kills-{random.getrandbits(40)}"
    chance, lines, wrong = random.Random(seed), list[str](), list[str]()  # noqa: S311 (no secret)
    store.create(gallery, ENCODING)
    for turn in range(times):
        lines += kill_once(url, gallery, turn * 1_000_000, chance)
        wrong += check(store, gallery, lines)
    store.drop(gallery)
    store.close()
    return sum(line.startswith(("enrolled", "erased")) for line in lines), wrong


def main() -> None:
    """Run as the user asks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--times", type=int, default=100)
    given = parser.parse_args()
    acknowledged, wrong = kill_many(given.url, given.times)
    counted = f"{given.times} kills, {acknowledged:,} acknowledged changes, {len(wrong)} wrong"
    sys.stdout.write("\n".join([counted, *wrong, ""]))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()

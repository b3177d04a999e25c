"""`python -m bulk embed`, as a user runs it: whole, killed and gone on with."""

import random
import re
import signal
import subprocess
import time

import numpy as np
import pytest
from pyarrow import parquet

from bulk.encoding import Encoder, Recipe
from bulk.sources.listing import list_items
from bulk.sources.reading import read_items
from tests import fakes
from tests.bulk.conftest import bulk_command, write_zip

IMAGES, ROWS = 1500, 10


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A zip of many images, of which a few differ."""
    kinds = [fakes.photo(n % 4, n) for n in range(16)]
    path = tmp_path_factory.mktemp("many") / "many.zip"
    write_zip(path, {f"{n:05}.png": kinds[n % 16] for n in range(IMAGES)})
    return path


def direct(bundle, *sources):
    """The same rows by one process, without an engine."""
    items = list(list_items(list(map(str, sources)), None))
    return Encoder(Recipe(str(bundle))).table(read_items(items, 10_000_000))


def same(table, other):
    columns = ["path", "sha256", "domain_percentile", "error"]
    assert table.select(columns).equals(other.select(columns))
    one, two = (t.column("embedding").combine_chunks() for t in (table, other))
    assert one.is_valid().equals(two.is_valid())
    np.testing.assert_allclose(one.flatten(), two.flatten(), atol=1e-5)


def test_all_sources_are_embedded_in_order_and_bad_files_are_rows(
    bulk, models_dir, folder, archives, tmp_path
):
    to = tmp_path / "out" / "all.parquet"
    command = ("embed", folder, archives, "--model", models_dir / "tiny", "--to", to, "--rows", 7)
    run = bulk(*command)
    assert run.returncode == 0, run.stderr
    assert "60 rows are in" in run.stdout
    assert "12 of them have an error" in run.stdout
    same(parquet.read_table(to), direct(models_dir / "tiny", folder, archives))
    assert [path.name for path in to.parent.iterdir()] == ["all.parquet"]
    again = bulk(*command)
    assert (again.returncode, again.stdout) == (0, f"{to} is done already\n")
    other = bulk("embed", folder, "--model", models_dir / "tiny-codes", "--to", to)
    assert other.returncode == 1
    assert "embeddings of another bundle" in other.stderr


def test_a_job_that_is_killed_goes_on_and_makes_nothing_twice(
    bulk, models_dir, many, tmp_path, environment
):
    to, parts = tmp_path / "out.parquet", tmp_path / "out.parquet.parts"
    command = ("embed", many, "--model", models_dir / "tiny", "--to", to, "--rows", ROWS)
    chance, before = random.Random(), {}  # noqa: S311 (moments to kill at)
    for _ in range(2):
        stop_at = len(before) + chance.randint(1, 30)
        with subprocess.Popen(  # noqa: S603 (our own program)
            bulk_command(*command), env=environment, cwd=tmp_path, stderr=subprocess.PIPE
        ) as process:
            while len(made(parts)) < stop_at:
                assert process.poll() is None, process.stderr.read()
                time.sleep(chance.random() / 100)
            process.send_signal(signal.SIGKILL)
        wait_for_end_of_workers(parts)
        after = made(parts)
        assert before.items() <= after.items()
        assert not to.exists()
        before = after
    other = bulk("embed", many, "--model", models_dir / "tiny", "--to", to, "--rows", ROWS + 1)
    assert other.returncode == 1
    assert "holds another job, with other rows" in other.stderr
    run = bulk(*command)
    assert run.returncode == 0, run.stderr
    done = re.search(r"([\d,]+) of 1,500 images are done already", run.stderr)
    assert int(done[1].replace(",", "")) == ROWS * len(before)
    same(parquet.read_table(to), direct(models_dir / "tiny", many))
    assert not parts.exists()


def made(parts):
    """The parts that are there, with what shows that they were not written again."""
    found = {}
    for path in parts.glob("part-*.parquet"):
        about = path.stat()
        found[path.name] = about.st_ino, about.st_mtime_ns
    return found


def wait_for_end_of_workers(parts):
    """A worker whose parent was killed ends after its shard."""
    known = None
    while known != (known := made(parts)):
        time.sleep(0.3)


def test_two_processes_do_not_work_on_one_output(bulk, models_dir, folder, tmp_path):
    import fcntl  # noqa: PLC0415

    parts = tmp_path / "out.parquet.parts"
    parts.mkdir()
    with (parts / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        run = bulk(
            "embed", folder, "--model", models_dir / "tiny", "--to", tmp_path / "out.parquet"
        )
    assert run.returncode == 1
    assert "another process works on" in run.stderr


def test_an_abort_in_the_interpreters_clean_up_changes_nothing(environment):
    code = (
        "import atexit, os, runpy, sys; atexit.register(os.abort); "
        "sys.argv = ['bulk', '--help']; runpy.run_module('bulk', run_name='__main__')"
    )
    run = subprocess.run(  # noqa: S603 (our own interpreter)
        [bulk_command()[0], "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0
    assert "embed" in run.stdout

"""`python -m bulk embed`, as a user runs it: whole, killed and gone on with."""

import fcntl
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from benchmarks.host.processes import tree
from bulk.cli import main
from bulk.encoding import Encoder, Recipe
from bulk.jobs.job import Order, folder_of, open_job
from bulk.places import Place
from bulk.progress import Progress
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


def test_a_job_that_is_killed_goes_on_and_makes_nothing_twice(
    bulk, models_dir, many, tmp_path, environment
):
    to, parts = tmp_path / "out.parquet", tmp_path / "out.parquet.parts"
    command = (
        "embed",
        many,
        "--model",
        models_dir / "tiny",
        "--to",
        to,
        "--rows",
        ROWS,
        "--workers",
        2,
    )
    chance, before = random.Random(), {}  # noqa: S311 (moments to kill at)
    for _ in range(2):
        stop_at = len(before) + chance.randint(1, 30)
        with subprocess.Popen(  # noqa: S603 (our own program)
            bulk_command(*command), env=environment, cwd=tmp_path, stderr=subprocess.PIPE
        ) as process:
            while len(made(parts)) < stop_at:
                assert process.poll() is None, process.stderr.read()
                time.sleep(chance.random() / 100)
            workers = list(tree(process.pid))[1:]
            process.send_signal(signal.SIGKILL)
        assert len(workers) >= 2
        wait_for_end(workers)
        after = made(parts)
        assert before.items() <= after.items()
        assert not to.exists()
        before = after
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


def wait_for_end(workers):
    """Workers end soon after their parent."""
    until = time.monotonic() + 20
    while any(is_running(pid) for pid in workers):
        assert time.monotonic() < until
        time.sleep(0.02)


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2]
    except OSError:
        return False
    return state[0] not in "ZX"


def embedding(folder, bundle, to, *more):
    return main(["embed", str(folder), "--model", str(bundle), "--to", str(to), *more])


def test_an_output_that_is_there_is_done_or_of_another_bundle(models_dir, folder, tmp_path, capsys):
    to = tmp_path / "out.parquet"
    parquet.write_table(direct(models_dir / "tiny", folder), to)
    assert embedding(folder, models_dir / "tiny", to) == 0
    assert capsys.readouterr().out == f"{to} is done already\n"
    assert embedding(folder, models_dir / "tiny-codes", to) == 1
    assert "embeddings of another bundle" in capsys.readouterr().err
    to.write_text("mine")
    assert embedding(folder, models_dir / "tiny", to) == 1
    assert "is another file" in capsys.readouterr().err
    assert to.read_text() == "mine"


def test_a_job_is_gone_on_with_by_its_own_arguments_alone(models_dir, folder, tmp_path, capsys):
    recipe, to = Recipe(str(models_dir / "tiny")), Place(str(tmp_path / "out.parquet"))
    order, maker = Order((str(folder),), recipe, to), Encoder(recipe).maker
    folder_of(to).make_folder()
    job = open_job(order, maker, Progress("images listed"))
    assert (job.planned.images, job.missing()) == (15, [0])
    assert open_job(order, maker, Progress("images listed")) == job
    assert embedding(folder, models_dir / "tiny", to.address, "--rows", "5") == 1
    assert "holds another job, with other rows" in capsys.readouterr().err
    assert embedding(folder / "p0", models_dir / "tiny", to.address) == 1
    assert "holds another job, with other sources" in capsys.readouterr().err


def test_two_processes_do_not_work_on_one_output(models_dir, folder, tmp_path, capsys):
    parts = tmp_path / "out.parquet.parts"
    parts.mkdir()
    with (parts / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert embedding(folder, models_dir / "tiny", tmp_path / "out.parquet") == 1
    assert "another process works on" in capsys.readouterr().err


def test_a_source_without_images_is_an_error(models_dir, tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("no image")
    assert embedding(tmp_path / "notes.txt", models_dir / "tiny", tmp_path / "out.parquet") == 1
    assert "no images in" in capsys.readouterr().err


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

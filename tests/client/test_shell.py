"""The command `likewise` as a user types it, against a server and in process."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest
from likewise_client.shell.arguments import parser
from likewise_client.shell.main import main

from app.keys.entries import make_key
from tests import fakes
from tests.servers import ROOT, server

WORDS = [sys.executable, "-m", "likewise_client.shell.main"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for name, data in {
        "one.png": fakes.photo(1),
        "again.png": fakes.photo(1, take=1),
        "other.png": fakes.photo(2),
        "cut.png": fakes.photo(3)[:200],
    }.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def address(models_dir):
    with server(models_dir) as (_, client):
        yield str(client.base_url)


@pytest.fixture(scope="module", params=["server", "in process"])
def environment(request, models_dir):
    """What a user's shell has: the address of a server, or where the models are."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("LIKEWISE_")}
    clean["PYTHONPATH"] = f"{ROOT}:{ROOT / 'client'}"
    if request.param == "in process":
        return clean | {"LIKEWISE_MODELS_DIR": str(models_dir), "LIKEWISE_DEFAULT_MODEL": "tiny"}
    return clean | {"LIKEWISE_URL": request.getfixturevalue("address")}


@pytest.fixture
def run(environment, folder):
    def run(*words, **options):
        return subprocess.run(  # noqa: S603 (our own words)
            [*WORDS, *map(str, words)],
            cwd=folder,
            env=environment | options.pop("env", {}),
            capture_output=True,
            text=options.pop("text", True),
            timeout=60,
            check=False,
            **options,
        )

    return run


@pytest.fixture
def call(environment, folder, monkeypatch, capsys):
    """As `run`, in this process."""

    def call(*words):
        monkeypatch.chdir(folder)
        for name in environment.keys() - os.environ.keys():
            monkeypatch.setenv(name, environment[name])
        try:
            status = main(list(map(str, words)))
        except SystemExit as end:
            status = end.code
        return subprocess.CompletedProcess(words, status, *capsys.readouterr())

    return call


def test_the_status_says_same_or_different(run):
    same, different = run("verify", "one.png", "again.png"), run("verify", "one.png", "other.png")
    assert (same.returncode, different.returncode) == (0, 1)
    assert same.stdout.startswith("same: energy ")
    assert "pairs of different things about" in same.stdout
    assert "likelihood ratio 320 (" in same.stdout
    assert different.stdout.startswith("different: energy ")
    assert same.stderr == different.stderr == ""


def test_an_unsure_decision_has_a_status_and_words_of_its_own(call):
    costs = ("--cost-false-match", "1e6", "--cost-false-non-match", "20")
    done = call("verify", *costs, "one.png", "one.png")
    assert done.returncode == 3
    first, shares, note, model = done.stdout.splitlines()
    assert re.fullmatch(r"unsure: energy 0, different above 0\.\d+", first)
    assert re.fullmatch(r"unsure are \d+ % of the pairs of the same thing, and .*", shares)
    assert note.startswith("no pair is same: at these costs")
    assert model.startswith("tiny ")
    assert call("verify", *costs, "one.png", "other.png").returncode == 1


def test_target_rates_name_their_two_limits(call):
    done = call("verify", "--fmr", "0.05", "--fnmr", "0.08", "one.png", "again.png")
    assert done.returncode == 0
    assert "same up to 0.4, different above 0.8" in done.stdout
    assert "pairs of different things about" in done.stdout


def test_the_answer_as_json_is_the_whole_answer(call):
    answer = json.loads(call("verify", "--json", "--fmr", "0.1", "one.png", "other.png").stdout)
    assert answer["operating_point"]["target_fmr"] == 0.1
    assert answer["model"]["name"] == "tiny"


def test_embeddings_are_written_as_a_whole_and_compared(call, folder):
    told = call("embed", "one.png", "again.png", "other.png", "-o", "all.npy")
    assert told.stdout == "0\tone.png\n1\tagain.png\n2\tother.png\n"
    rows = np.load(folder / "all.npy")
    assert rows.shape == (3, fakes.DIM)
    assert call("embed", "one.png", "-o", "probe.npy").returncode == 0
    lines = call("compare", "probe.npy", "all.npy").stdout.splitlines()
    assert [line.split("\t")[2] for line in lines] == ["same", "same", "different"]
    alone = json.loads(call("verify", "--json", "one.png", "other.png").stdout)
    assert float(lines[2].split("\t")[1]) == pytest.approx(alone["energy"], rel=1e-4)
    assert [file.name for file in folder.glob(".*")] == []


def test_an_array_goes_to_standard_output_with_nothing_beside_it(run, tmp_path):
    done = run("embed", "one.png", "-o", "-", text=False)
    (tmp_path / "x.npy").write_bytes(done.stdout)
    assert np.load(tmp_path / "x.npy").shape == (1, fakes.DIM)
    assert done.stderr == b"0\tone.png\n"


def test_models_are_listed_and_told(call):
    listed = call("models")
    assert "tiny 1.2.3 (default)" in listed.stdout
    assert "--fmr 0.1" in listed.stdout
    assert "not for:" in call("models", "tiny-codes").stdout
    assert json.loads(call("models", "--json").stdout)[0]["name"] == "tiny"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["verify", "one.png", "none.png"], "the second image: none.png: No such file"),
        (["verify", "one.png", "cut.png"], "damaged or cut short"),
        (["verify", "one.png", "http://example.org/a.png"], "never fetched"),
        (["verify", "--fmr", "0.001", "one.png", "other.png"], "supported: 0.1, 0.05, 0.01"),
        (["verify", "--model", "none", "one.png", "other.png"], "there is no model 'none'"),
        (["models", "none"], "there is no model 'none'"),
        (["compare", "one.png", "one.png"], "not a .npy file"),
        (["embed", "one.png", "-o", "no/such/folder.npy"], "No such file"),
        (["verify", "--key-file", "none", "--server", "http://x", "a", "b"], "none: "),
        (["verify", "--server", "http://127.0.0.1:9", "one.png", "one.png"], "cannot be reached"),
        (["verify", "--server", "localhost", "one.png", "one.png"], "no address of a service"),
    ],
)
def test_trouble_is_one_line_and_status_2(call, caplog, words, said):
    done = call(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("likewise: ")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
    assert caplog.records == [], "a process of its own would print them"


def test_both_a_rate_and_a_threshold_are_a_mistake(call):
    done = call("verify", "--fmr", "0.1", "--threshold", "1", "one.png", "other.png")
    assert done.returncode == 2
    assert "not allowed with" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["--server", "URL", "verify", "one.png", "again.png"],
        ["verify", "--server", "URL", "one.png", "again.png"],
        ["verify", "one.png", "--server", "URL", "again.png"],
        ["verify", "one.png", "again.png", "--server", "URL"],
        ["--server=URL", "--json", "verify", "one.png", "again.png"],
        ["--model", "tiny", "--json", "verify", "one.png", "--server", "URL", "again.png"],
        ["--server", "http://127.0.0.1:9", "verify", "--server", "URL", "one.png", "again.png"],
        ["--server", "URL", "models", "tiny"],
        ["models", "--server", "URL", "tiny"],
        ["--server", "URL", "embed", "one.png", "-o", "any.npy", "again.png"],
        ["embed", "-o", "any.npy", "one.png", "--server", "URL", "again.png", "--json", "cut.png"],
    ],
    ids=" ".join,
)
def test_options_stand_before_or_after_the_command_and_between_images(words):
    given = parser().parse_args(words)
    assert given.server == "URL"
    assert given.json is ("--json" in words)
    assert given.model == ("tiny" if "--model" in words else None)
    images = [word for word in words if word.endswith(".png")]
    if given.command == "verify":
        assert [str(given.image1), str(given.image2)] == images
    elif given.command == "embed":
        assert [str(path) for path in given.images] == images
        assert given.out == "any.npy"
    else:
        assert given.name == "tiny"


def test_the_server_before_the_command_is_asked(folder, address, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    monkeypatch.delenv("LIKEWISE_URL", raising=False)
    status = main(["--server", address, "--json", "verify", "one.png", "other.png"])
    assert status == 1
    assert json.loads(capsys.readouterr().out)["model"]["name"] == "tiny"


def test_it_says_its_version(call):
    done = call("--version")
    assert done.returncode == 0
    assert done.stdout == f"likewise {version('likewise-client')}\n"


def test_help_shows_how_it_is_used(call):
    told = call("--help").stdout
    assert "likewise verify ann-1.jpg ann-2.jpg" in told
    assert "0 same, 1 different, 2 error" in " ".join(call("verify", "--help").stdout.split())


def test_a_reader_that_has_read_enough_is_no_error(environment, folder):
    words = " ".join(WORDS)
    many = " ".join(["one.png"] * 32)
    script = f"{words} embed {many} -o all.npy && {words} compare probe2.npy all.npy | head -1"
    subprocess.run(  # noqa: S602 (a pipe of a shell is what is tried)
        f"{words} embed one.png -o probe2.npy >/dev/null && {script}",
        shell=True,
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        timeout=60,
    )


def test_a_key_comes_from_the_environment_or_a_file(models_dir, folder, tmp_path):
    key, entry = make_key("shop")
    (tmp_path / "keys.txt").write_text(f"{entry.line}\n")
    (tmp_path / "mine").write_text(f"{key}\n")
    with server(models_dir, API_KEYS_FILE=tmp_path / "keys.txt") as (_, client):
        clean = {"PYTHONPATH": f"{ROOT}:{ROOT / 'client'}", "LIKEWISE_URL": str(client.base_url)}

        def status(*words, **more):
            done = subprocess.run(  # noqa: S603
                [*WORDS, *words, "one.png", "again.png"],
                cwd=folder,
                env=clean | more,
                capture_output=True,
                check=False,
                timeout=60,
            )
            return done.returncode

        assert status("verify") == 2
        assert status("verify", LIKEWISE_API_KEY=key) == 0
        assert status("verify", "--key-file", str(tmp_path / "mine")) == 0


def test_an_interrupt_ends_it_quietly(folder):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environment = os.environ | {
            "PYTHONPATH": f"{ROOT}:{ROOT / 'client'}",
            "LIKEWISE_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
        }
        process = subprocess.Popen(  # noqa: S603
            [*WORDS, "verify", "one.png", "again.png"],
            cwd=folder,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
            # In the background of a shell it is ignored, and that is inherited.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        )
        silent.settimeout(30)
        asked, _ = silent.accept()  # From here on it waits for an answer.
        with asked:
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert told == ""


def test_who_may_read_embeddings_is_the_users_own_choice(run, folder):
    before = os.umask(0o077)
    try:
        assert run("embed", "one.png", "-o", "private.npy").returncode == 0
    finally:
        os.umask(before)
    assert (folder / "private.npy").stat().st_mode & 0o777 == 0o600


def test_further_images_of_a_side_are_compared_with_it(call):
    done = call("verify", "--json", "one.png", "again.png", "--also2", "one.png")
    answer = json.loads(done.stdout)
    assert (answer["images"], answer["same"], done.returncode) == ([1, 2], True, 0)


def test_rows_of_a_template_are_compared_together(call, tmp_path):
    rows = np.eye(fakes.DIM, dtype=np.float32)
    np.save(tmp_path / "probe.npy", rows[:2])
    np.save(tmp_path / "gallery.npy", rows[:4])
    files = (tmp_path / "probe.npy", tmp_path / "gallery.npy")
    words = ("compare", "--json", *files, "--gallery-images", "2")
    answer = json.loads(call(*words, "--probe-images", "2").stdout)
    assert answer["energies"] == pytest.approx([0.0, 1.0])
    assert "holds 2 rows" in call(*words).stderr

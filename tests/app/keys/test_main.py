import subprocess
import sys

from app.keys.__main__ import main
from app.keys.entries import digest_of, read_keys


def test_the_line_goes_to_stdout_and_the_key_to_stderr_alone(tmp_path, capsys):
    assert main(["shop"]) == 0
    shown = capsys.readouterr()
    key = shown.err.strip().rpartition(" ")[2]
    path = tmp_path / "keys.txt"
    path.write_text(shown.out)
    (entry,) = read_keys(path)
    assert (entry.name, entry.digest) == ("shop", digest_of(key.encode()))
    assert key not in shown.out


def test_a_bad_name_is_told_and_nothing_is_made(capsys):
    assert main(["two words"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "1 to 64 letters" in shown.err


def test_it_runs_as_a_command():
    run = subprocess.run(
        [sys.executable, "-m", "app.keys", "shop"], capture_output=True, text=True, check=True
    )
    assert run.stdout.startswith("shop ")
    assert "shown this once: likewise_" in run.stderr

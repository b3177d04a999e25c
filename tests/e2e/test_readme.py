"""README's example works as pasted, and gives the answer that stands there."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import SHIPPED_BUNDLES
from tests.e2e.test_server import server

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CURL = re.search(r"^curl -s http://127\.0\.0\.1:8000/verify .*$", README, re.MULTILINE)[0]
ANSWER = json.loads(re.search(r"```json\n(.*?)```", README, re.DOTALL)[1])

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@pytest.fixture(scope="module")
def url():
    with server(SHIPPED_BUNDLES, DEFAULT_MODEL="faces", PRECISION="fp32") as (_, client):
        yield str(client.base_url).rstrip("/")


def pasted(command, url):
    words = shlex.split(command.replace("http://127.0.0.1:8000", url))
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 (README's own words)
    return json.loads(done.stdout)


def test_the_curl_of_the_readme_gives_the_answer_of_the_readme(url):
    answer = pasted(CURL, url)
    assert answer["model"].pop("sha256").startswith(ANSWER["model"].pop("sha256").rstrip("…"))
    assert answer.pop("model") == ANSWER["model"]
    point, stated = answer.pop("operating_point"), ANSWER["operating_point"]
    for name, value in stated.items():
        assert point[name] == pytest.approx(value, rel=1e-2), name
    assert set(point) == set(stated)
    domain, quoted = answer.pop("domain"), ANSWER["domain"]
    assert (domain["status"], set(domain)) == (quoted["status"], set(quoted))
    assert (domain["percentile"] or []) == pytest.approx(quoted["percentile"] or [], rel=1e-2)
    assert str(domain["reason"]).startswith(str(quoted["reason"]).rstrip("…"))
    for found, told in zip(answer.pop("located"), ANSWER["located"], strict=True):
        for name, value in told.items():
            assert found[name] == pytest.approx(value, rel=1e-2), name
    for name, value in answer.items():
        is_number = isinstance(value, float) or (isinstance(value, list) and name != "images")
        assert value == (pytest.approx(ANSWER[name], rel=1e-2) if is_number else ANSWER[name]), name


def test_the_other_image_of_the_readme_is_told_apart_at_the_energy_it_states(url):
    answer = pasted(CURL.replace("ann-2", "ben-1"), url)
    stated = float(re.search(r"`\"same\": false` at an\s+energy of (\d+\.\d+)", README)[1])
    assert not answer["same"]
    assert answer["energy"] == pytest.approx(stated, rel=1e-2)


def fenced(page, language):
    return fenced_in((ROOT / "docs" / page).read_text(), language)


def fenced_in(text, language):
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [body for named, body in found if named == language]


def test_the_example_of_the_client_prints_what_stands_beside_it(url):
    program = fenced("client.md", "python")[0].replace("http://127.0.0.1:8000", url)
    done = subprocess.run(  # noqa: S603 (the page's own words)
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "client")},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == fenced("client.md", "")[0]


def test_the_examples_of_the_shell_give_what_stands_beside_them():
    words = shlex.split(fenced("shell.md", "sh")[0])[1:]
    again = shlex.split(fenced("shell.md", "sh")[1].partition("||")[0])[1:]
    told = [
        subprocess.run(  # noqa: S603
            [sys.executable, "-m", "likewise_client.shell.main", *command],
            cwd=ROOT,
            env=os.environ
            | {"PYTHONPATH": f"{ROOT}:{ROOT / 'client'}", "LIKEWISE_PRECISION": "fp32"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        for command in (words, again)
    ]
    assert told[0].stdout == fenced("shell.md", "")[0]
    assert [done.returncode for done in told] == [0, 1]


def test_the_quick_start_of_the_manual_says_what_the_readme_says():
    assert json.loads(fenced("index.md", "json")[0]) == json.loads(fenced_in(README, "json")[0])
    assert fenced("index.md", "sh")[0].strip() == CURL

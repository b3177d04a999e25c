import http.server
import json
import sys
import threading

import pytest

from scripts import audit_dependencies

CLEAN = {"name": "good", "version": "1.0", "vulns": []}
BAD = {
    "name": "bad",
    "version": "0.1",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["0.2"], "aliases": [], "description": "x"}],
}
SKIPPED = {"name": "ours", "skip_reason": "not found on PyPI"}


@pytest.fixture(scope="module")
def advisories():
    """A host that answers, be it with 501."""
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        server.RequestHandlerClass.log_message = lambda *_: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def reporting(*packages):
    """A program that reports these packages, and ends as pip-audit does."""
    report = json.dumps({"dependencies": packages, "fixes": []})
    found = any(package.get("vulns") for package in packages)
    return (sys.executable, "-S", "-c", f"print({report!r}); raise SystemExit({int(found)})")


def test_a_known_vulnerability_fails_and_is_named_with_its_fix(advisories, capsys):
    assert audit_dependencies.audit(reporting(CLEAN, BAD), advisories) == 1
    said = capsys.readouterr().out
    assert "bad 0.1: PYSEC-1, fixed in 0.2" in said
    assert "2 packages, 1 known vulnerabilities" in said


def test_nothing_found_passes_and_says_what_was_left_out(advisories, capsys):
    assert audit_dependencies.audit(reporting(CLEAN, SKIPPED), advisories) == 0
    said = capsys.readouterr().out
    assert "2 packages, 0 known vulnerabilities" in said
    assert "not audited: ours (not found on PyPI)" in said


def test_without_the_network_it_passes_and_says_that_it_did_not_run(capsys):
    closed = "http://127.0.0.1:1/"
    assert audit_dependencies.audit(reporting(BAD), closed) == 0
    assert "DID NOT RUN: http://127.0.0.1:1/ cannot be reached" in capsys.readouterr().out


def test_an_audit_that_breaks_is_neither_clean_nor_absent(advisories, capsys):
    broken = (sys.executable, "-S", "-c", "raise SystemExit('no such thing')")
    assert audit_dependencies.audit(broken, advisories) == 2
    assert "no such thing" in capsys.readouterr().out


def test_an_audit_that_takes_too_long_is_ended_and_says_so(advisories, capsys, monkeypatch):
    monkeypatch.setattr(audit_dependencies, "_AUDIT_S", 0.2)
    slow = (sys.executable, "-S", "-c", "import time; time.sleep(30)")
    assert audit_dependencies.audit(slow, advisories) == 0
    assert "DID NOT RUN: no report within" in capsys.readouterr().out

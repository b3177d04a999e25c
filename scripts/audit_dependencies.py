"""Audit the installed packages for known vulnerabilities.

    .venv/bin/python scripts/audit_dependencies.py     (a part of `make check`)

pip-audit asks osv.dev about every package of this environment. If that host cannot be reached, the
script prints a notice and does not fail: a linter must work without the network.

Exit status: 0 nothing found, or not run (see the output); 1 a vulnerability; 2 the audit failed.
"""

import json
import subprocess
import sys
from urllib.error import HTTPError
from urllib.request import urlopen

ADVISORIES = "https://api.osv.dev/"
PIP_AUDIT = (
    *(sys.executable, "-m", "pip_audit", "--local", "--skip-editable", "--progress-spinner=off"),
    *("--vulnerability-service=osv", "--format=json", "--timeout=10"),
)
_PROBE_S = 5
_AUDIT_S = 180


def audit(command: tuple[str, ...], advisories: str) -> int:
    """Run pip-audit if the host of the advisories answers, and judge its report.

    Args:
        command: pip-audit, which writes its JSON report to stdout.
        advisories: An address of the host that it asks.
    """
    try:
        urlopen(advisories, timeout=_PROBE_S).close()  # noqa: S310 (a constant, or a test's own)
    except HTTPError:
        pass  # The host answers.
    except OSError as error:
        return not_run(f"{advisories} cannot be reached ({getattr(error, 'reason', error)})")
    try:
        run = subprocess.run(  # noqa: S603 (our own tool)
            command, capture_output=True, text=True, timeout=_AUDIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return not_run(f"no report within {_AUDIT_S} s")
    try:
        packages = json.loads(run.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(f"the dependency audit broke (exit {run.returncode}):\n{run.stderr[-2000:]}")
        return 2
    return judge(packages)


def judge(packages: list[dict]) -> int:
    """Print each finding; return 1 if there is one."""
    findings = [(package, found) for package in packages for found in package.get("vulns", ())]
    for package, found in findings:
        fixed = ", ".join(found["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']}: {found['id']}, fixed in {fixed}")
    for package in packages:
        if "skip_reason" in package:
            print(f"not audited: {package['name']} ({package['skip_reason']})")
    print(f"dependency audit: {len(packages)} packages, {len(findings)} known vulnerabilities")
    return 1 if findings else 0


def not_run(reason: str) -> int:
    """Print that nothing was audited."""
    print(f"THE DEPENDENCY AUDIT DID NOT RUN: {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(audit(PIP_AUDIT, ADVISORIES))

"""The locks: complete, with hashes, of the versions in pyproject.toml, and used everywhere."""

import json
import re
import tomllib
from importlib.metadata import distribution, version

import pytest
import yaml
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts import lock, sbom, torch_lock
from tests.servers import ROOT

LOCKS = lock.locks()
PLATFORMS = {
    "linux-x86_64": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "linux-aarch64": {
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "platform_machine": "aarch64",
    },
    "mac": {
        "sys_platform": "darwin",
        "platform_system": "Darwin",
        "os_name": "posix",
        "platform_machine": "arm64",
    },
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}
MACHINES = [(python, name) for python in ("3.11", "3.12", "3.13", "3.14") for name in PLATFORMS]
ENTRY = re.compile(
    r"^(\S+?)==(\S+?)(?: ; (.+?))? \\\n((?:    --hash=\S+(?: \\)?\n)+)", re.MULTILINE
)


def environment(python, platform):
    found = {"platform_machine": "x86_64", "implementation_name": "cpython"}
    found |= {"platform_python_implementation": "CPython"} | PLATFORMS[platform]
    return found | {"python_version": python, "python_full_version": f"{python}.9"}


def text_of(name):
    return (ROOT / "requirements" / f"{name}.txt").read_text()


def entries(name):
    """The entries of a lock: name, version, marker, and how many hashes."""
    return [
        (package, pinned, marker, hashes.count("--hash=sha256:"))
        for package, pinned, marker, hashes in ENTRY.findall(text_of(name))
    ]


def active(name, machine):
    """The versions that are installed on a machine, by package."""
    found = {}
    for package, pinned, marker, _ in entries(name):
        if not marker or Marker(marker).evaluate(machine):
            assert package not in found, f"{package} twice in {name}"
            found[package] = pinned
    return found


def direct(described):
    """What a lock is made for, as requirements."""
    wanted = list(described.others)
    for project in described.projects:
        told = tomllib.loads((ROOT / project).read_text())["project"]
        wanted += told["dependencies"]
        for extra in described.extras:
            wanted += told.get("optional-dependencies", {}).get(extra, [])
    return [Requirement(each) for each in wanted]


@pytest.mark.parametrize("name", [*LOCKS, "torch", "torch-cpu"])
def test_every_line_of_a_lock_is_an_entry_with_hashes_and_names_no_host(name):
    rest = ENTRY.sub("", text_of(name))
    assert [line for line in rest.splitlines() if line and not line.lstrip().startswith("#")] == []
    assert all(hashes > 0 for *_, hashes in entries(name))
    assert not re.search(r"://|index|find-links|@|\.(org|com|io|net)\b", text_of(name))


@pytest.mark.parametrize(("python", "platform"), MACHINES)
@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_each_requirement_of_its_projects_in_a_version_that_they_allow(
    name, python, platform
):
    machine = environment(python, platform)
    found = active(name, machine) | (active("torch", machine) if name == "dev" else {})
    wanted = [
        each for each in direct(LOCKS[name]) if not each.marker or each.marker.evaluate(machine)
    ]
    assert wanted
    wrong = {
        each.name: found.get(canonicalize_name(each.name))
        for each in wanted
        if not each.specifier.contains(found.get(canonicalize_name(each.name), "0"))
    }
    assert wrong == {}, "run `make lock`"


@pytest.mark.parametrize("name", ["dev", "service", "client", "build"])
def test_a_lock_has_whatever_its_packages_require(name):
    """pip installs a lock without looking for dependencies, so that nothing may be missing."""
    machine = default_environment()
    found = active(name, machine)
    if name == "dev":
        found |= active(torch_lock.lock_of(version(lock.TORCH)).stem, machine)
    wanted = direct(LOCKS[name])
    open_ones = [each for each in wanted if not each.marker or each.marker.evaluate(machine)]
    seen = set()
    while open_ones:
        each = open_ones.pop()
        package = canonicalize_name(each.name)
        assert package in found or package == lock.PIP, f"{package}: run `make lock`"
        key = (package, tuple(sorted(each.extras)))
        if key in seen or package == lock.PIP:
            continue
        seen.add(key)
        for text in distribution(package).requires or ():
            needed = Requirement(text)
            extras = [*each.extras, ""]
            if not needed.marker or any(needed.marker.evaluate({"extra": e}) for e in extras):
                open_ones.append(needed)
    assert {package for package, _ in seen} == set(found), "run `make lock`"


def test_pytorch_is_locked_twice_and_only_apart_from_the_rest():
    (cpu,), cuda = entries("torch-cpu"), {entry[0]: entry[1] for entry in entries("torch")}
    assert cpu[0] == lock.TORCH
    assert cpu[1] == f"{cuda[lock.TORCH]}{lock.CPU}"
    assert cuda.keys() >= {"nvidia-cublas", "triton"}
    for name in ("dev", "service", "client"):
        assert not cuda.keys() & {entry[0] for entry in entries(name)}


def test_pip_takes_the_lock_of_the_build_that_the_machine_selects():
    assert torch_lock.lock_of("2.13.0+cpu").name == "torch-cpu.txt"
    assert torch_lock.lock_of("2.13.0").name == "torch.txt"
    assert all(torch_lock.lock_of(version).exists() for version in ("1+cpu", "1"))


@pytest.mark.parametrize("name", ["service", "client", "build"])
def test_what_is_shipped_has_the_versions_that_are_tested(name):
    assert {entry[:2] for entry in entries(name)} <= {entry[:2] for entry in entries("dev")}


def test_nothing_is_installed_without_the_hashes_of_a_lock():
    makefile, dockerfile = (ROOT / "Makefile").read_text(), (ROOT / "Dockerfile").read_text()
    installs = [line for line in makefile.splitlines() if "$(INSTALL) " in line]
    assert len(installs) > 3
    for line in installs:
        hashed = "$(LOCKED)" in line or "scripts/helm.txt" in line  # Each file of it has hashes.
        assert hashed or line.strip() == "@$(INSTALL) $(OURSELVES)", line
    assert re.search(r"^LOCKED := --require-hashes --no-deps$", makefile, re.MULTILINE)
    assert re.search(r"^OURSELVES := --no-deps --no-build-isolation ", makefile, re.MULTILINE)
    assert "--hash=sha256:" in (ROOT / "scripts/helm.txt").read_text()
    steps = re.findall(r"\b(install|wheel) --no-cache-dir ([^\n&]+)", dockerfile)
    assert len(steps) == 9
    for kind, options in steps:
        assert "--no-deps" in options
        offline = options.strip() == "--no-deps /package/*.whl" or (
            kind == "wheel" and "--no-build-isolation" in options
        )
        assert offline or "--require-hashes" in options, options


def test_hashes_of_other_pythons_are_kept_while_the_version_stays():
    one, two = f"    --hash=sha256:{'1' * 64}", f"    --hash=sha256:{'2' * 64}"
    entry, before = f"torch==2+cpu \\\n{two}\n", f"# head\ntorch==2+cpu \\\n{one}\n"
    both = f"torch==2+cpu \\\n{one} \\\n{two}\n"
    assert lock.merge(entry, before) == both
    assert lock.merge(entry, both) == both
    assert lock.merge(entry, before.replace("==2", "==1")) == entry


def test_pytorch_is_split_off_with_its_comments():
    hashes = f" \\\n    --hash=sha256:{'1' * 64}\n    # via x\n"
    text = f"# a\n# b\na==1{hashes}nvidia-x==1 ; m{hashes}torch==2{hashes}torchvision==1{hashes}"
    rest, torch = lock.split_torch(text)
    assert rest == f"# a\n# b\na==1{hashes}torchvision==1{hashes}"
    assert torch == f"# a\n# b\nnvidia-x==1 ; m{hashes}torch==2{hashes}"


def test_the_bill_of_materials_lists_what_the_image_installs(tmp_path):
    sbom.write(tmp_path / "one.json")
    sbom.write(tmp_path / "two.json", validated=False)  # 3 s less; the same bytes are valid, too.
    told = json.loads((tmp_path / "one.json").read_text())
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert told["bomFormat"] == "CycloneDX"
    assert told["metadata"]["component"]["name"] == "likewise"
    listed = {part["name"]: part["version"] for part in told["components"]}
    assert listed == active("service", environment("3.11", "linux-x86_64"))
    assert not {"colorama", "torch"} & set(listed)
    for part in told["components"]:
        assert part["purl"] == f"pkg:pypi/{part['name']}@{part['version']}"
        assert part["externalReferences"][0]["hashes"], part["name"]


def test_the_base_images_that_are_pinned_are_those_that_are_used():
    named = re.findall(
        r"^  ([A-Z_]+)=([a-z]\S+)$", (ROOT / "scripts/digests.sh").read_text(), re.MULTILINE
    )
    compose = (ROOT / "docker-compose.yml").read_text()
    services = yaml.safe_load(compose)["services"]
    assert {f"${{{name}:-{image}}}" for name, image in named if name != "BASE"} == {
        described["image"] for described in services.values() if "build" not in described
    }
    base = dict(named)["BASE"]
    assert services["likewise"]["build"]["args"]["BASE"] == f"${{BASE:-{base}}}"
    assert re.findall(r"^ARG BASE=(.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE) == [base]
    assert f"base=${{base:-{base}}}" in (ROOT / "scripts/image.sh").read_text()

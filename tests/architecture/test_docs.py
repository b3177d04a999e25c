import re
from pathlib import Path

import pytest

from app.settings import Settings
from scripts.architecture_picture import TO, picture

ROOT = Path(__file__).parents[2]
DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
README = (ROOT / "README.md").read_text()


def test_every_setting_is_documented_with_its_description():
    text = (ROOT / "docs/operate.md").read_text()
    missing = [
        name
        for name, field in Settings.model_fields.items()
        if f"| `{name.upper()}` |" not in text or f"| {field.description} |" not in text
    ]
    assert missing == []


def test_every_documented_setting_exists():
    rows = (ROOT / "docs/operate.md").read_text().splitlines()
    documented = {row.split("`")[1] for row in rows if row.startswith("| `")}
    assert documented == {name.upper() for name in Settings.model_fields}


def test_every_link_between_the_docs_leads_somewhere():
    broken = []
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("model/**/*.md")]:
        for part in page.read_text().split("](")[1:]:
            target = part.split(")")[0].split("#")[0]
            if target and "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_every_place_names_the_same_version():
    version = first(r'^version = "(.+)"$', "pyproject.toml")
    assert first(r"^## \[(\d.*)\] - \d{4}-\d\d-\d\d$", "CHANGELOG.md") == version
    assert first(r'^version = "(.+)"$', "client/pyproject.toml") == version
    for page in ("docker-compose.yml", *ROOT.glob("d*/*.md"), *ROOT.glob("deploy/*/*/*.md")):
        named = re.findall(r"likewise:(\d+\.\d+\.\d+)", (ROOT / page).read_text())
        assert set(named) <= {version}, page


def test_no_text_counts_the_shipped_bundles_as_two():
    assert len(list((ROOT / "model/bundles").glob("*/manifest.json"))) > 2
    counted = re.compile(
        r"\b(both|two|2)\s+(of\s+the\s+)?(shipped|bundled|default)\s+(bundle|model)s"
    )
    texts = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docker-compose.yml")]
    texts += [path for path in ROOT.glob("deploy/**/*") if path.is_file()]
    assert [str(path) for path in texts if counted.search(path.read_text())] == []


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_path_that_a_guide_names_exists(page):
    text = (ROOT / page).read_text()
    named = set(
        re.findall(r"`((?:app|training|model|client|benchmarks|scripts|tests)/[^`]*)`", text)
    )
    assert len(named) > 5
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_folder_in_the_tree_of_the_readme_exists():
    tree = re.findall(r"^( {4}| {6})(\S+/(?:, \S+/)*|\w+\.py) {2,}", README, re.MULTILINE)
    assert len(tree) > 20
    top = ""
    for indent, names in tree:
        top = names if len(indent) == 4 else top
        for name in names.split(", "):
            path = ROOT / name if len(indent) == 4 else ROOT / top / name
            assert path.exists(), path


def test_every_function_of_the_walks_is_in_its_file():
    text = " ".join((ROOT / "docs/architecture.md").read_text().split())
    steps = re.findall(r"`([\w/]+\.py)`, `(\w+)`", text)
    assert len(steps) > 35
    missing = [
        f"{file}: {name}"
        for file, name in steps
        if not re.search(rf"(def|class) {name}\b", (ROOT / file).read_text())
    ]
    assert missing == []


def test_the_picture_of_the_packages_is_that_of_the_code():
    assert TO.read_text() == picture(), "run `python -m scripts.architecture_picture`"


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda file: file.stem)
def test_every_decision_has_the_same_format(decision):
    number = int(decision.name[:4])
    head = rf"# {number}\. .+\n\nDate: 2\d{{3}}-\d\d-\d\d\n\nStatus: (accepted|superseded).*\n\n## "
    assert re.match(head, decision.read_text())
    sections = re.findall(r"^## (.+)$", decision.read_text(), re.MULTILINE)
    assert sections == ["Context", "Decision", "Consequences"]


def first(pattern, file):
    return re.search(pattern, (ROOT / file).read_text(), re.MULTILINE)[1]

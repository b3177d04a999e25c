import re
from pathlib import Path

from app.settings import Settings

ROOT = Path(__file__).parents[2]


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


def first(pattern, file):
    return re.search(pattern, (ROOT / file).read_text(), re.MULTILINE)[1]

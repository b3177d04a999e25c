"""What MkDocs is told about this repository: pages from outside docs/, and pages that are made.

Model cards, the changelog and some READMEs are written where they belong, and shown on the site
too; the list of decisions and the reference of the API are made. A link to one of them leads there,
and one to a source file, of which the site has none, becomes its name.
"""

from __future__ import annotations

import posixpath
import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from app.server.openapi import document  # noqa: E402 (after the path is set)
from scripts.api_reference import reference  # noqa: E402

FROM_OUTSIDE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/gateways/README.md": "gateways.md",
    "deploy/helm/likewise/README.md": "helm.md",
    **{
        f"model/bundles/{card.parent.name}/README.md": f"models/{card.parent.name}.md"
        for card in sorted(ROOT.glob("model/bundles/*/README.md"))
    },
}
"""From a file of the repository to a page of the site."""
_CODE_OR_LINK = re.compile(
    r"```.*?```|`[^`\n]*`|(?P<mark>!?)\[(?P<text>[^\]]*)\]\((?P<address>[^)\s]+)\)", re.DOTALL
)
"""Whichever begins first: in code nothing is a link, and a link may have code in its text."""
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that do not lie in docs/."""
    made = {page: (ROOT / source).read_text("utf-8") for source, page in FROM_OUTSIDE.items()}
    made["decisions/index.md"] = decisions()
    made["models/index.md"] = models()
    made["reference.md"] = reference(document())
    icon = ROOT / "app" / "page" / "mark.svg"
    files.append(File.generated(config, "icon.svg", abs_src_path=str(icon)))
    for page, text in made.items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let the links of a page lead to pages of the site."""
    del config, files
    return relinked(markdown, page.file.src_uri)


def relinked(markdown: str, page: str) -> str:
    """The same text, its links made for the site.

    Args:
        markdown: Of a page.
        page: Its place in the site.
    """
    source = next((s for s, to in FROM_OUTSIDE.items() if to == page), f"docs/{page}")

    def changed(found: re.Match[str]) -> str:
        address = found["address"]
        return found[0] if address is None else _changed(found, source, page)

    return _CODE_OR_LINK.sub(changed, markdown)


def _changed(link: re.Match[str], source: str, page: str) -> str:
    mark, text, address = link["mark"], link["text"], link["address"]
    path, _, anchor = address.partition("#")
    if not path or "://" in address or address.startswith("mailto:"):
        return link[0]
    target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    place = FROM_OUTSIDE.get(target)
    if place is None and target.startswith("docs/"):
        place = target.removeprefix("docs/")
    if place is None:
        return text if "`" in text or text in {path, target} else f"{text} (`{target}`)"
    there = posixpath.relpath(place, posixpath.dirname(page) or ".")
    return f"{mark}[{text}]({there}{'#' + anchor if anchor else ''})"


def decisions() -> str:
    """The list of decisions, by their titles."""
    lines = ["# Decisions", "", "What a reader would question, and why it is so.", ""]
    for file in sorted((ROOT / "docs" / "decisions").glob("0*.md")):
        title = _TITLE.search(file.read_text("utf-8"))
        lines.append(f"- [{title[1] if title else file.stem}]({file.name})")
    return "\n".join(lines) + "\n"


def models() -> str:
    """The list of the shipped models' cards."""
    lines = ["# The shipped models", ""]
    for source, page in FROM_OUTSIDE.items():
        if page.startswith("models/"):
            card = (ROOT / source).read_text("utf-8")
            summary = card.split("\n\n")[1].replace("\n", " ")
            lines.append(f"- [{Path(page).stem}]({Path(page).name}): {summary}")
    return "\n".join(lines) + "\n"

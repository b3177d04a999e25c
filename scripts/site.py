"""MkDocs hook: pages from outside docs/, generated pages, and figures from their sources.

Model cards, the changelog and some READMEs are kept beside what they describe, and shown on the
site too. The list of decisions and the reference of the API are generated. Links to these pages are
rewritten; a link to a source file, which the site does not contain, becomes the file's name.
"""

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
from scripts.figures import fill  # noqa: E402

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
"""Code or a link, whichever begins first: text in code is no link, and a link may contain code."""
_AMBIGUOUS, _CLEAR = "e=e+s+o.id}", 'e=e+s+o.id+","}'
"""End of lunr's `TokenSet.prototype.toString`, by which nodes of the index of words are compared:
it writes labels and numbers of nodes with nothing between them, so that in words with digits two
different nodes can read alike. They are merged, and a search that comes upon a word that does not
exist fails. Lunr 2.3.9 is the last version."""
_DECISION = re.compile(r"# (?P<title>.+)\n\nDate: (?P<date>.+)\n\nStatus: (?P<status>.+)\n\n")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/."""
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
    """Put the figures of their sources into a page, and rewrite its links for the site."""
    del config, files
    return relink(fill(f"docs/{page.file.src_uri}", markdown), page.file.src_uri)


def on_post_build(config: MkDocsConfig) -> None:
    """Mend the search, which fails on words with digits.

    Raises:
        ValueError: The script of the search is not the one that is known.
    """
    workers = list(Path(config.site_dir).glob("assets/javascripts/workers/search.*.min.js"))
    texts = [worker.read_text("utf-8") for worker in workers]
    if [text.count(_AMBIGUOUS) for text in texts] != [1]:
        raise ValueError("the search's script has changed: see `_AMBIGUOUS` in scripts/site.py")
    workers[0].write_text(texts[0].replace(_AMBIGUOUS, _CLEAR), "utf-8")


def relink(markdown: str, page: str) -> str:
    """Return the Markdown of a page, by its path in the site, with links that fit the site."""
    source = next((s for s, to in FROM_OUTSIDE.items() if to == page), f"docs/{page}")
    return _CODE_OR_LINK.sub(lambda found: _relink_one(found, source, page), markdown)


def _relink_one(link: re.Match[str], source: str, page: str) -> str:
    mark, text, address = link["mark"], link["text"], link["address"] or ""
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
    """Return the table of decisions, with date and status.

    Raises:
        ValueError: A decision does not begin with title, date and status.
    """
    lines = ["# Decisions", "", "Design choices that a reader would question, with reasons.", ""]
    lines += ["| decision | date | status |", "| --- | --- | --- |"]
    for file in sorted((ROOT / "docs" / "decisions").glob("0*.md")):
        head = _DECISION.match(file.read_text("utf-8"))
        if head is None:
            raise ValueError(f"{file.name} does not begin with title, date and status")
        date = head["date"].replace("-", "\N{NON-BREAKING HYPHEN}")
        lines.append(f"| [{head['title']}]({file.name}) | {date} | {head['status']} |")
    return "\n".join(lines) + "\n"


def models() -> str:
    """Return the list of the shipped models, with links to their cards."""
    lines = ["# The shipped models", ""]
    for source, page in FROM_OUTSIDE.items():
        if page.startswith("models/"):
            card = (ROOT / source).read_text("utf-8")
            summary = card.split("\n\n")[1].replace("\n", " ")
            lines.append(f"- [{Path(page).stem}]({Path(page).name}): {summary}")
    return "\n".join(lines) + "\n"

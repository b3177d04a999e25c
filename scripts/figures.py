"""Write the figures that README and docs quote, from their manifests, records and answers.

    python -m scripts.figures        (a part of `make docs`)

A page has its sentences as text; `SENTENCES` names those that quote a figure, with the figure's
name in place of its number. The build of the site puts the numbers in as well, and a test compares
the committed pages, so that a page and its source cannot differ.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from app.api.schemas.domain import DomainAnswer
from app.api.schemas.meaning import meaning_of
from app.api.schemas.operating_point import OperatingPointAnswer
from app.decision import choose_threshold
from app.zone import Costs, Outcome, zone_of_costs
from model.bundle import open_bundle
from model.identification import error_of_gallery
from model.manifest import Manifest, OperatingPoint
from model.scoring import Choice, choose

ROOT = Path(__file__).parents[1]
BUNDLES = ("faces", "faces-crops", "att-chopra", "omniglot")
ANSWER = ROOT / "app" / "api" / "examples.json"
RECORD = ROOT / "training" / "records" / "omniglot-seed2015.json"
VERIFICATION = "verification accuracy, balanced random pairs of the test identities"
COSTS = Costs(false_match=100, false_non_match=10)
"""The costs of the example in docs/concepts.md."""
_REASON = 40
"""Letters of a reason that are quoted."""
_SHOWN = ("box", "score", "others")
"""Members of what was located that are quoted."""
GALLERIES = (1, 10, 100, 1000)
"""The sizes of galleries in docs/concepts.md."""
SENTENCES: dict[str, tuple[str, ...]] = {
    "README.md": (
        '`"same": false` at an energy of {different energy}.',
        (
            "Of 1,000 pairs of different people {faces fmr of 1,000} have an energy as low; of "
            "1,000 pairs of the same person {faces fnmr of 1,000} have a higher one"
        ),
        (
            "residual encoder, {faces parameters} M parameters, L2 | {faces trained} people of "
            "LFW, and dlib's encoder as the teacher | {faces benchmark} % ± {faces benchmark "
            "error} % accuracy on LFW's `pairsDevTest`; equal error rate {faces eer} % over all "
            "pairs of {faces tested} test people"
        ),
        (
            "the residual encoder alone, L2 | {faces-crops trained} people of LFW | {faces-crops "
            "benchmark} % ± {faces-crops benchmark error} % accuracy on LFW's `pairsDevTest`; "
            "equal error rate {faces-crops eer} % over all pairs of {faces-crops tested} test "
            "people"
        ),
        (
            "| {att-chopra trained} people of AT&T | equal error rate {att-chopra eer} % over the "
            "pairs of {att-chopra tested} test people"
        ),
        "residual encoder, {omniglot parameters} M parameters, L2 | {omniglot trained} hand-drawn",
        (
            "{omniglot verification} % ± {omniglot verification error} % accuracy on characters of "
            "20 other alphabets; equal error rate {omniglot eer} %"
        ),
    ),
    "docs/index.md": (
        "energy of {same energy} does not exceed the *threshold* of {faces threshold}.",
        "Of 1,000 pairs of *different* people, {faces fmr of 1,000} have an energy as low",
        "Of 1,000 pairs of *one* person, {faces fnmr of 1,000} have a higher one",
    ),
    "docs/concepts.md": (
        (
            "Of 1,000 different pairs {faces fmr of 1,000} pass, of 1,000 same pairs "
            "{faces fnmr of 1,000} are missed"
        ),
        "the measured FMR of an answer ({faces fmr} %)",
        (
            "FNMR falls from {faces fnmr per cent} % for one image a side to {faces fnmr of 1, 2} "
            "% for one against two, and {faces fnmr of 3, 3} % for three against three"
        ),
        (
            "With `faces` these are energies up to {faces zone low} and above {faces zone high}. "
            "Of different pairs {faces zone fmr} % are then called the same, and of same pairs "
            "{faces zone fnmr} % different; {faces zone genuine} % of the same and "
            "{faces zone impostor} % of the different pairs are unsure."
        ),
        *(
            f"| {n:,} | {{faces fpir of {n}}} % | {{faces independent fpir of {n}}} % |"
            for n in GALLERIES
        ),
        "miss {faces fnir at fpir} % of people at a target of 5 %, and {faces fnir} % with the",
        "exact on press photographs, and lets {att fmr rounded} % pass on AT&T's",
    ),
    "docs/calibrate.md": (
        "default threshold, `faces` rejects {faces fnmr per cent} % of the genuine",
        "image {faces fnmr of third 1}, {faces fnmr of third 2} and {faces fnmr of third 3} %;",
        *(
            f"| {target} % | {{faces-crops threshold at {target / 100}}} | {after}"
            for target, ends in {10: "3 1.0", 5: "2 0.9", 1: "** 0.8", 0.1: "1 0.7"}.items()
            for after in ends.split()
        ),
        "at the threshold for 1 % of different pairs, {att fmr rounded} % pass",
    ),
    "docs/train.md": (
        (
            "at its threshold for FMR 1 % accepts {att fmr} % of all impostor pairs, and at that "
            "for 10 % {att fmr at 10 %} % ("
        ),
        "the threshold for 10 % accepts {att calibrated fmr at 10 %} % of the other 20's",
    ),
    "docs/operate.md": ("with few subjects (`att-chopra` has {att-chopra calibrated}), note",),
}
"""For each page, the sentences that quote a figure; a break of a line is a blank."""
_NAME = re.compile(r"\\\{(.+?)\\\}")
_ANSWER_BLOCK = re.compile(r"(?<=```json\n).*?(?=```)", re.DOTALL)
_ANSWER_PAGES = {"README.md", "docs/index.md"}


def figures(manifests: Mapping[str, Manifest]) -> dict[str, str]:
    """Return each figure as text, by its name in `SENTENCES`."""
    found = {}
    for name, manifest in manifests.items():
        found |= {f"{name} {key}": value for key, value in _of_bundle(manifest).items()}
    record = {each["name"]: each for each in json.loads(RECORD.read_text("utf-8"))["figures"]}
    accuracy = record[VERIFICATION]
    found["omniglot verification"] = f"{100 * accuracy['value']:.1f}"
    found["omniglot verification error"] = f"{100 * accuracy['standard_error']:.2f}"
    found["same energy"] = f"{_answer()['energy']:.2f}"
    found["different energy"] = _first(r"different at an energy of (\d+\.\d+)", "client.md", ".2f")
    table = r"\| {} % \| [\d.]+ \| \**([\d.]+) %"
    found["att fmr"] = _first(table.format(1), "calibrate.md", ".2f")
    found["att fmr rounded"] = _first(table.format(1), "calibrate.md", ".0f")
    found["att fmr at 10 %"] = _first(table.format(10), "calibrate.md", ".2f")
    calibrated = r"\| 10 % \| [\d.]+ \| [\d.]+ \| ([\d.]+) %"
    found["att calibrated fmr at 10 %"] = _first(calibrated, "calibrate.md", ".2f")
    return found


def fill(page: str, text: str, manifests: Mapping[str, Manifest] | None = None) -> str:
    """Return the text of a page with the figures of their sources.

    Raises:
        ValueError: A sentence of the page is not in the text, or there more than once.
    """
    if page not in SENTENCES:
        return text
    manifests = shipped() if manifests is None else manifests
    values = figures(manifests)
    for sentence in SENTENCES[page]:
        # Bundles made earlier have no figures of one against many.
        if "fpir" not in sentence or "faces fpir of 1" in values:
            text = _fill_sentence(sentence, text, values, page)
    if page in _ANSWER_PAGES:
        text = _ANSWER_BLOCK.sub(lambda _: _answer_block(manifests["faces"]), text, count=1)
    return text


@cache
def shipped() -> dict[str, Manifest]:
    """Return the manifests of the shipped bundles, by name."""
    return {name: open_bundle(ROOT / "model" / "bundles" / name).manifest for name in BUNDLES}


def _of_bundle(manifest: Manifest) -> dict[str, str]:
    points, point = manifest.calibration.operating_points, _default(manifest)
    accuracy = manifest.accuracy
    found = {
        "threshold": f"{point.threshold:.4g}",
        "fmr": f"{100 * point.test.fmr:.2f}",
        "fnmr": f"{100 * point.test.fnmr:.0f}",
        "fnmr per cent": f"{100 * point.test.fnmr:.1f}",
        "fmr of 1,000": f"{1000 * point.test.fmr:.0f}",
        "fnmr of 1,000": f"{1000 * point.test.fnmr:.0f}",
        "eer": f"{100 * accuracy.eer:.1f}",
        "parameters": f"{manifest.origin.parameters / 1e6:.1f}",
        "trained": f"{manifest.provenance.train_identities if manifest.provenance else 0:,}",
        "calibrated": f"{manifest.calibration.sample.identities:,}",
        "tested": f"{accuracy.sample.identities:,}",
    }
    zone = zone_of_costs(manifest.calibration.likelihood_ratio, accuracy.curve, COSTS)
    found |= {
        "zone low": f"{zone.low:.3f}",
        "zone high": f"{zone.high:.3f}",
        "zone fmr": f"{100 * zone.rates.fmr:.2f}",
        "zone fnmr": f"{100 * zone.rates.fnmr:.1f}",
        "zone genuine": f"{100 * zone.genuine_unsure:.0f}",
        "zone impostor": f"{100 * zone.impostor_unsure:.0f}",
    }
    for size in manifest.templates.sizes if manifest.templates else ():
        fnmr = size.calibration.default_point.test.fnmr
        found[f"fnmr of {size.images[0]}, {size.images[1]}"] = f"{100 * fnmr:.1f}"
    for place, group in enumerate(manifest.conditions.domain if manifest.conditions else (), 1):
        found[f"fnmr of third {place}"] = f"{100 * group.fnmr.rate:.0f}"
    found |= _of_identification(manifest)
    found |= {f"threshold at {each.target_fmr}": f"{each.threshold:.4g}" for each in points}
    for benchmark in accuracy.benchmarks[:1]:
        found["benchmark"] = f"{100 * benchmark.value:.1f}"
        found["benchmark error"] = f"{100 * (benchmark.standard_error or 0):.1f}"
    return found


def _of_identification(manifest: Manifest) -> dict[str, str]:
    """Return the figures of one against many; none of a bundle that has no such measurement."""
    measured, choice = manifest.identification, choose(manifest.calibration, manifest.accuracy)
    if measured is None:
        return {}
    found = {}
    for size in GALLERIES:
        if error := error_of_gallery(manifest, size, choice):
            found[f"fpir of {size}"] = f"{100 * error.fpir:.1f}"
            independent = 100 * (1 - (1 - choice.rates.fmr) ** size)
            found[f"independent fpir of {size}"] = f"{independent:.1f}"
            found["fnir"] = f"{100 * (error.fnir or choice.rates.fnmr):.0f}"
    for point in measured.points:
        if (point.gallery_size, point.target_fpir) == (100, 0.05):
            error = error_of_gallery(manifest, 100, Choice(point.threshold, None, None))
            found["fnir at fpir"] = f"{100 * ((error and error.fnir) or point.test.fnmr):.0f}"
    return found


def _default(manifest: Manifest) -> OperatingPoint:
    return manifest.calibration.operating_points[manifest.calibration.default]


def _answer() -> dict[str, Any]:
    return dict(json.loads(ANSWER.read_text("utf-8"))["/verify"])


def _first(pattern: str, page: str, form: str) -> str:
    """Return a number of another page, whose own source is the command or the test beside it."""
    found = re.search(pattern, (ROOT / "docs" / page).read_text("utf-8"))
    if found is None:
        raise ValueError(f"docs/{page} has no {pattern}")
    return format(float(found[1]), form)


def _answer_block(manifest: Manifest) -> str:
    """Return the answer of /verify to two images as JSON, with the rates of a manifest."""
    answer, point = _answer(), _default(manifest)

    def short(value: float) -> float:
        return float(f"{value:.4g}")

    def interval(ends: tuple[float, float]) -> str:
        return json.dumps([short(end) for end in ends])

    model = answer["model"] | {"version": manifest.version}
    model["sha256"] = f"{manifest.onnx.sha256[:8]}…"
    domain = answer["domain"]
    if domain["reason"] is not None:
        domain["reason"] = f"{domain['reason'][:_REASON]}…"
    found = answer["located"] and [{n: each[n] for n in _SHOWN} for each in answer["located"]]
    own = {"threshold": short(point.threshold), "located": found, "domain": domain}
    shown = answer | own | {"model": model, "meaning": _meaning(answer, manifest)}
    members = {name: json.dumps(value, ensure_ascii=False) for name, value in shown.items()}
    if answer["operating_point"] is not None:
        test = point.test
        members["operating_point"] = (
            f'{{\n  "target_fmr": {point.target_fmr},\n'
            f'  "fmr": {short(test.fmr)}, "fmr_interval": {interval(test.fmr_interval)},\n'
            f'  "fnmr": {short(test.fnmr)}, "fnmr_interval": {interval(test.fnmr_interval)}\n }}'
        )
    return "{\n" + ",\n".join(f' "{name}": {text}' for name, text in members.items()) + "\n}\n"


def _meaning(answer: Mapping[str, Any], manifest: Manifest) -> str:
    rates = answer["operating_point"] and OperatingPointAnswer.of(choose_threshold(manifest))
    return meaning_of(Outcome(answer["decision"]), rates, DomainAnswer(**answer["domain"]))


def _fill_sentence(sentence: str, text: str, values: Mapping[str, str], page: str) -> str:
    escaped = re.escape(sentence).replace(r"\ ", " ")
    names = [name.replace("\\", "") for name in _NAME.findall(escaped)]
    pattern = _NAME.sub(r"([\\d.,]*\\d)", escaped).replace(" ", r"\s+")
    found = list(re.finditer(pattern, text))
    if len(found) != 1:
        raise ValueError(f"{page} has {len(found)} times: {sentence}; change scripts/figures.py")
    for group, name in reversed(list(enumerate(names, 1))):
        start, end = found[0].span(group)
        text = text[:start] + values[name] + text[end:]
    return text


def main() -> None:
    """Write the figures into the pages."""
    for page in SENTENCES:
        file = ROOT / page
        before = file.read_text("utf-8")
        after = fill(page, before)
        if after != before:
            file.write_text(after, encoding="utf-8")
            print(f"wrote {page}")


if __name__ == "__main__":
    main()

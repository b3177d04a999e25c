import json
import re
from pathlib import Path

import pytest
import yaml

from app.api.problem_types import ANSWERS
from app.domain import DomainStatus
from app.telemetry.families import EXPORTED
from app.telemetry.values import Kind

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / "deploy/grafana/likewise.json").read_text())
RULES = yaml.safe_load((ROOT / "deploy/prometheus/likewise.rules.yml").read_text())
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
QUERIES += [variable["query"] for variable in DASHBOARD["templating"]["list"]]
QUERIES += [alert["expr"] for alert in ALERTS]


def names_of(family):
    if family.kind is Kind.HISTOGRAM:
        return [f"{family.name}_{suffix}" for suffix in ("bucket", "sum", "count")]
    return [family.sample]


LABELS = {name: {"job", *family.labels} for family in EXPORTED for name in names_of(family)}
for name in [name for name in LABELS if name.endswith("_bucket")]:
    LABELS[name].add("le")


def metrics_in(query):
    return re.findall(r"\blikewise_\w+", query)


@pytest.mark.parametrize("query", QUERIES)
def test_every_metric_that_is_queried_is_exported_with_the_labels_that_are_asked_for(query):
    for name, selector in re.findall(r"\b(likewise_\w+)(?:\{([^}]*)\})?", query):
        assert name in LABELS
        assert set(re.findall(r"(\w+)\s*=", selector)) <= LABELS[name]
    grouped = {label for by in re.findall(r"by \(([^)]*)\)", query) for label in by.split(", ")}
    assert all(grouped <= LABELS[name] for name in metrics_in(query))


def test_every_family_is_in_the_dashboard():
    shown = {name for query in QUERIES for name in metrics_in(query)}
    assert [f.name for f in EXPORTED if not shown & set(names_of(f))] == []


def test_the_reasons_and_routes_that_are_asked_for_exist():
    asked = {r for query in QUERIES for r in re.findall(r'reason="([^"]+)"', query)}
    assert asked
    assert asked <= {answer.slug for answer in ANSWERS.values()}


def test_the_results_of_the_domain_check_that_are_asked_for_exist():
    selectors = [s for query in QUERIES for s in re.findall(r'status=~?"(\w+(?:\|\w+)*)"', query)]
    asked = {status for s in selectors for status in s.split("|") if not status.isdigit()}
    assert asked == {DomainStatus.IN, DomainStatus.OUT}


def test_panels_have_ids_and_places_of_their_own():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24
        assert not taken & cells
        taken |= cells


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_every_alert_says_what_it_means_and_stands_in_the_docs(alert):
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert alert["annotations"]["summary"]
    assert f"`{alert['alert']}`" in (ROOT / "docs/operate.md").read_text()

import sys

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from app.telemetry.traces import Tracing, otlp_tracing
from tests import fakes

sdk = pytest.importorskip(
    "opentelemetry.sdk.trace", reason="the extra otel is not installed: pip install -e '.[otel]'"
)

PAIR = {"image1": fakes.photo(1, 0), "image2": fakes.photo(1, 2)}
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def traced(settings):
    """A traced service, and the spans that it has made."""
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415 (the extra)
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import (  # noqa: PLC0415
        InMemorySpanExporter,
    )

    kept = InMemorySpanExporter()
    provider = sdk.TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    with TestClient(create_app(settings, tracing=Tracing(provider))) as client:
        yield client, kept


def test_a_request_has_its_stages_as_spans_in_the_trace_of_its_client(traced):
    client, kept = traced
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    assert client.post("/verify", files=PAIR, headers=headers).status_code == 200
    spans = {span.name: span for span in kept.get_finished_spans()}
    assert set(spans) == {"POST /verify", "queue", "decode", "inference"}
    whole = spans["POST /verify"]
    assert f"{whole.context.trace_id:032x}" == TRACE
    assert f"{whole.parent.span_id:016x}" == PARENT
    assert whole.attributes["http.response.status_code"] == 200
    stages = [spans[name] for name in ("queue", "decode", "inference")]
    for stage in stages:
        assert stage.context.trace_id == whole.context.trace_id
        assert stage.parent.span_id == whole.context.span_id
        assert whole.start_time <= stage.start_time <= stage.end_time <= whole.end_time
    assert stages[0].end_time <= stages[1].end_time <= stages[2].start_time + 1_000_000
    assert spans["inference"].attributes["images"] == 2


def test_the_decoding_of_a_preview_stands_in_its_own_trace(traced):
    client, kept = traced
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    assert client.post("/preview", files={"image": PAIR["image1"]}, headers=headers).is_success
    spans = {span.name: span for span in kept.get_finished_spans()}
    assert spans["decode"].parent.span_id == spans["POST /preview"].context.span_id


def test_a_request_that_its_client_does_not_sample_makes_no_span(traced):
    client, kept = traced
    client.post("/verify", files=PAIR, headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})
    assert kept.get_finished_spans() == ()


def test_nothing_of_a_body_is_in_a_span(traced):
    client, kept = traced
    client.post("/verify", files={**PAIR, "image2": ("somebody.png", b"bytes-of-an-image")})
    told = "".join(span.to_json() for span in kept.get_finished_spans())
    assert "POST /verify" in told
    assert "somebody" not in told
    assert "bytes-of" not in told


def test_the_setting_that_names_a_collector_makes_a_provider_for_it():
    tracing = otlp_tracing("http://127.0.0.1:9/v1/traces", "1.2.3")
    assert tracing.provider.resource.attributes["service.name"] == "likewise"
    assert tracing.provider.resource.attributes["service.version"] == "1.2.3"
    assert tracing.here() is None
    tracing.close()


def test_without_the_extra_the_setting_is_refused_with_what_to_do(models_dir, monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    settings = Settings(
        models_dir=models_dir, default_model="tiny", otlp_endpoint="http://127.0.0.1:9/v1/traces"
    )
    with pytest.raises(Exception, match=r"likewise\[otel\]"):
        create_app(settings)

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from app.api.bodies.multipart import Expected, MultipartReader
from app.settings import SHIPPED_BUNDLES
from benchmarks.errors import LoadRefusedError
from benchmarks.load import steady_load
from benchmarks.load.steady_load import Sender, SteadyLoad, due_times, send_steadily
from benchmarks.load.wrk import Load, _check
from benchmarks.measurements import ablations, compare, encoder, full_scale, memory
from benchmarks.payloads import bodies
from benchmarks.payloads.pictures import make_pictures
from benchmarks.servers.ceiling import compare_step, verify_step
from benchmarks.trials.rounds import Turn, alternate, ratio
from model.bundle import open_bundle
from model.preprocessing import preprocess


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200 if self.path == "/good" else 400)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *arguments):
        pass


class EchoServer(ThreadingHTTPServer):
    request_queue_size = 128


@pytest.fixture(scope="module")
def echo():
    with EchoServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    return make_pictures("photo-640x480", 1, tmp_path_factory.mktemp("no-data")).files[0]


def test_the_service_reads_the_forms_that_are_sent(tmp_path):
    images = make_pictures("att", 5, tmp_path).files
    sent = bodies.verify_requests(images, "faces")
    assert len(sent) == 2
    expected = Expected({"image1": 1, "image2": 1}, frozenset({"model"}), 1_000_000)
    reader = MultipartReader(sent[1].media_type, expected)
    reader.feed(sent[1].body)
    form = reader.close()
    assert (form.images["image1"][0].data, form.images["image2"][0].data) == images[2:4]
    assert form.fields == {"model": "faces"}


def test_requests_are_read_back_as_they_were_written(tmp_path):
    requests = bodies.embed_requests([b"one", b"two", b"three"], "faces", 2)
    assert len(requests) == 1
    assert bodies.read(bodies.write(requests, tmp_path)) == requests


def test_an_open_loop_sends_every_request_once_and_counts_refusals(echo):
    requests = [bodies.Request("/good", "a/b", b"x" * 300_000), bodies.Request("/bad", "a/b", b"")]
    with Sender(echo, requests) as sender:
        seen = sender.run(due_times(200, 0.2, random=False))
    assert (seen.requests, seen.refused) == (40, 20)
    assert 0 < seen.p50_ms <= seen.p99_ms


def test_due_times_have_the_rate_that_was_asked_for():
    assert np.allclose(np.diff(due_times(50, 2, random=False)), 0.02)
    assert np.isclose(np.diff(due_times(50, 200, random=True)).mean(), 0.02, rtol=0.05)


def test_a_run_with_refused_or_failed_requests_is_refused():
    load = Load(100, 1.0, 1, 1, 1, 1, refused=0, failed=0)
    _check(load, 0.0)
    for wrong in ({"refused": 1}, {"failed": 1}, {"requests": 0}):
        with pytest.raises(LoadRefusedError):
            _check(Load(**vars(load) | wrong), 0.0)
    _check(Load(**vars(load) | {"requests": 1000, "refused": 68}), 1 / 15)
    with pytest.raises(LoadRefusedError):
        _check(Load(**vars(load) | {"requests": 1000, "refused": 0}), 1 / 15)


def test_contenders_take_turns_and_ratios_are_of_one_round():
    order = []

    def contender(name, rates):
        left = iter(rates)

        def turn():
            order.append(name)
            return Turn(next(left), 1.0)

        return turn

    turns = alternate({"a": contender("a", (1, 20, 3)), "b": contender("b", (2, 10, 12))}, 3)
    assert "".join(order) == "abbaab"  # Every other round is in the opposite order.
    spread = ratio(turns["a"], turns["b"])
    assert (spread.median, spread.low, spread.high) == (0.5, 0.25, 2.0)


def test_the_ceiling_computes_the_energy_that_the_service_answers(tmp_path):
    bundle = open_bundle(SHIPPED_BUNDLES / "att-chopra")
    files = make_pictures("att", 2, tmp_path).files
    same = verify_step(bundle, (files[0], files[0]))
    different = verify_step(bundle, files)
    assert same() == 0
    assert different() == different() > 0


def test_the_comparison_from_bytes_gives_the_energies_of_all_rows():
    file = compare.gallery_file("faces", 50)
    answer = compare_step("faces", file, from_bytes=True)()
    assert len(compare_step("faces", file, from_bytes=False)()) == 50
    assert answer.startswith(b"\x93NUMPY")


@pytest.mark.parametrize(
    "context", [full_scale.full_scale, full_scale.full_scale_grey, full_scale.no_shortcut]
)
def test_decoding_without_shortcuts_differs_and_leaves_nothing_changed(photo, context):
    spec = open_bundle(SHIPPED_BUNDLES / "att-chopra").manifest.input
    reduced = preprocess(photo, spec)
    with context():
        full = preprocess(photo, spec)
    assert (full != reduced).any()
    assert (preprocess(photo, spec) == reduced).all()


def test_a_shift_of_embeddings_is_relative_to_their_length():
    full = np.array([[3, 4], [0, 5]], np.float32)
    moved = np.array([[3.5, 4], [0.5, 5]], np.float32)
    assert ablations.relative_shift(moved, full).tolist() == [0.1, 0.1]


def test_bad_requests_are_spread_among_the_good():
    good = [bodies.Request(str(index), "", b"") for index in range(6)]
    bad = [bodies.Request("bad", "", b"")] * 2
    assert [one.path for one in memory.mix(good, bad)] == ["bad", *"012", "bad", *"345"]


def test_the_table_of_precisions_is_read_off_its_page():
    page = "# Title\n\n| precision | EER |\n| --- | --- |\n| fp32 | 12.58 % |\n"
    table = encoder.precisions(page)
    assert (table.columns, table.rows) == (("precision", "EER"), (("fp32", "12.58 %"),))


def seen(late_ms, refused=0):
    return SteadyLoad(10, refused, p50_ms=1.0, p99_ms=2.0, late_p99_ms=late_ms)


def test_a_run_in_which_the_sender_was_late_is_made_again(monkeypatch, tmp_path):
    runs = iter([seen(1.2), seen(3.0), seen(0.4)])
    monkeypatch.setattr(steady_load, "_run_sender", lambda _: next(runs))
    assert send_steadily(1, tmp_path, 10, 1).late_p99_ms == 0.4


@pytest.mark.parametrize(("run", "said"), [(seen(1.2), "in all of"), (seen(0.1, 3), "3 of 10")])
def test_a_sender_that_is_always_late_or_refused_gives_no_figure(monkeypatch, tmp_path, run, said):
    monkeypatch.setattr(steady_load, "_run_sender", lambda _: run)
    with pytest.raises(LoadRefusedError, match=said):
        send_steadily(1, tmp_path, 10, 1)

from dataclasses import replace
from pathlib import Path

from benchmarks import result
from benchmarks.report import render
from benchmarks.result import Figure, Found, Plot, Result, Table
from benchmarks.trials.rounds import Spread

ROOT = Path(__file__).parents[2]
SMALL = Result(
    "verify",
    "python -m benchmarks run verify --seconds 1 --rounds 3",
    "0123456789",
    {"processor": "a processor", "cores": "2"},
    {"numpy": "2.4.6"},
    0.01,
    Found(
        (
            Figure.of("fast enough", Spread(0.85, 0.81, 0.9), at_least=0.8),
            Figure.of("too slow", Spread(3.5, 3.25, 4.0), "s", at_most=2),
            Figure("without a bar", 1234.5),
        ),
        (Table("Rates", ("case", "/s"), (("att", 812.3456), ("lfw", None))),),
        (Plot("size", "Size", "pixels", "/s", {"a": ((1.0, 2.0), (2.0, 1.0))}),),
    ),
    {"lfw": "LFW faces, 4.2 kB"},
)


def test_the_page_holds_each_figure_with_its_spread_its_bar_and_its_command():
    text = render({"verify": SMALL}).text
    assert "    python -m benchmarks run verify --seconds 1 --rounds 3\n" in text
    assert "| fast enough | 0.85 × [0.81, 0.9] | ≥ 0.8 × | met |" in text
    assert "| too slow | 3.5 s [3.25, 4] | ≤ 2 s | **missed** |" in text
    assert "| without a bar | 1,234 |  |  |" in text
    assert "| att | 812 |\n| lfw |  |" in text
    assert "Pictures: `lfw` LFW faces, 4.2 kB." in text


def test_a_section_without_a_result_says_so_and_names_its_command():
    assert "Not measured yet: `python -m benchmarks run peers`." in render({"verify": SMALL}).text


def test_a_busy_machine_is_told_of_and_an_idle_one_is_not():
    assert "are rough" not in render({"verify": SMALL}).text
    busy = render({"verify": replace(SMALL, others=0.4)}).text
    assert "Other processes used 40% of the machine" in busy


def test_a_plot_is_linked_and_has_the_same_bytes_each_time():
    one, other = render({"verify": SMALL}), render({"verify": SMALL})
    assert "![Size](performance/verify-size.svg)" in one.text
    assert one.plots["verify-size.svg"] == other.plots["verify-size.svg"]
    assert "pixels" in one.plots["verify-size.svg"]


def test_a_result_is_read_back_as_it_was_written_to_four_digits(tmp_path):
    read = result.read(result.write(SMALL, tmp_path))
    assert read.found.tables[0].rows == (("att", 812.3), ("lfw", None))
    assert replace(read, found=SMALL.found) == SMALL
    assert read.found.plots == SMALL.found.plots
    assert result.read_all(tmp_path) == {"verify": read}


def test_the_committed_page_is_what_the_committed_results_give():
    page = render(result.read_all())
    assert (ROOT / "docs/performance.md").read_text() == page.text
    committed = {file.name: file.read_text() for file in ROOT.glob("docs/performance/*.svg")}
    assert committed == dict(page.plots)

import pytest

from benchmarks.errors import ToolMissingError
from benchmarks.gateways.contenders import CONTENDERS, Swap, find_program
from benchmarks.load.clients import Count
from benchmarks.measurements.gateways import failed_of_all, slowest

GOOD = Count(100, 0, 5.0, 40.0, 0, {})
BAD = Count(100, 3, 5.0, 310.0, 0, {"502": 2, "TimeoutError": 1})


def test_a_swap_changes_a_file_and_its_reverse_changes_it_back(tmp_path):
    (tmp_path / "a.yaml").write_text("timeout: 10s\n")
    swap = Swap("a.yaml", "10s", "11s")
    swap.apply(tmp_path)
    assert (tmp_path / "a.yaml").read_text() == "timeout: 11s\n"
    swap.reversed().apply(tmp_path)
    assert (tmp_path / "a.yaml").read_text() == "timeout: 10s\n"
    assert [file.name for file in tmp_path.iterdir()] == ["a.yaml"]


def test_a_swap_whose_text_is_not_there_is_refused(tmp_path):
    (tmp_path / "a.yaml").write_text("timeout: 10s\n")
    with pytest.raises(ValueError, match="has no '12s'"):
        Swap("a.yaml", "12s", "11s").apply(tmp_path)


@pytest.mark.parametrize("contender", CONTENDERS, ids=lambda each: each.name)
def test_what_is_changed_in_a_configuration_stands_in_it(contender):
    for swap in (*contender.unlimited, contender.change):
        assert swap.old in (contender.folder / swap.file).read_text()


def test_failures_are_added_up_with_their_reasons():
    assert failed_of_all([GOOD, BAD, BAD]) == "6 of 300 (4 × 502, 2 × TimeoutError)"
    assert failed_of_all([GOOD, GOOD]) == "0 of 200"


def test_the_slowest_is_that_of_all_rounds():
    assert slowest([GOOD, BAD, GOOD]) == 310.0


def test_a_program_that_is_not_installed_is_named_with_the_variable(monkeypatch):
    monkeypatch.setenv("LIKEWISE_ENVOY", "/nowhere/envoy")
    with pytest.raises(ToolMissingError, match="LIKEWISE_ENVOY"):
        find_program("Envoy")

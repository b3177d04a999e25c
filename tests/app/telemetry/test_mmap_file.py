import pytest
from prometheus_client.mmap_dict import MmapedDict

from app.telemetry.mmap_file import NumberFile


def read(path):
    return {n: v for n, v, _, _ in MmapedDict.read_all_values_from_file(str(path))}


@pytest.mark.parametrize("length", range(1, 20))
def test_prometheus_client_reads_what_is_written_whatever_the_length_of_a_name(tmp_path, length):
    file = NumberFile(tmp_path / "counter_1.db")
    names = ["n" * length, "é" * length, "m" * length]
    for number, name in enumerate(names, 1):
        view, at = file.place(name)
        view[at] = number + 0.25
    assert read(tmp_path / "counter_1.db") == dict(zip(names, (1.25, 2.25, 3.25), strict=True))


def test_the_file_is_byte_for_byte_that_of_prometheus_client(tmp_path):
    ours, theirs = NumberFile(tmp_path / "a.db"), MmapedDict(str(tmp_path / "b.db"))
    for number, name in enumerate(("one", "twelve", "a longer name, with 32 bytes in it")):
        view, at = ours.place(name)
        view[at] = number * 1.5
        theirs.write_value(name, number * 1.5, 0.0)
    theirs.close()
    assert (tmp_path / "a.db").read_bytes() == (tmp_path / "b.db").read_bytes()


def test_a_name_has_one_place_and_a_file_that_is_opened_again_its_numbers(tmp_path):
    first = NumberFile(tmp_path / "counter_1.db")
    view, at = first.place("name")
    view[at] = 7
    assert first.place("name")[1] == at
    first.close()
    view, at = NumberFile(tmp_path / "counter_1.db").place("name")
    assert view[at] == 7


def test_numbers_placed_before_the_file_grew_are_still_the_files(tmp_path):
    file = NumberFile(tmp_path / "counter_1.db")
    places = [file.place(f"{i:04}" + "x" * 200) for i in range(1000)]  # 0.2 MB in 64 KB
    for number, (view, at) in enumerate(places):
        view[at] = number
    assert list(read(tmp_path / "counter_1.db").values()) == list(range(1000))


def test_a_number_of_a_closed_file_cannot_be_written(tmp_path):
    file = NumberFile(tmp_path / "counter_1.db")
    view, at = file.place("name")
    file.close()
    with pytest.raises(ValueError, match="released"):
        view[at] = 1

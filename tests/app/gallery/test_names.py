import pytest

from app.errors import ParameterError
from app.gallery.names import check_gallery_name, check_identity_name


@pytest.mark.parametrize(
    "name", ["George_W_Bush", "Zoë", "李 雷", "नेहा", "a" * 128, "x@y.org", "1"]
)
def test_names_of_people_are_taken(name):
    assert check_identity_name(name) == name


def test_a_name_is_stored_in_its_composed_form():
    assert check_identity_name("Zoe\u0308") == "Zo\u00eb"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a\nb", " a", "a ", "a\u202eb", "a\x00", "a" * 129, "\ud800"]
)
def test_other_names_are_refused(name):
    with pytest.raises(ParameterError):
        check_identity_name(name)


@pytest.mark.parametrize("name", ["people", "P.2-x_y", "0"])
def test_names_of_galleries_are_taken(name):
    assert check_gallery_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", ".a", "a b", "é", "a" * 65, "a/b", "a\n"])
def test_other_names_of_galleries_are_refused(name):
    with pytest.raises(ParameterError):
        check_gallery_name(name)

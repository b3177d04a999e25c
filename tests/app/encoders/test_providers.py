import pytest

from app.encoders.providers import CPU, CUDA, check_loaded, wanted_providers
from app.errors import ProviderError
from app.settings import Provider


def test_auto_takes_cuda_where_it_is_built_in_and_the_cpu_behind_it():
    assert wanted_providers(Provider.AUTO, [CUDA, CPU]) == [CUDA, CPU]
    assert wanted_providers(Provider.AUTO, [CPU]) == [CPU]


def test_cpu_is_the_cpu_even_where_cuda_is_built_in():
    assert wanted_providers(Provider.CPU, [CUDA, CPU]) == [CPU]


def test_cuda_in_a_build_without_it_is_an_error():
    with pytest.raises(ProviderError, match="built without CUDA"):
        wanted_providers(Provider.CUDA, [CPU])


def test_cuda_that_is_built_in_and_does_not_load_is_an_error():
    with pytest.raises(ProviderError, match="did not load"):
        check_loaded(Provider.CUDA, [CPU])


@pytest.mark.parametrize(
    ("provider", "loaded"),
    [(Provider.CUDA, [CUDA, CPU]), (Provider.AUTO, [CPU]), (Provider.CPU, [CPU])],
)
def test_what_was_asked_for_and_loaded_is_fine(provider, loaded):
    check_loaded(provider, loaded)

from benchmarks.payloads.large import SIZE, large_requests


def test_each_body_is_nearly_as_large_as_its_kind_may_be():
    sizes = {name: len(request.body) for name, request in large_requests(128)}
    assert len(sizes) >= 12
    assert max(sizes.values()) <= SIZE
    limited = {"raw, one image": 10, "JSON, two images": 26, "vectors, digits": 6, "array": 50}
    for name, size in sizes.items():
        least = limited.get(name, limited.get(name.partition(",")[0], 18))
        assert size >= least * 1_000_000, name

import pytest
import torch

from training.runs.device import has_bfloat16


@pytest.mark.parametrize(
    ("capabilities", "has_it"),
    [
        ({"avx2": True}, False),
        ({"avx2": True, "avx512_f": True, "avx512_vnni": True, "avx512_bf16": False}, False),
        ({"avx512_f": True, "avx512_bf16": True}, True),
        ({"avx512_f": True, "avx512_bf16": False, "amx_bf16": True}, True),
        ({"neon": True, "bf16": True}, True),
        ({"neon": True}, False),
    ],
)
def test_a_processor_has_bfloat16_by_its_instructions(monkeypatch, capabilities, has_it):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert has_bfloat16(torch.device("cpu")) is has_it


def test_a_gpu_has_bfloat16_whatever_the_processor_has(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    assert has_bfloat16(torch.device("cuda"))


def test_the_capabilities_of_this_processor_are_known():
    known = torch.cpu.get_capabilities()
    assert {"avx512_bf16", "amx_bf16", "bf16"} & set(known)

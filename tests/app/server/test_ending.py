import subprocess
import sys

import pytest

END = "from app.server.ending import end_within; end_within(0.5); "
HANG = {
    "waiting": "import threading; threading.Event().wait()",
    "another thread": "import threading; threading.Thread(target=threading.Event().wait).start()",
    "in native code": "import ctypes; ctypes.CDLL(None).sleep(60)",
}


def ended(code):
    command = [sys.executable, "-c", END + code]
    return subprocess.run(  # noqa: S603 (our own program)
        command, capture_output=True, text=True, timeout=50, check=False
    )


@pytest.mark.parametrize("hang", HANG.values(), ids=HANG)
@pytest.mark.timeout(60)
def test_a_process_ends_whatever_it_waits_for_and_says_so(hang):
    process = ended(hang)
    assert process.returncode == 1
    assert "still not stopped after 0.5 s" in process.stderr


@pytest.mark.timeout(60)
def test_a_process_ends_though_no_python_code_can_run():
    assert ended("import ctypes; ctypes.PyDLL(None).sleep(60)").returncode == 1  # holds the GIL


@pytest.mark.timeout(60)
def test_a_process_that_ends_by_itself_is_left_alone():
    assert ended("pass").returncode == 0

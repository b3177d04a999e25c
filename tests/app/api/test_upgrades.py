"""Undocumented parts of other packages that the API uses; a failure names the upgrade."""

from importlib.metadata import version

import multipart
import starlette.routing
from starlette import _utils


def test_starlette_has_the_path_that_its_router_matches():
    told = f"starlette {version('starlette')} has changed _utils.get_route_path"
    assert starlette.routing.get_route_path is _utils.get_route_path, told
    scope = {"path": "/a/likewise/verify", "root_path": "/a/likewise"}
    assert _utils.get_route_path(scope) == "/verify", told
    assert _utils.get_route_path({"path": "/verify"}) == "/verify", told


def test_multipart_makes_each_part_by_the_method_that_is_overridden():
    class Parser(multipart.PushMultipartParser):
        def _create_segment(self, headerlist):
            made.append(headerlist)
            return multipart.MultipartSegment([])

    made = []
    body = b"--x\r\nA: b\r\n\r\n1\r\n--x--"
    events = list(Parser("x").parse(body))
    told = f"multipart {version('multipart')} has changed PushMultipartParser._create_segment"
    assert made == [[("A", "b")]], told
    assert events[1:] == [b"1", None], told

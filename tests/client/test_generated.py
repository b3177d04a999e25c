from app.server.openapi import document
from tests.servers import ROOT

CLIENT = ROOT / "client"


def test_the_committed_document_is_that_of_the_service():
    assert (CLIENT / "openapi.json").read_text() == document(), "run `make client`"


def test_no_boundary_is_known_beforehand():
    written = [
        file.read_text() for file in (CLIENT / "likewise_client" / "generated").rglob("*.py")
    ]
    assert len(written) > 20
    assert not any("boundary=" in text for text in written)

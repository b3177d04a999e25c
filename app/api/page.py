"""GET /: a page to try the service with, all assets of which come from this service.

The page is the files of `app/page`, without a build step. It calls the service as any other client
does, and stores nothing.
"""

from hashlib import sha256
from pathlib import Path

from fastapi import FastAPI, Request, Response
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

ASSETS = "/page"
PATHS = ("/", f"{ASSETS}/{{file}}")
"""The routes of the page."""
_FILES = Path(__file__).parents[1] / "page"
_ROOT = "{root}"
"""Placeholder in the page for the path prefix of a gateway."""
_HEADERS = {
    # Everything is forbidden that the page does not need.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",  # Requested each time, and sent only if it has changed.
}


def install(app: FastAPI) -> None:
    """Add the page and its assets."""
    app.mount(ASSETS, _Assets(directory=_FILES), name="page")
    app.add_api_route("/", _page, include_in_schema=False, response_class=HTMLResponse)


async def _page(request: Request) -> Response:
    root = request.scope.get("root_path", "")
    text = (_FILES / "index.html").read_text(encoding="utf-8").replace(_ROOT, root)
    tag = f'"{sha256(text.encode()).hexdigest()[:32]}"'
    headers = {**_HEADERS, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(text, headers=headers)


class _Assets(StaticFiles):
    """The page's files, with the headers of the page."""

    def file_response(self, *args: object, **options: object) -> Response:
        response: Response = super().file_response(*args, **options)  # type: ignore[arg-type]
        response.headers.update(_HEADERS)
        return response

"""What the views share that answer with a picture."""

from __future__ import annotations

from pyramid.httpexceptions import HTTPFound
from pyramid.response import Response

from webui.services import pictures

# A drawing may style itself; what it would load or run stays undone, even when it is opened as a page.
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"


def picture_response(url: str) -> Response:
    """The picture in a data URL, or the way to it where it is elsewhere, or the server's own."""
    if address := pictures.elsewhere(url):
        return HTTPFound(address)
    picture = pictures.read_data_url(url) or pictures.default()
    response = Response(picture.content, content_type=picture.media_type, conditional_response=True)
    response.headers["Content-Security-Policy"] = PICTURE_POLICY
    response.headers["Cache-Control"] = "private, no-cache"
    response.md5_etag()
    return response

from __future__ import annotations

from tests.support import Client


def test_security_headers_are_as_the_settings_have_them(make_client) -> None:  # type: ignore[no-untyped-def]
    client: Client = make_client(
        HSTS="max-age=31536000; includeSubDomains",
        XFRAME_OPTIONS="deny",
        PERMISSIONS_POLICY="camera=()",
        CACHE_CONTROL="no-store",
        CONTENT_SECURITY_POLICY="default-src 'self' https://cdn.example",
        DEPLOYMENT_ID="blue",
    )
    answer = client.get("/api/version")
    assert answer.json["deployment_id"] == "blue"
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Permissions-Policy"] == "camera=()"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"  # the default
    assert "X-Download-Options" not in answer.headers  # not given

    # The policy is the page's; the API's answers, which are no pages, keep the strict one.
    assert client.get("/").headers["Content-Security-Policy"] == "default-src 'self' https://cdn.example"
    assert "cdn.example" not in answer.headers["Content-Security-Policy"]

from __future__ import annotations

from webui.settings.declarations.planned import address, key, planned
from webui.settings.parsers import boolean, text
from webui.settings.setting import Setting


def _kind(name: str, kind: str) -> tuple[Setting, Setting]:
    switch = Setting(
        f"onedrive.enable_{name}",
        boolean(),
        "true",
        f"ENABLE_ONEDRIVE_{name.upper()}",
        f"Whether files may come from OneDrives of {kind} accounts.",
        planned=True,
    )
    client = Setting(
        f"onedrive.client_id_{name}",
        text(),
        None,
        f"ONEDRIVE_CLIENT_ID_{name.upper()}",
        f"Client id for OneDrives of {kind} accounts.",
        planned=True,
        default_from="onedrive.client_id",
    )
    return switch, client


DRIVES = (
    planned(
        "google_drive.client_id", text(), "", "GOOGLE_DRIVE_CLIENT_ID", "Client id for picking files from Google Drive."
    ),
    key(
        "google_drive.api_key",
        "GOOGLE_DRIVE_API_KEY",
        "Key for picking files from Google Drive; the page of everybody gets it.",
    ),
    Setting(
        "onedrive.client_id",
        text(),
        "",
        "ONEDRIVE_CLIENT_ID",
        "Client id for picking files from OneDrive.",
        planned=True,
    ),
    *_kind("personal", "personal"),
    *_kind("business", "business"),
    address("onedrive.sharepoint_url", "", "ONEDRIVE_SHAREPOINT_URL", "SharePoint site of business accounts."),
    planned(
        "onedrive.sharepoint_tenant_id",
        text(),
        "",
        "ONEDRIVE_SHAREPOINT_TENANT_ID",
        "Tenant of that SharePoint site.",
    ),
)

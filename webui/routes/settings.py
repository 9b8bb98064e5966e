ROUTES = {
    "settings.list": "/api/v1/settings",
    "settings.history": "/api/v1/settings/history",
    "settings.restore": "/api/v1/settings/history/{version}/restore",
}

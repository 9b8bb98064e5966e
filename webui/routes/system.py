ROUTES = {
    "system.version": "/api/version",
    "system.config": "/api/config",
    "system.webhook": "/api/webhook",
}

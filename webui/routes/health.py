ROUTES = {
    "health": "/health",
    "health.db": "/health/db",
    "ready": "/ready",
}

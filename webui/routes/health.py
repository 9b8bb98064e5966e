ROUTES = {
    "health": "/health",
    "health.db": "/health/db",
    "health.stream": "/health/stream",
    "ready": "/ready",
}

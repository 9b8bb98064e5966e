ROUTES = {
    "connections.list": "/api/v1/connections",
}

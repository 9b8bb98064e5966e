ROUTES = {
    "openapi": "/openapi.json",
    "docs": "/docs",
}

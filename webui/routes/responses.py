ROUTES = {
    "responses.create": "/api/responses",
    "responses.create_v1": "/api/v1/responses",
}

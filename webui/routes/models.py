# Clients of OpenAI's API put /v1 behind the base address or not; both are served.
ROUTES = {
    "models.list": "/api/models",
    "models.list_v1": "/api/v1/models",
    "models.base": "/api/models/base",
    "completions": "/api/chat/completions",
    "completions_v1": "/api/v1/chat/completions",
}

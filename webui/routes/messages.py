# Anthropic's SDKs put /v1 behind the base address, which is /api here.
ROUTES = {
    "messages.create": "/api/v1/messages",
    "messages.count_tokens": "/api/v1/messages/count_tokens",
}

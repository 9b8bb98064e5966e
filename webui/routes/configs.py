ROUTES = {
    "configs.import": "/api/v1/configs/import",
    "configs.export": "/api/v1/configs/export",
    "configs.connections": "/api/v1/configs/connections",
    "configs.tool_servers": "/api/v1/configs/tool_servers",
    "configs.tool_servers_verify": "/api/v1/configs/tool_servers/verify",
    "configs.oauth_client": "/api/v1/configs/oauth/clients/register",
    "configs.code_execution": "/api/v1/configs/code_execution",
    "configs.models": "/api/v1/configs/models",
    "configs.suggestions": "/api/v1/configs/suggestions",
    "configs.banners": "/api/v1/configs/banners",
}

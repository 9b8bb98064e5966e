ROUTES = {
    "prompts.all": "/api/v1/prompts/",
    "prompts.list": "/api/v1/prompts/list",
    "prompts.create": "/api/v1/prompts/create",
    "prompts.item": "/api/v1/prompts/command/{command}",
    "prompts.update": "/api/v1/prompts/command/{command}/update",
    "prompts.delete": "/api/v1/prompts/command/{command}/delete",
}

ROUTES = {
    "tasks.config": "/api/v1/tasks/config",
    "tasks.config_update": "/api/v1/tasks/config/update",
    "tasks.title": "/api/v1/tasks/title/completions",
    "tasks.follow_up": "/api/v1/tasks/follow_up/completions",
    "tasks.tags": "/api/v1/tasks/tags/completions",
    "tasks.image_prompt": "/api/v1/tasks/image_prompt/completions",
    "tasks.queries": "/api/v1/tasks/queries/completions",
    "tasks.auto": "/api/v1/tasks/auto/completions",
    "tasks.emoji": "/api/v1/tasks/emoji/completions",
    "tasks.moa": "/api/v1/tasks/moa/completions",
}

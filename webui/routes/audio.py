ROUTES = {
    "audio.config": "/api/v1/audio/config",
    "audio.config_update": "/api/v1/audio/config/update",
}

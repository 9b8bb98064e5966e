ROUTES = {
    "openai.config": "/openai/config",
    "openai.config_update": "/openai/config/update",
    "openai.verify": "/openai/verify",
    "openai.models": "/openai/models",
    "openai.models_of": "/openai/models/{url_idx}",
    "openai.completions": "/openai/chat/completions",
    "openai.responses": "/openai/responses",
    "openai.speech": "/openai/audio/speech",
    "openai.proxy": "/openai/{path:.+}",
}

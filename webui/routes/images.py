ROUTES = {
    "images.config": "/api/v1/images/config",
    "images.config_update": "/api/v1/images/config/update",
    "images.verify": "/api/v1/images/config/url/verify",
}

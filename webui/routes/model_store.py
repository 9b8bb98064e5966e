ROUTES = {
    "model_store.list": "/api/v1/models/list",
    "model_store.create": "/api/v1/models/create",
    "model_store.item": "/api/v1/models/model",
    "model_store.toggle": "/api/v1/models/model/toggle",
    "model_store.update": "/api/v1/models/model/update",
    "model_store.delete": "/api/v1/models/model/delete",
}

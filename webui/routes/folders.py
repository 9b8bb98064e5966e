ROUTES = {
    "folders.list": "/api/v1/folders/",
    "folders.item": "/api/v1/folders/{id}",
    "folders.update": "/api/v1/folders/{id}/update",
    "folders.parent": "/api/v1/folders/{id}/update/parent",
    "folders.expanded": "/api/v1/folders/{id}/update/expanded",
}

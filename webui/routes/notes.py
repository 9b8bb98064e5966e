ROUTES = {
    "notes.list": "/api/v1/notes/",
    "notes.search": "/api/v1/notes/search",
    "notes.create": "/api/v1/notes/create",
    "notes.item": "/api/v1/notes/{id}",
    "notes.update": "/api/v1/notes/{id}/update",
    "notes.delete": "/api/v1/notes/{id}/delete",
}

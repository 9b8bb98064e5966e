ROUTES = {
    "memories.list": "/api/v1/memories/",
    "memories.embeddings": "/api/v1/memories/ef",
    "memories.add": "/api/v1/memories/add",
    "memories.query": "/api/v1/memories/query",
    "memories.reset": "/api/v1/memories/reset",
    "memories.delete_all": "/api/v1/memories/delete/user",
    "memories.update": "/api/v1/memories/{id}/update",
    "memories.item": "/api/v1/memories/{id}",
}

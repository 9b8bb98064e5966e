ROUTES = {
    "embeddings.create": "/api/embeddings",
    "embeddings.create_v1": "/api/v1/embeddings",
}

ROUTES = {
    "retrieval.status": "/api/v1/retrieval/",
    "retrieval.embedding": "/api/v1/retrieval/embedding",
    "retrieval.embedding_update": "/api/v1/retrieval/embedding/update",
    "retrieval.config": "/api/v1/retrieval/config",
    "retrieval.config_update": "/api/v1/retrieval/config/update",
}

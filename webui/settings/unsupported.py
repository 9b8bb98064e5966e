"""Variables of Open WebUI that are deliberately not followed: why, and what to do instead.

Who sets one of them is told so at the start. Some are for ``scripts/start.sh``; ``docs/settings.md`` lists all of them.
"""

from __future__ import annotations

REASONS: dict[str, str] = {  # what is told of each, to the names of the variables
    "No Redis is needed: processes agree through the database. For several machines use PostgreSQL.": """
        REDIS_CLUSTER REDIS_KEY_PREFIX REDIS_SENTINEL_HOSTS REDIS_SENTINEL_MAX_RETRY_COUNT REDIS_SENTINEL_PORT
        REDIS_SOCKET_CONNECT_TIMEOUT REDIS_URL WEBSOCKET_MANAGER WEBSOCKET_REDIS_CLUSTER WEBSOCKET_REDIS_LOCK_TIMEOUT
        WEBSOCKET_REDIS_OPTIONS WEBSOCKET_REDIS_URL WEBSOCKET_SENTINEL_HOSTS WEBSOCKET_SENTINEL_PORT""",
    "Sessions are always kept in the database; there is nothing to switch on.": "ENABLE_STAR_SESSIONS_MIDDLEWARE",
    "Vectors live in the same database as everything else, DATABASE_URL; there is no store to choose.": """
        VECTOR_DB CHROMA_CLIENT_AUTH_CREDENTIALS CHROMA_CLIENT_AUTH_PROVIDER CHROMA_DATABASE CHROMA_HTTP_HEADERS
        CHROMA_HTTP_HOST CHROMA_HTTP_PORT CHROMA_HTTP_SSL CHROMA_TENANT ELASTICSEARCH_API_KEY ELASTICSEARCH_CA_CERTS
        ELASTICSEARCH_CLOUD_ID ELASTICSEARCH_INDEX_PREFIX ELASTICSEARCH_PASSWORD ELASTICSEARCH_URL
        ELASTICSEARCH_USERNAME SSL_ASSERT_FINGERPRINT ENABLE_MILVUS_MULTITENANCY_MODE MILVUS_COLLECTION_PREFIX
        MILVUS_DB MILVUS_DISKANN_MAX_DEGREE MILVUS_DISKANN_SEARCH_LIST_SIZE MILVUS_HNSW_EFCONSTRUCTION MILVUS_HNSW_M
        MILVUS_INDEX_TYPE MILVUS_IVF_FLAT_NLIST MILVUS_METRIC_TYPE MILVUS_TOKEN MILVUS_URI OPENSEARCH_CERT_VERIFY
        OPENSEARCH_PASSWORD OPENSEARCH_SSL OPENSEARCH_URI OPENSEARCH_USERNAME ORACLE_DB_DSN ORACLE_DB_PASSWORD
        ORACLE_DB_POOL_INCREMENT ORACLE_DB_POOL_MAX ORACLE_DB_POOL_MIN ORACLE_DB_USER ORACLE_DB_USE_WALLET
        ORACLE_VECTOR_LENGTH ORACLE_WALLET_DIR ORACLE_WALLET_PASSWORD PGVECTOR_CREATE_EXTENSION PGVECTOR_DB_URL
        PGVECTOR_HNSW_EF_CONSTRUCTION PGVECTOR_HNSW_M PGVECTOR_INDEX_METHOD PGVECTOR_INITIALIZE_MAX_VECTOR_LENGTH
        PGVECTOR_IVFFLAT_LISTS PGVECTOR_POOL_MAX_OVERFLOW PGVECTOR_POOL_RECYCLE PGVECTOR_POOL_SIZE
        PGVECTOR_POOL_TIMEOUT PGVECTOR_USE_HALFVEC PINECONE_API_KEY PINECONE_CLOUD PINECONE_DIMENSION
        PINECONE_ENVIRONMENT PINECONE_INDEX_NAME PINECONE_METRIC ENABLE_QDRANT_MULTITENANCY_MODE QDRANT_API_KEY
        QDRANT_COLLECTION_PREFIX QDRANT_GRPC_PORT QDRANT_HNSW_M QDRANT_ON_DISK QDRANT_PREFER_GRPC QDRANT_TIMEOUT
        QDRANT_URI S3_VECTOR_BUCKET_NAME S3_VECTOR_REGION WEAVIATE_API_KEY WEAVIATE_GRPC_PORT WEAVIATE_HTTP_HOST
        WEAVIATE_HTTP_PORT""",
    "sentence-transformers is not used; RAG_EMBEDDING_ENGINE chooses what makes vectors.": """
        SENTENCE_TRANSFORMERS_BACKEND SENTENCE_TRANSFORMERS_HOME SENTENCE_TRANSFORMERS_MODEL_KWARGS""",
    "sentence-transformers is not used; RAG_RERANKING_ENGINE chooses what puts results in order.": """
        SENTENCE_TRANSFORMERS_CROSS_ENCODER_BACKEND SENTENCE_TRANSFORMERS_CROSS_ENCODER_MODEL_KWARGS""",
    "Files of models are never fetched or replaced by themselves; put the files that you want in their place.": """
        RAG_EMBEDDING_MODEL_AUTO_UPDATE RAG_RERANKING_MODEL_AUTO_UPDATE WHISPER_MODEL_AUTO_UPDATE""",
    "Code that comes with a model is never run; serve such a model yourself, at RAG_OPENAI_API_BASE_URL.": """
        RAG_EMBEDDING_MODEL_TRUST_REMOTE_CODE""",
    "Code that comes with a model is never run; serve such a model yourself, at RAG_EXTERNAL_RERANKER_URL.": """
        RAG_RERANKING_MODEL_TRUST_REMOTE_CODE""",
    "A reply is always kept while it is written, at a cost that grows with what is new alone.": """
        ENABLE_REALTIME_CHAT_SAVE""",
    "Pieces of a reply that come close together are sent as one, at most about 30 times a second.": """
        CHAT_RESPONSE_STREAM_DELTA_CHUNK_SIZE""",
    "A line of a model's stream may have 16 MB, more than any reply needs.": """
        CHAT_STREAM_RESPONSE_CHUNK_MAX_BUFFER_SIZE""",
    "Texts are not encrypted one by one; encrypt the disk or the volume of the database.": """
        PGVECTOR_PGCRYPTO PGVECTOR_PGCRYPTO_KEY""",
    "The keys that encrypt what is stored are derived from WEBUI_SECRET_KEY.": """
        OAUTH_CLIENT_INFO_ENCRYPTION_KEY OAUTH_SESSION_TOKEN_ENCRYPTION_KEY""",
    "The id token stays on the server; no cookie with it is set.": "ENABLE_OAUTH_ID_TOKEN_COOKIE",
    "The order of sources is the same for all settings, also those of OAuth: the environment comes first.": """
        ENABLE_OAUTH_PERSISTENT_CONFIG""",
    "Stored settings are not thrown away at a start; ENABLE_PERSISTENT_CONFIG=false leaves them out.": """
        RESET_CONFIG_ON_START""",
    "The schema is part of the address: end DATABASE_URL with ?options=-csearch_path=NAME.": "DATABASE_SCHEMA",
    "Streams hold no thread, so few are enough; WEBUI_THREADS sets how many answer requests.": "THREAD_POOL_SIZE",
    "Which proxies are believed is said in [server:main] of the INI file: trusted_proxy and its companions.": """
        FORWARDED_ALLOW_IPS""",
    "Answers are not compressed here; let the proxy before the server do that.": "ENABLE_COMPRESSION_MIDDLEWARE",
    "CORS_ALLOW_ORIGIN takes origins of any scheme.": "CORS_ALLOW_CUSTOM_SCHEME",
    "There is no uvicorn here; access lines are in the ordinary log.": "AUDIT_UVICORN_LOGGER_NAMES",
    "What is logged depends on GLOBAL_LOG_LEVEL alone.": "WEBSOCKET_SERVER_LOGGING",
    "The server runs no Python code of plugins and installs no packages while it runs.": """
        PIP_OPTIONS PIP_PACKAGE_INDEX_OPTIONS SAFE_MODE""",
    "The server computes on no graphics card and comes as one package, not as variants of an image.": """
        DOCKER FROM_INIT_PY WEBUI_BUILD_HASH""",
    "Where Ollama is found is said by OLLAMA_BASE_URLS alone.": "K8S_FLAG",
    "Nothing depends on the kind of environment; /docs and /openapi.json are always served.": "ENV",
    "The variable belongs to the system's loader, which follows it by itself.": "LD_LIBRARY_PATH",
    "Nothing depends on where the server is hosted; set WEBUI_URL to its public address.": "SPACE_ID",
    "There is no licence to enter, and no feature waits for one.": """
        LICENSE_BLOB_PATH LICENSE_KEY LICENSE_PUBLIC_KEY TRUSTED_SIGNATURE_KEY""",
    "Nobody else is asked for a name; WEBUI_NAME sets the title.": "CUSTOM_NAME",
    "Each process makes its own identity.": "INSTANCE_ID",
    "The page comes whole, with what it shows; FRONTEND_BUILD_DIR replaces it.": "STATIC_DIR",
    "PDF files have one font, the file in WEBUI_PDF_FONT.": "FONTS_DIR",
}
READ_BY_START_SH: dict[str, str] = {  # from its environment alone; what it does
    "USE_OLLAMA_DOCKER": "true runs `ollama serve` beside the server, and ends it with the server.",
    "USE_CUDA_DOCKER": "true lets programs find the CUDA libraries that are installed in .venv.",
    "SPACE_HOST": "The public address, WEBUI_URL, becomes https://$SPACE_HOST.",
}
UNSUPPORTED = {name: told for told, names in REASONS.items() for name in names.split()}
# Other programs set these as well, so that finding one tells nothing.
COMMON = frozenset({"ENV", "LD_LIBRARY_PATH"})

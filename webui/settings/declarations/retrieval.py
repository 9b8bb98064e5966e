from __future__ import annotations

from pathlib import Path

from webui.settings.declarations.planned import OPENAI, address, engine, key, planned, switch
from webui.settings.optional import optional
from webui.settings.parsers import integer, number, path, text, url
from webui.settings.setting import Setting


def _token_tables(data: Path) -> Path:
    return data / "cache" / "tiktoken"


def _first(addresses: list[str]) -> str | None:
    return addresses[0] if addresses else None


SPLITTING = (
    planned(
        "rag.text_splitter",
        engine("character", "token", "markdown"),
        "",
        "RAG_TEXT_SPLITTER",
        "How documents are cut into pieces; empty is by characters.",
    ),
    planned(
        "rag.tiktoken_encoding_name",
        text(minimum=1),
        "cl100k_base",
        "TIKTOKEN_ENCODING_NAME",
        "Encoding by which tokens are counted where pieces are cut by tokens.",
    ),
    Setting(
        "rag.tiktoken_cache_dir",
        path(),
        None,
        "TIKTOKEN_CACHE_DIR",
        "Folder of the tables by which tokens are counted; cache/tiktoken in DATA_DIR when not given.",
        planned=True,
        default_from="data_dir",
        derive=_token_tables,
    ),
    planned(
        "rag.chunk_size",
        integer(1, 1_000_000),
        "1000",
        "CHUNK_SIZE",
        "Length of a piece of a document, in characters or tokens.",
    ),
    planned(
        "rag.chunk_overlap",
        integer(0, 1_000_000),
        "100",
        "CHUNK_OVERLAP",
        "How much of that two neighbouring pieces share.",
    ),
)
EMBEDDING = (
    planned(
        "rag.embedding_engine",
        engine("ollama", "openai", "azure_openai"),
        "",
        "RAG_EMBEDDING_ENGINE",
        "What computes embeddings; empty is this server.",
    ),
    planned(
        "rag.embedding_model",
        text(),
        "sentence-transformers/all-MiniLM-L6-v2",
        "RAG_EMBEDDING_MODEL",
        "Model that computes embeddings. With another one the documents have to be indexed anew.",
    ),
    Setting(
        "rag.embedding_batch_size",
        integer(1, 10_000),
        "1",
        "RAG_EMBEDDING_BATCH_SIZE",
        "Texts in one request for embeddings.",
        runtime=True,
        planned=True,
        aliases=("RAG_EMBEDDING_OPENAI_BATCH_SIZE",),
    ),
    switch(
        "rag.enable_async_embedding",
        "true",
        "ENABLE_ASYNC_EMBEDDING",
        "several requests for embeddings are made at a time",
    ),
    Setting(
        "rag.embedding_query_prefix",
        text(),
        "",
        "RAG_EMBEDDING_QUERY_PREFIX",
        "Text put before a question that is embedded, as some models want.",
        planned=True,
    ),
    Setting(
        "rag.embedding_content_prefix",
        text(),
        "",
        "RAG_EMBEDDING_CONTENT_PREFIX",
        "Text put before a piece of a document that is embedded.",
        planned=True,
    ),
    Setting(
        "rag.embedding_prefix_field_name",
        text(),
        "",
        "RAG_EMBEDDING_PREFIX_FIELD_NAME",
        "Field of the request that carries the prefix, for an API that takes it apart from the input.",
        planned=True,
    ),
    address(
        "rag.openai_api_base_url", OPENAI, "RAG_OPENAI_API_BASE_URL", "OpenAI-compatible API that computes embeddings."
    ),
    key(
        "rag.openai_api_key",
        "RAG_OPENAI_API_KEY",
        f"Key for embeddings; empty is the key of the connection to {OPENAI}.",
    ),
    address("rag.azure_openai.base_url", "", "RAG_AZURE_OPENAI_BASE_URL", "Address of Azure OpenAI for embeddings."),
    key("rag.azure_openai.api_key", "RAG_AZURE_OPENAI_API_KEY", "Key for Azure OpenAI's embeddings."),
    planned(
        "rag.azure_openai.api_version", text(), "", "RAG_AZURE_OPENAI_API_VERSION", "Its api-version for embeddings."
    ),
    Setting(
        "rag.ollama.url",
        url(),
        None,
        "RAG_OLLAMA_BASE_URL",
        "Ollama server that computes embeddings; the first of OLLAMA_BASE_URLS when not given.",
        runtime=True,
        planned=True,
        default_from="ollama.base_urls",
        derive=_first,
    ),
    key("rag.ollama.key", "RAG_OLLAMA_API_KEY", "Key for that Ollama server, where a proxy before it wants one."),
)
SEARCH = (
    switch(
        "rag.bypass_embedding_and_retrieval",
        "false",
        "BYPASS_EMBEDDING_AND_RETRIEVAL",
        "a model gets whole documents, and none are embedded",
    ),
    switch("rag.full_context", "false", "RAG_FULL_CONTEXT", "a model gets whole documents though they are embedded"),
    planned("rag.template", text(), "", "RAG_TEMPLATE", "Prompt around what was found; empty is the built-in one."),
    planned("rag.top_k", integer(1, 1000), "3", "RAG_TOP_K", "Pieces that are looked up for a question."),
    planned(
        "rag.relevance_threshold",
        number(0, 1),
        "0.0",
        "RAG_RELEVANCE_THRESHOLD",
        "Least score, from 0 to 1, of a piece that counts.",
    ),
    switch(
        "rag.enable_hybrid_search",
        "false",
        "ENABLE_RAG_HYBRID_SEARCH",
        "pieces are also looked up by their words, and reranked",
    ),
    switch(
        "rag.enable_hybrid_search_enriched_texts",
        "false",
        "ENABLE_RAG_HYBRID_SEARCH_ENRICHED_TEXTS",
        "the hybrid search also looks at names and titles of files",
    ),
    planned(
        "rag.hybrid_bm25_weight",
        number(0, 1),
        "0.5",
        "RAG_HYBRID_BM25_WEIGHT",
        "Weight of words in the hybrid search, from 0 (embeddings alone) to 1 (words alone).",
    ),
    planned(
        "rag.reranking_engine",
        engine("external"),
        "",
        "RAG_RERANKING_ENGINE",
        "What reranks the pieces that were found; empty is this server.",
    ),
    planned("rag.reranking_model", text(), "", "RAG_RERANKING_MODEL", "Model that reranks; empty is none."),
    planned("rag.top_k_reranker", integer(1, 1000), "3", "RAG_TOP_K_RERANKER", "Pieces that are kept after reranking."),
    address("rag.external_reranker_url", "", "RAG_EXTERNAL_RERANKER_URL", "Address of an external reranker."),
    key("rag.external_reranker_api_key", "RAG_EXTERNAL_RERANKER_API_KEY", "Key for the external reranker."),
    planned(
        "rag.external_reranker_timeout",
        optional(integer(1, 86_400), None),
        "",
        "RAG_EXTERNAL_RERANKER_TIMEOUT",
        "Seconds that the external reranker may take; empty is for no limit.",
    ),
)
RETRIEVAL = (*SPLITTING, *EMBEDDING, *SEARCH)

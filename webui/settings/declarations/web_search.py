from __future__ import annotations

from typing import Any

from webui.settings.declarations.planned import address, engine, key, planned, switch
from webui.settings.optional import optional
from webui.settings.parsers import Parser, boolean, choice, integer, text, texts, url
from webui.settings.setting import Setting


def _search(env: str, parser: Parser[Any], default: str, what: str) -> Setting:
    return planned(f"rag.web.search.{env.lower()}", parser, default, env, what)


def _at(env: str, default: str, what: str) -> Setting:
    return address(f"rag.web.search.{env.lower()}", default, env, f"Address of {what}.")


def _key(env: str, service: str) -> Setting:
    return key(f"rag.web.search.{env.lower()}", env, f"Key for {service}.")


SEARCH = (
    planned(
        "rag.web.search.engine",
        text(),
        "",
        "WEB_SEARCH_ENGINE",
        "Service that searches the web, such as searxng or brave; its own settings are below.",
    ),
    planned("rag.web.search.result_count", integer(1, 100), "3", "WEB_SEARCH_RESULT_COUNT", "Results of one search."),
    planned(
        "rag.web.search.concurrent_requests",
        integer(0, 1000),
        "0",
        "WEB_SEARCH_CONCURRENT_REQUESTS",
        "Searches at the same time; 0 for any number.",
    ),
    planned(
        "rag.web.search.domain.filter_list",
        texts(","),
        "",
        "WEB_SEARCH_DOMAIN_FILTER_LIST",
        "Domains whose results are kept, with commas between; one after ! is left out. Empty keeps all.",
    ),
    switch("rag.web.search.trust_env", "false", "WEB_SEARCH_TRUST_ENV", "pages are fetched through the system's proxy"),
    switch(
        "rag.web.search.bypass_embedding_and_retrieval",
        "false",
        "BYPASS_WEB_SEARCH_EMBEDDING_AND_RETRIEVAL",
        "a model gets whole pages instead of the pieces that fit its question",
    ),
    switch(
        "rag.web.search.bypass_web_loader",
        "false",
        "BYPASS_WEB_SEARCH_WEB_LOADER",
        "a model gets the excerpts of the search alone, and no page is fetched",
    ),
    Setting(
        "rag.web.search.queries_cache",
        boolean(),
        "false",
        "ENABLE_QUERIES_CACHE",
        "Whether the queries that a model wrote serve for the web and the documents of one message.",
        planned=True,
    ),
)
SERVICES = (
    key("rag.web.search.ollama_cloud_api_key", "OLLAMA_CLOUD_API_KEY", "Key for the web search of Ollama's cloud."),
    _at("SEARXNG_QUERY_URL", "", "SearXNG, with /search at its end"),
    _search("SEARXNG_LANGUAGE", text(), "all", "Language of SearXNG's results, such as en; all for any."),
    _at("YACY_QUERY_URL", "", "YaCy"),
    _search("YACY_USERNAME", text(), "", "User of YaCy, where it asks for one."),
    key("rag.web.search.yacy_password", "YACY_PASSWORD", "Password for YaCy."),
    _key("GOOGLE_PSE_API_KEY", "Google's Programmable Search Engine"),
    _search("GOOGLE_PSE_ENGINE_ID", text(), "", "Id of the Programmable Search Engine."),
    _key("BRAVE_SEARCH_API_KEY", "Brave Search"),
    _key("KAGI_SEARCH_API_KEY", "Kagi"),
    _key("MOJEEK_SEARCH_API_KEY", "Mojeek"),
    _key("BOCHA_SEARCH_API_KEY", "Bocha"),
    _key("SERPSTACK_API_KEY", "serpstack"),
    switch("rag.web.search.serpstack_https", "true", "SERPSTACK_HTTPS", "serpstack is asked over https"),
    _key("SERPER_API_KEY", "Serper"),
    _key("SERPLY_API_KEY", "Serply"),
    _key("TAVILY_API_KEY", "Tavily, which searches and loads pages"),
    _search("TAVILY_EXTRACT_DEPTH", choice("basic", "advanced"), "basic", "How thoroughly Tavily reads a page."),
    _key("SEARCHAPI_API_KEY", "SearchApi"),
    _search("SEARCHAPI_ENGINE", text(), "", "Engine that SearchApi asks; empty is google."),
    _key("SERPAPI_API_KEY", "SerpApi"),
    _search("SERPAPI_ENGINE", text(), "", "Engine that SerpApi asks; empty is google."),
    _key("JINA_API_KEY", "Jina"),
    _at("BING_SEARCH_V7_ENDPOINT", "https://api.bing.microsoft.com/v7.0/search", "Bing's search"),
    _key("BING_SEARCH_V7_SUBSCRIPTION_KEY", "Bing's search"),
    _at("AZURE_AI_SEARCH_ENDPOINT", "", "Azure AI Search"),
    _key("AZURE_AI_SEARCH_API_KEY", "Azure AI Search"),
    _search("AZURE_AI_SEARCH_INDEX_NAME", text(), "", "Index that Azure AI Search looks into."),
    _key("EXA_API_KEY", "Exa"),
    _key("PERPLEXITY_API_KEY", "Perplexity"),
    _search("PERPLEXITY_MODEL", text(minimum=1), "sonar", "Model of Perplexity that searches."),
    _search(
        "PERPLEXITY_SEARCH_CONTEXT_USAGE",
        choice("low", "medium", "high"),
        "medium",
        "How much of the web that model reads.",
    ),
    _at("PERPLEXITY_SEARCH_API_URL", "https://api.perplexity.ai/search", "Perplexity's search without a model"),
    key("rag.web.search.sougou_api_sid", "SOUGOU_API_SID", "Secret id for Sougou."),
    key("rag.web.search.sougou_api_sk", "SOUGOU_API_SK", "Secret key for Sougou."),
    _at("EXTERNAL_WEB_SEARCH_URL", "", "a search service of your own"),
    _key("EXTERNAL_WEB_SEARCH_API_KEY", "the search service of your own"),
)
LOADING = (
    planned(
        "rag.web.loader.engine",
        engine("safe_web", "playwright", "firecrawl", "tavily", "external"),
        "",
        "WEB_LOADER_ENGINE",
        "What fetches pages and takes their text; empty is safe_web, which is this server.",
    ),
    planned(
        "rag.web.loader.timeout",
        optional(integer(1, 86_400), None),
        "",
        "WEB_LOADER_TIMEOUT",
        "Seconds that a page may take; empty is the engine's limit.",
    ),
    planned(
        "rag.web.loader.concurrent_requests",
        integer(1, 1000),
        "10",
        "WEB_LOADER_CONCURRENT_REQUESTS",
        "Pages that are fetched at the same time.",
    ),
    switch(
        "rag.web.loader.ssl_verification",
        "true",
        "ENABLE_WEB_LOADER_SSL_VERIFICATION",
        "certificates of web pages are verified",
    ),
    Setting(
        "rag.web.loader.local_fetch",
        boolean(),
        "false",
        "ENABLE_RAG_LOCAL_WEB_FETCH",
        "Whether pages of private and local addresses may be fetched, which lets everybody read what only this server"
        " reaches.",
        planned=True,
    ),
    Setting(
        "rag.web.loader.filter_list",
        texts(","),
        "",
        "WEB_FETCH_FILTER_LIST",
        "Hosts whose pages may be fetched, with commas between; one after ! may not. Empty is any.",
        planned=True,
    ),
    planned(
        "rag.web.loader.playwright_ws_url",
        url("ws", "wss"),
        "",
        "PLAYWRIGHT_WS_URL",
        "Browser elsewhere that Playwright drives; empty starts one here.",
    ),
    planned(
        "rag.web.loader.playwright_timeout",
        integer(1, 86_400_000),
        "10000",
        "PLAYWRIGHT_TIMEOUT",
        "Milliseconds that Playwright may take for a page.",
    ),
    address(
        "rag.web.loader.firecrawl_api_url",
        "https://api.firecrawl.dev",
        "FIRECRAWL_API_BASE_URL",
        "Address of Firecrawl.",
    ),
    key("rag.web.loader.firecrawl_api_key", "FIRECRAWL_API_KEY", "Key for Firecrawl."),
    address(
        "rag.web.loader.external_web_loader_url", "", "EXTERNAL_WEB_LOADER_URL", "Address of a loader of your own."
    ),
    key("rag.web.loader.external_web_loader_api_key", "EXTERNAL_WEB_LOADER_API_KEY", "Key for the loader of your own."),
    planned(
        "rag.youtube_loader_language",
        texts(","),
        "en",
        "YOUTUBE_LOADER_LANGUAGE",
        "Languages of transcripts of videos, the preferred one first, with commas between.",
    ),
    planned(
        "rag.youtube_loader_proxy_url",
        url("http", "https", "socks4", "socks5", "socks5h"),
        "",
        "YOUTUBE_LOADER_PROXY_URL",
        "Proxy through which transcripts of videos are fetched.",
    ),
    planned(
        "rag.youtube_loader_translation",
        text(),
        "",
        "YOUTUBE_LOADER_TRANSLATION",
        "Language into which transcripts are translated; empty leaves them as they are.",
    ),
)
WEB_SEARCH = (*SEARCH, *SERVICES, *LOADING)

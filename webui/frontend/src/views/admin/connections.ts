/** Connections to model servers: the lists as the server keeps them, and one of them as a form. */
import type { Schemas } from "../../api/types";
import { parts } from "./words";

export type Kind = "openai" | "ollama";
type Raw = Record<string, unknown>;

/** All connections of a kind: addresses, their keys in the same order, and by an address's place how it is used. */
export interface ConnectionList {
  kind: Kind;
  urls: string[];
  keys: string[];
  configs: Record<string, unknown>;
}

/** One connection as a form; what this page has no field for is kept in `others`. */
export interface Draft {
  url: string;
  key: string;
  enable: boolean;
  provider: string;
  api_version: string;
  auth_type: string;
  connection_type: string;
  prefix_id: string;
  tags: string;
  model_ids: string;
  headers: string;
  others: Raw;
}

export const EMPTY: Draft = {
  ...{ url: "", key: "", enable: true, provider: "", api_version: "", auth_type: "", connection_type: "" },
  ...{ prefix_id: "", tags: "", model_ids: "", headers: "", others: {} },
};

/** The settings behind the parts of a connection. */
export const SETTINGS = {
  openai: { enable: "openai.enable", urls: "openai.api_base_urls", configs: "openai.api_configs" },
  ollama: { enable: "ollama.enable", urls: "ollama.base_urls", configs: "ollama.api_configs" },
} as const;

/** The setting that holds a connection's key. */
export const keySetting = (kind: Kind): string => (kind === "openai" ? "openai.api_keys" : SETTINGS.ollama.configs);

export function openaiList(config: Schemas["OpenAIConfig"]): ConnectionList {
  const { OPENAI_API_BASE_URLS: urls, OPENAI_API_KEYS: keys, OPENAI_API_CONFIGS: configs } = config;
  return { kind: "openai", urls, keys, configs };
}

export function ollamaList(config: Schemas["OllamaConfig"]): ConnectionList {
  return { kind: "ollama", urls: config.OLLAMA_BASE_URLS, keys: [], configs: config.OLLAMA_API_CONFIGS };
}

/** A connection of the list as a form. */
export function draftAt(list: ConnectionList, index: number): Draft {
  const raw = rawAt(list, index);
  const { enable, provider, azure, api_version, auth_type, connection_type, prefix_id, ...more } = raw;
  const { tags, model_ids, headers, key, ...others } = more;
  return {
    url: list.urls[index] ?? "",
    key: list.kind === "openai" ? (list.keys[index] ?? "") : text(key),
    enable: enable !== false,
    provider: text(provider) || (azure === true ? "azure" : ""),
    api_version: text(api_version),
    auth_type: text(auth_type),
    connection_type: text(connection_type),
    prefix_id: text(prefix_id),
    tags: array(tags)
      .map((tag) => text((tag as Raw | null)?.name))
      .join(", "),
    model_ids: array(model_ids).join("\n"),
    headers: Object.entries((headers ?? {}) as Record<string, string>)
      .map(([name, value]) => `${name}: ${value}`)
      .join("\n"),
    others,
  };
}

/** What is sent of a form beside its address and, but for Ollama, its key. */
export function configOf(kind: Kind, draft: Draft): Raw {
  const fields = {
    provider: draft.provider,
    api_version: draft.api_version.trim(),
    auth_type: draft.auth_type,
    connection_type: draft.connection_type,
    prefix_id: draft.prefix_id.trim(),
    tags: parts(draft.tags, ",").map((name) => ({ name })),
    model_ids: parts(draft.model_ids, "\n"),
    headers: headersOf(draft.headers),
    key: kind === "ollama" ? draft.key : "",
  };
  const given = Object.entries(fields).filter(([, value]) => Object.keys(value).length); // of a text, its length
  const azure = draft.provider === "azure" && { azure: true };
  return { ...draft.others, ...Object.fromEntries(given), ...azure, ...(!draft.enable && { enable: false }) };
}

/** The list with this connection at a place, or at its end. */
export function withDraft(list: ConnectionList, draft: Draft, index = list.urls.length): ConnectionList {
  const configs = list.urls.map((_, at) => rawAt(list, at));
  configs[index] = configOf(list.kind, draft);
  return {
    ...list,
    urls: list.urls.toSpliced(index, 1, draft.url.trim()),
    keys: list.kind === "openai" ? list.keys.toSpliced(index, 1, draft.key.trim()) : [],
    configs: byPlace(configs),
  };
}

/** The list without one connection; those behind it move up. */
export function without(list: ConnectionList, index: number): ConnectionList {
  const configs = list.urls.map((_, at) => rawAt(list, at)).toSpliced(index, 1);
  return {
    ...list,
    urls: list.urls.toSpliced(index, 1),
    keys: list.keys.toSpliced(index, 1),
    configs: byPlace(configs),
  };
}

/** Without those that say nothing, so that nothing changes which is set elsewhere. */
const byPlace = (configs: Raw[]): Record<string, unknown> =>
  Object.fromEntries([...configs.entries()].filter(([, config]) => Object.keys(config).length));

/** `Name: value`, one a line; a line without a colon is a name without a value, which the server refuses in words. */
function headersOf(lines: string): Record<string, string> {
  const pairs = parts(lines, "\n").map((line) => {
    const [name = "", ...value] = line.split(":");
    return [name.trim(), value.join(":").trim()];
  });
  return Object.fromEntries(pairs) as Record<string, string>;
}

// Older databases name a configuration by the address instead of the place.
const rawAt = (list: ConnectionList, index: number): Raw =>
  (list.configs[String(index)] ?? list.configs[list.urls[index] ?? ""] ?? {}) as Raw;

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const array = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

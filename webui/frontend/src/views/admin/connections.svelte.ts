/** The connections to model servers, as they are set and as they are doing. */
import { api, read } from "../../api/client";
import type { Schemas } from "../../api/types";
import { models } from "../../state/models.svelte";
import { configOf, ollamaList, openaiList, type ConnectionList, type Draft, type Kind } from "./connections";
import { wordsOf } from "../../lib/errors";

export type Health = Schemas["ConnectionOut"];

class Connections {
  /** Null until they are known. */
  lists = $state.raw<Record<Kind, ConnectionList> | null>(null);
  health = $state.raw<Health[]>([]);
  trouble = $state("");

  async load(): Promise<void> {
    await this.#attempt(async () => {
      const [openai, ollama] = await Promise.all([read(api.GET("/openai/config")), read(api.GET("/ollama/config"))]);
      this.lists = { openai: openaiList(openai), ollama: ollamaList(ollama) };
      await this.#look();
    });
  }

  /** See how they are doing; no model server is asked for this. */
  async look(): Promise<void> {
    await this.#attempt(() => this.#look());
  }

  /** Ask all of them for their models. */
  async askAll(): Promise<void> {
    await models.load({ refresh: true });
    await this.look();
  }

  /** Store the connections of a kind; unless `unasked`, not before those that are new have answered. */
  async save(list: ConnectionList, { unasked = false } = {}): Promise<void> {
    const query = { verify: !unasked };
    const [openai, ollama] =
      list.kind === "openai"
        ? [await read(api.POST("/openai/config/update", { params: { query }, body: openaiForm(list) })), null]
        : [null, await read(api.POST("/ollama/config/update", { params: { query }, body: ollamaForm(list) }))];
    if (this.lists && openai) this.lists = { ...this.lists, openai: openaiList(openai) };
    if (this.lists && ollama) this.lists = { ...this.lists, ollama: ollamaList(ollama) };
    await this.askAll();
  }

  async #look(): Promise<void> {
    this.health = await read(api.GET("/api/v1/connections"));
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.trouble = "";
    } catch (error) {
      this.trouble = wordsOf(error);
    }
  }
}

/** Try a connection without storing it: the names of its models, or its version. Throws ApiError with what failed. */
export async function tried(kind: Kind, draft: Draft): Promise<{ models?: string[]; version?: string }> {
  const { url, key } = draft;
  if (kind === "ollama")
    return (await read<unknown>(api.POST("/ollama/verify", { body: { url, key } }))) as { version?: string };
  const body = { url, key, config: configOf(kind, draft) };
  return { models: idsOf(await read<unknown>(api.POST("/openai/verify", { body }))) };
}

/** The names of the models that a connection offers now; they are asked for. Throws ApiError. */
export async function modelsOf({ kind, index }: Health): Promise<string[]> {
  const path = { url_idx: String(index) };
  if (kind === "openai") return idsOf(await read<unknown>(api.GET("/openai/models/{url_idx}", { params: { path } })));
  if (kind === "ollama") return idsOf(await read<unknown>(api.GET("/ollama/api/tags/{url_idx}", { params: { path } })));
  const { data } = await read(api.GET("/api/models/base"));
  return idsOf({ data: data.filter((model) => model.connection_type === "local" && model.owned_by !== "ollama") });
}

/** Of OpenAI's list, or of Ollama's. */
function idsOf(answer: unknown): string[] {
  const { data, models: named } = (answer ?? {}) as { data?: { id: string }[]; models?: { model: string }[] };
  return data?.map(({ id }) => id) ?? named?.map(({ model }) => model) ?? [];
}

const openaiForm = ({ urls, keys, configs }: ConnectionList): Schemas["OpenAIConfigForm"] => ({
  OPENAI_API_BASE_URLS: urls,
  OPENAI_API_KEYS: keys,
  OPENAI_API_CONFIGS: configs,
});

const ollamaForm = ({ urls, configs }: ConnectionList): Schemas["OllamaConfigForm"] => ({
  OLLAMA_BASE_URLS: urls,
  OLLAMA_API_CONFIGS: configs,
});

export const connections = new Connections();

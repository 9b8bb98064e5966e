/** The prompts that `/` offers. */
import { api, read } from "../api/client";
import type { Schemas } from "../api/types";
import { wordsOf } from "../lib/errors";

export type Prompt = Schemas["PromptOut"];
export type PromptForm = Schemas["PromptForm"];

class Prompts {
  /** Null until they are known. */
  list = $state.raw<Prompt[] | null>(null);
  trouble = $state("");

  async load(): Promise<void> {
    try {
      this.list = await read(api.GET("/api/v1/prompts/"));
      this.trouble = "";
    } catch (error) {
      this.trouble = wordsOf(error);
    }
  }

  /** Those that the user may change. Throws ApiError, as what follows does. */
  readOwn(): Promise<Prompt[]> {
    return read(api.GET("/api/v1/prompts/list"));
  }

  /** Store a prompt: a new one, or in place of `before`. */
  async save(form: PromptForm, before: Prompt | null): Promise<void> {
    if (before) await read(api.POST("/api/v1/prompts/command/{command}/update", { ...at(before), body: form }));
    else await read(api.POST("/api/v1/prompts/create", { body: form }));
    await this.load();
  }

  async remove(prompt: Prompt): Promise<void> {
    await read(api.DELETE("/api/v1/prompts/command/{command}/delete", at(prompt)));
    await this.load();
  }
}

const at = ({ command }: Prompt): { params: { path: { command: string } } } => ({
  params: { path: { command: command.replace(/^\//, "") } },
});

export const prompts = new Prompts();

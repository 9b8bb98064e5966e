/** The models that may be asked. */
import { api, read } from "../api/client";
import type { Model } from "../api/types";
import { wordsOf } from "../lib/errors";
import { readModel } from "../lib/stored";

class Models {
  /** Null until they are known. */
  list = $state.raw<Model[] | null>(null);
  /** Why they are not known, or not anew. */
  trouble = $state("");
  isLoading = $state(false);
  #byId = $derived(new Map(this.list?.map((model) => [model.id, model])));

  /** Read the list; `refresh` has the server ask its connections again. */
  async load({ refresh = false } = {}): Promise<void> {
    this.isLoading = true;
    try {
      const query = refresh ? { refresh: true } : {};
      this.list = (await read(api.GET("/api/models", { params: { query } }))).data.map(readModel);
      this.trouble = "";
    } catch (error) {
      this.trouble = wordsOf(error);
    }
    this.isLoading = false;
  }

  find(id: string | undefined): Model | undefined {
    return this.#byId.get(id ?? "");
  }

  nameOf(id: string | undefined): string {
    return this.find(id)?.name ?? id ?? "";
  }

  /** The first of these that there is, else the first of all that is no arena. */
  choose(wishes: readonly (string | undefined)[]): string | undefined {
    return wishes.find((id) => this.find(id)) ?? (this.list?.find(({ arena }) => !arena) ?? this.list?.[0])?.id;
  }
}

export const models = new Models();

/** The models that connections offer, what is stored about them, and models made of them. */
import { api, read } from "../../api/client";
import type { Model, Schemas } from "../../api/types";
import { models } from "../../state/models.svelte";
import { wordsOf } from "../../lib/errors";

export type Stored = Schemas["StoredModel"];
export type ModelForm = Schemas["ModelForm"];

class ModelStore {
  /** As the connections tell of them; null until they are known. */
  offered = $state.raw<Model[] | null>(null);
  /** What is stored about those. */
  bases = $state.raw<Stored[]>([]);
  custom = $state.raw<Stored[]>([]);
  trouble = $state("");

  async load(): Promise<void> {
    try {
      const [offered, stored] = await Promise.all([
        read(api.GET("/api/models/base")),
        read(api.GET("/api/v1/models/export")),
      ]);
      this.bases = stored.filter(({ base_model_id }) => base_model_id === null);
      this.custom = stored.filter(({ base_model_id }) => base_model_id !== null);
      this.offered = offered.data as unknown as Model[];
      this.trouble = "";
    } catch (error) {
      this.trouble = wordsOf(error);
    }
  }

  baseOf(id: string): Stored | undefined {
    return this.bases.find((stored) => stored.id === id);
  }

  /** Whether a connection's model is for everybody, for administrators alone, or not offered. */
  useOf(id: string): Use {
    const stored = this.baseOf(id);
    if (stored?.is_active === false) return "off";
    return stored && stored.access_control === null ? "all" : "admins";
  }

  async setUse({ id, name }: Model, use: Use): Promise<void> {
    const { name: called = name, meta = {}, params = {} } = this.baseOf(id) ?? {};
    const access_control = use === "all" ? null : {};
    await this.save({ id, name: called, meta, params, access_control, is_active: use !== "off" }, this.baseOf(id));
  }

  /** Store a model: a new one, or in the place of what is stored. Throws ApiError. */
  async save(form: ModelForm, before?: Stored): Promise<void> {
    if (before) await read(api.POST("/api/v1/models/model/update", { body: form }));
    else await read(api.POST("/api/v1/models/create", { body: form }));
    await this.#refresh();
  }

  async remove({ id }: Stored): Promise<void> {
    await read(api.POST("/api/v1/models/model/delete", { body: { id } }));
    await this.#refresh();
  }

  async #refresh(): Promise<void> {
    await Promise.all([this.load(), models.load()]);
  }
}

export type Use = "all" | "admins" | "off";

export const modelStore = new ModelStore();

/** All settings of the server, as its administrators see them; several tabs ask for their locks. */
import { api, read } from "../../api/client";
import type { Schemas } from "../../api/types";
import { t } from "../../i18n/index.svelte";
import { wordsOf } from "../../lib/errors";

export type Setting = Schemas["SettingOut"];
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

class ServerSettings {
  /** Null until they are known. */
  rows = $state.raw<Setting[] | null>(null);
  trouble = $state("");
  #byName = $derived(new Map(this.rows?.map((row) => [row.name, row])));

  async load(): Promise<void> {
    try {
      this.rows = await read(api.GET("/api/v1/settings"));
      this.trouble = "";
    } catch (error) {
      this.trouble = wordsOf(error);
    }
  }

  find(name: string): Setting | undefined {
    return this.#byName.get(name);
  }

  /** Why a setting cannot be changed here, in words; empty if it can. */
  lockOf(name: string): string {
    const row = this.find(name);
    if (!row) return "";
    const { environment: variable, source } = row;
    if (row.locked && source === `environment ${variable}`) return t("admin.lockedByVariable", { variable });
    if (row.locked) return t("admin.lockedBy", { variable, source });
    if (!row.runtime) return t("admin.atStart", { variable });
    if (this.find("settings.persistent")?.value === "false") return t("admin.notPersistent");
    return "";
  }

  /** Store values, null for the default, all or none. Throws ApiError. */
  async change(values: Record<string, Json>): Promise<void> {
    this.take(await read(api.POST("/api/v1/settings", { body: values })));
  }

  /** These are as they are now. */
  take(changed: Setting[]): void {
    const now = new Map(changed.map((row) => [row.name, row]));
    this.rows = this.rows?.map((row) => now.get(row.name) ?? row) ?? null;
  }
}

export const serverSettings = new ServerSettings();

/** Whether the server has been updated since this page was loaded. */
import { api, read } from "../api/client";
import { session } from "./session.svelte";

class Release {
  isOutdated = $state(false);
  #loaded: string | undefined;

  /** Ask the server for its version; without an answer nothing is known. */
  async check(): Promise<void> {
    this.#loaded ??= session.config?.version;
    const { version } = await read(api.GET("/api/version"));
    this.isOutdated = this.#loaded !== undefined && version !== this.#loaded;
  }
}

export const release = new Release();

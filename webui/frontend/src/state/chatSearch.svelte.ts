/** A search among the user's chats; a later one takes the place of one that is under way. */
import { api, read } from "../api/client";
import type { Schemas } from "../api/types";
import { wordsOf } from "../lib/errors";

export type Hit = Schemas["ChatHit"];

const PAGE = 60; // hits that the server sends at once

export class ChatSearch {
  /** Null if nothing is searched for. */
  hits = $state.raw<Hit[] | null>(null);
  /** What was searched for. */
  text = $state("");
  hasMore = $state(false);
  isBusy = $state(false);
  trouble = $state("");
  #request = new AbortController();

  async find(text: string): Promise<void> {
    this.close();
    this.trouble = "";
    this.text = text.trim();
    if (this.text) await this.#read(1);
    else this.hits = null;
  }

  async more(): Promise<void> {
    await this.#read(Math.floor((this.hits?.length ?? 0) / PAGE) + 1);
  }

  /** Nobody waits any more. */
  close(): void {
    this.#request.abort();
    this.isBusy = false;
  }

  async #read(page: number): Promise<void> {
    const { signal } = (this.#request = new AbortController());
    this.isBusy = true;
    try {
      const query = { text: this.text, page };
      const hits = await read(api.GET("/api/v1/chats/search", { params: { query }, signal }));
      this.hits = page === 1 ? hits : [...(this.hits ?? []), ...hits];
      this.hasMore = hits.length === PAGE;
    } catch (error) {
      if (signal.aborted) return;
      this.hits = null;
      this.trouble = wordsOf(error);
    }
    this.isBusy = false;
  }
}

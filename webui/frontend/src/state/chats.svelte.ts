/** The chats of the sidebar: those that are pinned, those in folders, and all others, the latest first.
 *
 * While somebody reads the sidebar nothing in it moves by itself: what happens elsewhere is shown afterwards.
 */
import { api, read } from "../api/client";
import type { Schemas } from "../api/types";
import { folders } from "./folders.svelte";
import { Pages, type ChatLine } from "./pages.svelte";

export type { ChatLine };

/** What the server tells of a chat that was changed. */
export type ChangedChat = Pick<Schemas["ChatOut"], "id" | "title" | "updated_at" | "pinned" | "archived" | "folder_id">;

const PAGE = 60; // chats that the server sends at once

class Chats {
  pinned = new Pages(() => read(api.GET("/api/v1/chats/pinned")), Infinity);
  others = new Pages((page) => readPage(page), PAGE);
  #isRead = false;
  #waiting: (() => void)[] = [];

  /** Those that are neither pinned nor in a folder, as far as they are loaded. */
  get list(): ChatLine[] {
    return this.others.list;
  }

  get hasMore(): boolean {
    return this.others.hasMore;
  }

  loadMore(): Promise<void> {
    return this.others.loadMore();
  }

  /** Take in what has changed elsewhere. */
  async update(): Promise<void> {
    await Promise.all([this.others.update(), this.pinned.update(), folders.load()]);
  }

  /** The same, as soon as nobody reads the sidebar. */
  updateLater(): void {
    this.#afterReading(() => this.update().catch(console.warn));
  }

  /** A chat was stored just now; `folderId`, if it is known, tells where a new one stands. */
  touch(id: string, title: string, folderId?: string | null): void {
    const line = { id, title, updated_at: Math.floor(Date.now() / 1000) };
    for (const pages of this.#lists()) pages.retitle(id, title);
    this.#afterReading(() => {
      const home = this.#lists().find((pages) => pages.has(id));
      if (home) home.put(line);
      else if (folderId === undefined) void this.update();
      else this.#listFor(folderId).put(line);
    });
  }

  isPinned(id: string): boolean {
    return this.pinned.has(id);
  }

  find(id: string): ChatLine | undefined {
    return this.#lists()
      .find((pages) => pages.has(id))
      ?.find(id);
  }

  retitle(id: string, title: string): void {
    for (const pages of this.#lists()) pages.retitle(id, title);
  }

  /** Show a chat where it stands now. */
  take({ id, title, updated_at, pinned, archived, folder_id }: ChangedChat): void {
    const home = pinned ? this.pinned : this.#listFor(folder_id);
    const gone = new Set([id]);
    for (const pages of this.#lists()) if (archived || pages !== home) pages.drop(gone);
    if (!archived) home.put({ id, title, updated_at });
  }

  /** Some are no longer to be seen; `dropLater`: as soon as nobody reads the sidebar. */
  drop(ids: Iterable<string>): void {
    const gone = new Set(ids);
    for (const pages of this.#lists()) pages.drop(gone);
  }

  dropLater(id: string): void {
    this.#afterReading(() => this.drop([id]));
  }

  /** Whether somebody reads the sidebar. */
  reading(isRead: boolean): void {
    this.#isRead = isRead;
    if (!isRead) for (const change of this.#waiting.splice(0)) change();
  }

  #afterReading(change: () => void): void {
    if (this.#isRead) this.#waiting.push(change);
    else change();
  }

  #listFor(folderId: string | null): Pages {
    return folderId !== null && folders.isOn ? folders.chatsIn(folderId) : this.others;
  }

  #lists(): Pages[] {
    return [this.pinned, this.others, ...folders.chatLists];
  }
}

/** Without folders their chats stand among the others. */
function readPage(page: number): Promise<ChatLine[]> {
  const query = { page, include_pinned: false, include_folders: !folders.isOn };
  return read(api.GET("/api/v1/chats/", { params: { query } }));
}

export const chats = new Chats();

/** The user's folders, and the chats in each. */
import { api, read } from "../api/client";
import type { Schemas } from "../api/types";
import { wordsOf } from "../lib/errors";
import { Pages, type ChatLine } from "./pages.svelte";
import { session } from "./session.svelte";

export type Folder = Schemas["FolderLine"];

const PAGE = 10; // chats that the server sends at once

class Folders {
  list = $state.raw<Folder[]>([]);
  trouble = $state("");
  #chats = new Map<string, Pages>();
  #tree = $derived(byParent(this.list));

  /** Whether the server has folders, for this user. */
  get isOn(): boolean {
    return session.has("enable_folders") && session.may("features", "folders");
  }

  /** Read the list, and the chats of the folders that are open. */
  async load(): Promise<void> {
    if (!this.isOn) return;
    try {
      this.list = await read(api.GET("/api/v1/folders/"));
      this.trouble = "";
    } catch (error) {
      this.trouble = wordsOf(error);
    }
    await Promise.all(this.list.filter(({ is_expanded }) => is_expanded).map(({ id }) => this.chatsIn(id).update()));
  }

  find(id: string | null): Folder | undefined {
    return this.list.find((folder) => folder.id === id);
  }

  /** Folders in a folder, or at the top, by name. */
  within(parentId: string | null): Folder[] {
    return this.#tree.get(parentId) ?? [];
  }

  /** A folder and all that are in it. */
  subtree(id: string): Folder[] {
    const folder = this.find(id);
    return folder ? [folder, ...this.within(id).flatMap((inside) => this.subtree(inside.id))] : [];
  }

  /** The names on the way to a folder. */
  pathOf(folder: Folder): string[] {
    const parent = this.find(folder.parent_id);
    return [...(parent ? this.pathOf(parent) : []), folder.name];
  }

  chatsIn(id: string): Pages {
    const known = this.#chats.get(id);
    if (known) return known;
    const pages = new Pages((page) => readPage(id, page), PAGE);
    this.#chats.set(id, pages);
    return pages;
  }

  /** The lists of chats that are known so far. */
  get chatLists(): Iterable<Pages> {
    return this.#chats.values();
  }

  /** The folder that a chat is known to stand in. */
  folderOf(chatId: string): string | undefined {
    return [...this.#chats].find(([, pages]) => pages.has(chatId))?.[0];
  }

  /** The ids of all chats in a folder itself, pinned and archived ones too. */
  async readIds(id: string): Promise<string[]> {
    const ids = new Set<string>();
    for (let page = 1; ; page++) {
      const lines = await readPage(id, page, true);
      for (const line of lines) ids.add(line.id);
      if (lines.length < PAGE) return [...ids];
    }
  }

  readOne(id: string): Promise<Schemas["FolderOut"]> {
    return read(api.GET("/api/v1/folders/{id}", { params: { path: { id } } }));
  }

  async create(form: Schemas["FolderForm"], parentId: string | null = null): Promise<string> {
    const { id } = await read(api.POST("/api/v1/folders/", { body: form }));
    if (parentId !== null) await this.#setParent(id, parentId);
    await this.load();
    return id;
  }

  async change(id: string, body: Schemas["FolderUpdate"]): Promise<void> {
    await read(api.POST("/api/v1/folders/{id}/update", { params: { path: { id } }, body }));
    await this.load();
  }

  /** Put a folder into another, or at the top. */
  async move(id: string, parentId: string | null): Promise<void> {
    await this.#setParent(id, parentId);
    await this.load();
  }

  /** Show what is in a folder, or hide it. It happens at once; the server remembers it for the next time. */
  async expand(id: string, is_expanded: boolean): Promise<void> {
    this.list = this.list.map((folder) => (folder.id === id ? { ...folder, is_expanded } : folder));
    if (is_expanded) void this.chatsIn(id).update();
    await read(api.POST("/api/v1/folders/{id}/update/expanded", { params: { path: { id } }, body: { is_expanded } }));
  }

  /** Delete a folder with the folders in it; its chats go to the trash, or are kept outside of folders. */
  async remove(id: string, keepChats: boolean): Promise<void> {
    const query = { delete_contents: !keepChats };
    await read(api.DELETE("/api/v1/folders/{id}", { params: { path: { id }, query } }));
    await this.load();
  }

  async #setParent(id: string, parent_id: string | null): Promise<void> {
    await read(api.POST("/api/v1/folders/{id}/update/parent", { params: { path: { id } }, body: { parent_id } }));
  }
}

function readPage(folder_id: string, page: number, include_hidden = false): Promise<ChatLine[]> {
  const params = { path: { folder_id }, query: { page, include_hidden } };
  return read(api.GET("/api/v1/chats/folder/{folder_id}/list", { params }));
}

function byParent(list: readonly Folder[]): Map<string | null, Folder[]> {
  const inside = new Map<string | null, Folder[]>();
  for (const folder of list.toSorted((a, b) => a.name.localeCompare(b.name))) {
    inside.set(folder.parent_id, [...(inside.get(folder.parent_id) ?? []), folder]);
  }
  return inside;
}

export const folders = new Folders();

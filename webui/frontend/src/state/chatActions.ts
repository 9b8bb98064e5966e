/** What can be done with chats. What may be regretted can be undone. */
import { api, read } from "../api/client";
import { changeChat, getChat } from "../api/chats";
import { t } from "../i18n/index.svelte";
import { chatAddress, go } from "../lib/router.svelte";
import { chats, type ChangedChat } from "./chats.svelte";
import { folders, type Folder } from "./folders.svelte";
import { undo } from "./undo.svelte";
import { chatInAddress, workspace } from "./workspace.svelte";

const AT_ONCE = 4; // requests

const at = (id: string): { params: { path: { id: string } } } => ({ params: { path: { id } } });

export async function renameChat(id: string, title: string): Promise<void> {
  const before = chats.find(id)?.title;
  show(id, title);
  try {
    await changeChat(id, { title });
  } catch (error) {
    if (before !== undefined) show(id, before);
    throw error;
  }
}

function show(id: string, title: string): void {
  chats.retitle(id, title);
  if (workspace.conversation.id === id) workspace.conversation.title = title;
}

export async function togglePin(id: string): Promise<void> {
  chats.take(await read(api.POST("/api/v1/chats/{id}/pin", at(id))));
}

/** Put chats into a folder, or take them out of all. */
export async function moveChats(ids: readonly string[], folderId: string | null): Promise<void> {
  const before = new Map(
    ids.map((id) => [id, { folderId: folders.folderOf(id) ?? null, isPinned: chats.isPinned(id) }]),
  );
  await forEach(ids, (id) => moveChat(id, folderId));
  undo.offer(t(folderId === null ? "sidebar.movedOut" : "sidebar.moved", { n: ids.length }), () =>
    forEach(ids, async (id) => {
      const { folderId, isPinned } = before.get(id) ?? {};
      await moveChat(id, folderId ?? null);
      if (isPinned) await togglePin(id);
    }),
  );
}

async function moveChat(id: string, folder_id: string | null): Promise<void> {
  const moved = await read(api.POST("/api/v1/chats/{id}/folder", { ...at(id), body: { folder_id } }));
  chats.take(moved);
  if (workspace.conversation.id === id) workspace.conversation.folderId = folder_id;
}

/** Archive chats, or bring archived ones back. */
export async function archiveChats(ids: readonly string[]): Promise<void> {
  const before = new Map(ids.map((id) => [id, folders.folderOf(id)]));
  const archived: string[] = [];
  await forEach(ids, async (id) => {
    const chat = await toggleArchive(id);
    if (chat.archived) archived.push(id);
  });
  leave(archived);
  const words = archived.length ? "sidebar.archivedNow" : "sidebar.unarchived";
  undo.offer(t(words, { n: ids.length }), () =>
    forEach(ids, async (id) => {
      await toggleArchive(id);
      const folderId = before.get(id);
      if (folderId) await moveChat(id, folderId);
    }),
  );
}

async function toggleArchive(id: string): Promise<ChangedChat> {
  const chat = await read(api.POST("/api/v1/chats/{id}/archive", at(id)));
  chats.take(chat);
  return chat;
}

/** Put chats into the trash. */
export async function deleteChats(ids: readonly string[]): Promise<void> {
  const deleted: string[] = [];
  try {
    await forEach(ids, async (id) => {
      await read(api.DELETE("/api/v1/chats/{id}", at(id)));
      deleted.push(id);
    });
  } finally {
    chats.drop(deleted);
    leave(deleted);
  }
  undo.offer(t("sidebar.deletedNow", { n: ids.length }), () => forEach(ids, restoreChat));
}

export async function restoreChat(id: string): Promise<void> {
  chats.take(await read(api.POST("/api/v1/chats/{id}/restore", at(id))));
}

/** Copy a chat, and open the copy. */
export async function cloneChat(id: string): Promise<void> {
  const copy = await read(api.POST("/api/v1/chats/{id}/clone", { ...at(id), body: {} }));
  chats.take(copy);
  go(chatAddress(copy.id));
}

export async function tagChats(ids: readonly string[], name: string): Promise<void> {
  await forEach(ids, (id) => read(api.POST("/api/v1/chats/{id}/tags", { ...at(id), body: { name } })));
}

export async function untagChats(ids: readonly string[], name: string): Promise<void> {
  await forEach(ids, (id) => read(api.DELETE("/api/v1/chats/{id}/tags", { ...at(id), body: { name } })));
}

/** Several chats as one file, which can be imported. */
export async function chatsAsFile(ids: readonly string[]): Promise<Blob> {
  const found: unknown[] = [];
  await forEach(ids, async (id) => found.push(await getChat(id)));
  return new Blob([JSON.stringify(found)], { type: "application/json" });
}

/** Delete a folder and those in it, and put their chats into the trash or outside of folders. */
export async function deleteFolder(folder: Folder, keepChats: boolean): Promise<void> {
  const inside = await readInside(folder);
  await folders.remove(folder.id, keepChats);
  await chats.update();
  const open = workspace.conversation.id;
  if (!keepChats && inside.some(({ ids }) => open !== null && ids.includes(open))) workspace.startNew();
  undo.offer(t("sidebar.folderDeleted", { name: folder.name }), () => rebuild(folder.parent_id, inside, keepChats));
}

interface Inside {
  folder: Awaited<ReturnType<typeof folders.readOne>>;
  ids: string[];
}

/** A folder and those in it, the outer ones first, with the chats in each. */
async function readInside(folder: Folder): Promise<Inside[]> {
  const inside: Inside[] = [];
  for (const { id } of folders.subtree(folder.id)) {
    inside.push({ folder: await folders.readOne(id), ids: await folders.readIds(id) });
  }
  return inside;
}

async function rebuild(parentId: string | null, inside: Inside[], areKept: boolean): Promise<void> {
  const made = new Map<string, string>(); // the new ids of folders
  for (const { folder, ids } of inside) {
    const { id, name, data, meta, parent_id } = folder;
    const parent = (parent_id === null ? undefined : made.get(parent_id)) ?? parentId;
    const folderId = await folders.create({ name, data, meta }, parent);
    made.set(id, folderId);
    await forEach(ids, async (chat) => {
      if (!areKept) await restoreChat(chat);
      await moveChat(chat, folderId);
    });
  }
  await chats.update();
}

/** Do something, and tell if it fails where an undo would be offered. */
export function attempt(work: () => Promise<unknown>): void {
  work().catch((error: unknown) => undo.fail(error));
}

/** If the open chat is one of these, it is open no more. */
function leave(ids: readonly string[]): void {
  const open = chatInAddress();
  if (open !== null && ids.includes(open)) workspace.startNew();
}

async function forEach(ids: readonly string[], work: (id: string) => Promise<unknown>): Promise<void> {
  const rest = [...ids];
  const worker = async (): Promise<void> => {
    for (let id = rest.shift(); id !== undefined; id = rest.shift()) await work(id);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

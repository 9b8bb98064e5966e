/** What can be done with chats. What may be regretted can be undone. */
import { api, read } from "../api/client";
import { changeChat, getChat } from "../api/chats";
import { t, type Key } from "../i18n/index.svelte";
import { wordsOf } from "../lib/errors";
import { chatAddress, go } from "../lib/router.svelte";
import { chatDialogs, type ChatRef } from "./chatDialogs.svelte";
import { chats, type ChangedChat } from "./chats.svelte";
import { folders, type Folder } from "./folders.svelte";
import { session } from "./session.svelte";
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
  const tried = await tryEach(ids, (id) => moveChat(id, folderId));
  offerUndo(folderId === null ? "sidebar.movedOut" : "sidebar.moved", tried, async (id) => {
    const { folderId, isPinned } = before.get(id) ?? {};
    await moveChat(id, folderId ?? null);
    if (isPinned) await togglePin(id);
  });
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
  const tried = await tryEach(ids, async (id) => {
    const chat = await toggleArchive(id);
    if (chat.archived) archived.push(id);
  });
  leave(archived);
  offerUndo(archived.length ? "sidebar.archivedNow" : "sidebar.unarchived", tried, async (id) => {
    await toggleArchive(id);
    const folderId = before.get(id);
    if (folderId) await moveChat(id, folderId);
  });
}

async function toggleArchive(id: string): Promise<ChangedChat> {
  const chat = await read(api.POST("/api/v1/chats/{id}/archive", at(id)));
  chats.take(chat);
  if (workspace.conversation.id === id) workspace.conversation.isArchived = chat.archived;
  return chat;
}

/** Whether what is deleted can be brought back. */
export const hasTrash = (): boolean => (session.config?.trash_days ?? 0) > 0;

/** Delete chats, at once if they can be brought back, else after a question. */
export async function deleteChats(chosen: ChatRef[]): Promise<void> {
  if (hasTrash()) await deleteNow(chosen.map(({ id }) => id));
  else chatDialogs.ask({ kind: "delete", chats: chosen });
}

export async function deleteNow(ids: readonly string[]): Promise<void> {
  const tried = await tryEach(ids, (id) => read(api.DELETE("/api/v1/chats/{id}", at(id))));
  chats.drop(tried.done);
  leave(tried.done);
  if (hasTrash()) offerUndo("sidebar.deletedNow", tried, (id) => restoreChat(id));
  else offerUndo("sidebar.erasedNow", tried, null);
}

/** Bring a chat back from the trash, to where it was or into a folder that took the place of its own. */
export async function restoreChat(id: string, folder_id?: string): Promise<void> {
  const query = folder_id === undefined ? {} : { folder_id };
  chats.take(await read(api.POST("/api/v1/chats/{id}/restore", { params: { path: { id }, query } })));
}

/** Copy a chat, and open the copy. */
export async function cloneChat(id: string): Promise<void> {
  const copy = await read(api.POST("/api/v1/chats/{id}/clone", { ...at(id), body: {} }));
  chats.take(copy);
  go(chatAddress(copy.id));
}

export async function tagChats(ids: readonly string[], name: string): Promise<void> {
  await each(ids, (id) => read(api.POST("/api/v1/chats/{id}/tags", { ...at(id), body: { name } })));
}

export async function untagChats(ids: readonly string[], name: string): Promise<void> {
  await each(ids, (id) => read(api.DELETE("/api/v1/chats/{id}/tags", { ...at(id), body: { name } })));
}

/** Several chats as one file, which can be imported. */
export async function chatsAsFile(ids: readonly string[]): Promise<Blob> {
  const found: unknown[] = [];
  await each(ids, async (id) => found.push(await getChat(id)));
  return new Blob([JSON.stringify(found)], { type: "application/json" });
}

/** Delete a folder and those in it; its chats are deleted too, or stay outside of folders. */
export async function deleteFolder(folder: Folder, keepChats: boolean): Promise<void> {
  const inside = await readInside(folder);
  const pinned = new Set(chats.pinned.list.map(({ id }) => id));
  await folders.remove(folder.id, keepChats);
  await chats.update();
  if (!keepChats) leave(inside.flatMap(({ ids }) => ids));
  const words = t("sidebar.folderDeleted", { name: folder.name });
  if (!keepChats && !hasTrash()) return undo.offer(words, null);
  undo.offer(words, () =>
    rebuild(folder.parent_id, inside, async (id, folderId) => {
      if (!keepChats) return restoreChat(id, folderId);
      await moveChat(id, folderId);
      if (pinned.has(id)) await togglePin(id);
    }),
  );
}

interface Inside {
  folder: Awaited<ReturnType<typeof folders.readOne>>;
  ids: string[];
  /** The id of the folder that takes its place. */
  anew?: string;
}

/** A folder and those in it, the outer ones first, with the chats in each. */
async function readInside(folder: Folder): Promise<Inside[]> {
  const inside: Inside[] = [];
  for (const { id } of folders.subtree(folder.id)) {
    inside.push({ folder: await folders.readOne(id), ids: await folders.readIds(id) });
  }
  return inside;
}

/** Make folders anew, and put their chats back. Where it has failed it goes on the next time. */
async function rebuild(
  parentId: string | null,
  inside: Inside[],
  putBack: (id: string, folderId: string) => Promise<void>,
): Promise<void> {
  for (const place of inside) {
    const { name, data, meta, parent_id } = place.folder;
    const parent = inside.find(({ folder }) => folder.id === parent_id)?.anew ?? parentId;
    const folderId = (place.anew ??= await folders.create({ name, data, meta }, parent));
    if (place.folder.is_expanded) await folders.expand(folderId, true);
    const { rest, error } = await tryEach(place.ids, (id) => putBack(id, folderId));
    place.ids = rest;
    if (error !== undefined) throw error;
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

interface Tried {
  /** Those that it went well with. */
  done: string[];
  rest: string[];
  /** What went wrong with the first of the rest. */
  error?: unknown;
}

/** Tell what was done, with the way back; what has failed there can be tried again. */
function offerUndo(words: Key, { done, error }: Tried, revert: ((id: string) => Promise<unknown>) | null): void {
  if (!done.length && error !== undefined) throw error;
  const undone = async (work: (id: string) => Promise<unknown>): Promise<void> => {
    const { rest, error } = await tryEach(done, work);
    if (rest.length) offerUndo(words, { done: rest, rest: [], error }, revert);
  };
  const trouble = error === undefined ? "" : wordsOf(error);
  undo.offer(t(words, { n: done.length }), revert && (() => undone(revert)), trouble);
}

/** Do something with each of them, and fail if one of them does. */
async function each(ids: readonly string[], work: (id: string) => Promise<unknown>): Promise<void> {
  const { error } = await tryEach(ids, work);
  if (error !== undefined) throw error;
}

/** Do something with each of them, a few at a time, also after one has failed. */
async function tryEach(ids: readonly string[], work: (id: string) => Promise<unknown>): Promise<Tried> {
  const waiting = [...ids];
  const done = new Set<string>();
  const errors: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      try {
        await work(id);
        done.add(id);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { done: ids.filter((id) => done.has(id)), rest: ids.filter((id) => !done.has(id)), error: errors[0] };
}

/** The sidebar as one list of rows: pinned chats, folders as a tree, and the other chats by time. */
import type { TimeGroup } from "../../lib/timeGroups";
import type { Folder } from "../../state/folders.svelte";
import type { ChatLine, Pages } from "../../state/pages.svelte";

export type Row =
  | { kind: "heading"; key: string; heading: TimeGroup | "pinned" | "folders" }
  | { kind: "chat"; key: string; chat: ChatLine; depth: number; folderId: string | null }
  | { kind: "folder"; key: string; folder: Folder; depth: number }
  /** What stands at the end of a list: that there is more, or nothing, or that it could not be read. */
  | { kind: "end"; key: string; pages: Pages; depth: number; folderId: string | null };

export interface Tree {
  within: (parentId: string | null) => Folder[];
  chatsIn: (id: string) => Pages;
}

/** What stands above the chats by time: those that are pinned, and the folders. */
export function headRows(pinned: Pages, tree: Tree | null): Row[] {
  const rows: Row[] = [];
  if (pinned.list.length) rows.push({ kind: "heading", key: "pinned", heading: "pinned" });
  for (const chat of pinned.list) rows.push({ kind: "chat", key: `pinned ${chat.id}`, chat, depth: 0, folderId: null });
  if (pinned.trouble) rows.push({ kind: "end", key: "end pinned", pages: pinned, depth: 0, folderId: null });
  if (tree) {
    rows.push({ kind: "heading", key: "folders", heading: "folders" });
    addFolders(rows, tree, null, 0);
  }
  return rows;
}

function addFolders(rows: Row[], tree: Tree, parentId: string | null, depth: number): void {
  for (const folder of tree.within(parentId)) {
    rows.push({ kind: "folder", key: `folder ${folder.id}`, folder, depth });
    if (!folder.is_expanded) continue;
    addFolders(rows, tree, folder.id, depth + 1);
    const pages = tree.chatsIn(folder.id);
    for (const chat of pages.list) {
      rows.push({ kind: "chat", key: chat.id, chat, depth: depth + 1, folderId: folder.id });
    }
    const isFull = pages.list.length > 0 || tree.within(folder.id).length > 0;
    if (pages.hasMore || pages.trouble || !isFull) {
      rows.push({ kind: "end", key: `end ${folder.id}`, pages, depth: depth + 1, folderId: folder.id });
    }
  }
}

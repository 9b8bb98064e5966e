/** Chats and folders are dragged into folders, or out of them all. */
import { attempt, moveChats } from "../../state/chatActions";
import { folders } from "../../state/folders.svelte";
import type { Row } from "./rows";

type Dragged = Extract<Row, { kind: "chat" | "folder" }>;

class DragAndDrop {
  #row = $state.raw<Dragged | null>(null);
  /** The folder that it would go into; null is the top, undefined nowhere. */
  #target = $state<string | null | undefined>();

  /** The row that is dragged; if it went out of the page, the dragging would end. */
  get key(): string | null {
    return this.#row?.key ?? null;
  }

  isTarget(row: Row): boolean {
    return this.#row !== null && typeof this.#target === "string" && folderOf(row) === this.#target;
  }

  start(event: DragEvent, row: Row): void {
    if (row.kind !== "chat" && row.kind !== "folder") return;
    this.#row = row;
    event.dataTransfer?.setData("text/plain", row.kind === "chat" ? row.chat.title : row.folder.name);
    if (event.dataTransfer) event.dataTransfer.effectAllowed = "move";
  }

  over(event: DragEvent, row: Row): void {
    this.#target = this.#mayGo(folderOf(row)) ? folderOf(row) : undefined;
    if (this.#target !== undefined) event.preventDefault(); // it may be dropped here
  }

  drop(event: DragEvent): void {
    const [row, target] = [this.#row, this.#target];
    this.end();
    if (!row || target === undefined) return;
    event.preventDefault();
    if (row.kind === "chat") attempt(() => moveChats([row.chat.id], target));
    else attempt(() => folders.move(row.folder.id, target));
  }

  end(): void {
    this.#row = null;
    this.#target = undefined;
  }

  #mayGo(target: string | null): boolean {
    const row = this.#row;
    if (!row) return false;
    if (row.kind === "chat") return row.folderId !== target;
    const isInside = folders.subtree(row.folder.id).some(({ id }) => id === target);
    return !isInside && row.folder.parent_id !== target;
  }
}

function folderOf(row: Row): string | null {
  if (row.kind === "folder") return row.folder.id;
  return row.kind === "heading" ? null : row.folderId;
}

export const dragAndDrop = new DragAndDrop();

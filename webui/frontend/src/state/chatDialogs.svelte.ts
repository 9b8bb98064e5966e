/** The dialog about chats or folders that is open. */
import type { Folder } from "./folders.svelte";

/** What must be known of a chat to do something with it. */
export interface ChatRef {
  id: string;
  title: string;
}

export type ChatDialog =
  | { kind: "rename"; chat: ChatRef }
  | { kind: "share"; chat: ChatRef }
  | { kind: "move"; chats: ChatRef[] }
  | { kind: "tags"; chats: ChatRef[] }
  | { kind: "export"; chats: ChatRef[] }
  /** Whether chats are to be deleted for good. */
  | { kind: "delete"; chats: ChatRef[] }
  | { kind: "moveFolder"; folder: Folder }
  | { kind: "deleteFolder"; folder: Folder }
  /** A folder to change, or a new one in a folder or at the top. */
  | { kind: "folder"; folder: Folder | null; parentId: string | null };

class ChatDialogs {
  open = $state.raw<ChatDialog | null>(null);

  ask(dialog: ChatDialog): void {
    this.open = dialog;
  }

  close(): void {
    this.open = null;
  }
}

export const chatDialogs = new ChatDialogs();

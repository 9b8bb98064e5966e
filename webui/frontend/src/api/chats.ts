/** What the page asks of chats, in its own words. */
import { readChat } from "../lib/stored";
import { api, read } from "./client";
import type { Task } from "./events";
import type { ChatData, Message, Schemas } from "./types";

export type StoredChat = Omit<Schemas["ChatOut"], "chat"> & { chat: ChatData };

/** How ids of chats begin that the server does not keep. */
export const TEMPORARY = "local:";

export async function getChat(id: string): Promise<StoredChat> {
  const stored = await read(api.GET("/api/v1/chats/{id}", { params: { path: { id } } }));
  return { ...stored, chat: readChat(stored.chat) };
}

export interface NewChat {
  id: string;
  chat: ChatData;
  folder_id: string | null;
}

/** Change what a chat has beside its messages. */
export const changeChat = async (id: string, chat: Omit<ChatData, "history">): Promise<unknown> =>
  read(api.POST("/api/v1/chats/{id}", { params: { path: { id } }, body: { chat } }));

export interface MessageChanges {
  /** Those that are new or say something else. */
  messages?: Record<string, Message>;
  /** Ids of those to move to the trash. */
  deleted?: string[];
  currentId: string | null;
}

/** What is to be stored of a chat: the whole new one, or some messages, while the others stay as they are. */
export type ToStore = { new_chat: NewChat } | { changes: MessageChanges };

export const store = async (id: string, what: ToStore): Promise<unknown> =>
  "new_chat" in what
    ? read(api.POST("/api/v1/chats/new", { body: what.new_chat }))
    : read(api.POST("/api/v1/chats/{id}/messages", { params: { path: { id } }, body: what.changes }));

/** Bring messages of a chat back from its trash. */
export const restoreMessages = async (id: string, ids: string[]): Promise<unknown> =>
  read(api.POST("/api/v1/chats/{id}/trash", { params: { path: { id } }, body: { ids } }));

/** The tasks of a chat that are being generated, the latest first. */
export const tasksOf = async (chat_id: string): Promise<string[]> =>
  (await read(api.GET("/api/tasks/chat/{chat_id}", { params: { path: { chat_id } } }))).task_ids.reverse();

export const stopTask = async (task_id: string): Promise<unknown> =>
  read(api.POST("/api/tasks/stop/{task_id}", { params: { path: { task_id } } }));

/** Have a message generated in the background, and follow that at once. The form may have what is to be stored before. */
export async function startReply(form: Record<string, unknown>): Promise<Task> {
  const { data, response } = await api.POST("/api/chat/completions", {
    body: { ...form, stream: true, session_id: "page" } as never,
    headers: { Accept: "text/event-stream" },
    parseAs: "stream",
  });
  return { id: response.headers.get("X-Task-Id") ?? "", opened: data as unknown as Task["opened"] };
}

/** A chat, and the tasks that write to it. */
export interface RunningChat {
  stored: StoredChat;
  tasks: string[];
}

export async function getRunningChat(id: string): Promise<RunningChat> {
  const stored = await getChat(id);
  const isWritten = Object.values(stored.chat.history?.messages ?? {}).some(({ done }) => done === false);
  const tasks = isWritten ? await tasksOf(id) : [];
  return { stored: isWritten && !tasks.length ? await getChat(id) : stored, tasks }; // it may just have ended
}

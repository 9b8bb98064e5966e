/** What somebody has written and not sent, as this browser keeps it: an entry for each of a user's chats. */
import { forget, remember, remembered, rememberedNames } from "./storage";

const prefix = (user: string): string => `draft:${user}:`;

/** The name of a draft; `chat` is null for a chat that is not stored yet. */
export const draftKey = (user: string, chat: string | null): string => `${prefix(user)}${chat ?? "new"}`;

export const readDraft = (key: string): string => remembered(key) ?? "";

/** Keep what is written; nothing of an empty text. */
export function keepDraft(key: string, text: string): void {
  if (text) remember(key, text);
  else forget(key);
}

/** Forget all that a user has not sent. */
export const forgetDrafts = (user: string): void => forget(...rememberedNames(prefix(user)));

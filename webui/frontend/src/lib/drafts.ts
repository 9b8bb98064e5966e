/** What somebody has written and not sent, as this browser keeps it: an entry for each of a user's chats. */

const prefix = (user: string): string => `draft:${user}:`;

/** The name of a draft; `chat` is null for a chat that is not stored yet. */
export const draftKey = (user: string, chat: string | null): string => `${prefix(user)}${chat ?? "new"}`;

export const readDraft = (key: string): string => localStorage.getItem(key) ?? "";

/** Keep what is written; nothing of an empty text. */
export function keepDraft(key: string, text: string): void {
  try {
    if (text) localStorage.setItem(key, text);
    else localStorage.removeItem(key);
  } catch (error) {
    console.warn(error); // there is no room: it stays in memory alone
  }
}

/** Forget all that a user has not sent. */
export function forgetDrafts(user: string): void {
  const mine = Object.keys(localStorage).filter((key) => key.startsWith(prefix(user)));
  for (const key of mine) localStorage.removeItem(key);
}

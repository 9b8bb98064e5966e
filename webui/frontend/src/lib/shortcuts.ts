/** All keys that do something, for the page that listens to them and the list that tells of them. */
import type { Key } from "../i18n/index.svelte";

export type Command =
  | "palette"
  | "newChat"
  | "temporaryChat"
  | "search"
  | "sidebar"
  | "write"
  | "rename"
  | "delete"
  | "settings"
  | "archive"
  | "trash"
  | "shortcuts";

export interface Shortcut {
  id: Command;
  label: Key;
  /** As `mod+shift+o`: `mod` is ⌘ on a Mac, else Ctrl. The key is what is typed, so a layout may put it anywhere. */
  keys?: string;
  /** It is about the open chat. */
  needsChat?: boolean;
}

/** Those that work wherever the focus is; plain keys only while nothing is being written. */
export const shortcuts: readonly Shortcut[] = [
  { id: "palette", label: "palette.open", keys: "mod+k" },
  { id: "newChat", label: "palette.newChat", keys: "mod+shift+o" },
  { id: "temporaryChat", label: "palette.temporaryChat" },
  { id: "search", label: "palette.searchChats", keys: "mod+shift+f" },
  { id: "sidebar", label: "palette.sidebar", keys: "mod+b" },
  { id: "write", label: "palette.write", keys: "shift+escape" },
  { id: "rename", label: "palette.rename", keys: "mod+shift+e", needsChat: true },
  { id: "delete", label: "palette.delete", keys: "mod+shift+backspace", needsChat: true },
  { id: "settings", label: "palette.settings", keys: "mod+," },
  { id: "archive", label: "palette.archive" },
  { id: "trash", label: "palette.trash" },
  { id: "shortcuts", label: "palette.shortcuts", keys: "?" },
];

/** Keys that belong to a place, and are listened to there. */
export const LOCAL_SHORTCUTS: readonly { label: Key; keys: string }[] = [
  { label: "palette.send", keys: "enter" },
  { label: "palette.break", keys: "shift+enter" },
  { label: "palette.stop", keys: "escape" },
  { label: "palette.editLast", keys: "arrowup" },
  { label: "palette.prompts", keys: "/" },
  { label: "palette.renameInList", keys: "f2" },
];

type Pressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">;

/** The command that was pressed. */
export function commandOf(
  event: Pressed,
  { isMac, isWriting }: { isMac: boolean; isWriting: boolean },
): Command | null {
  return shortcuts.find(({ keys }) => keys !== undefined && matches(keys, event, isMac, isWriting))?.id ?? null;
}

function matches(keys: string, event: Pressed, isMac: boolean, isWriting: boolean): boolean {
  const parts = keys.split("+");
  const key = parts.pop();
  const isPlain = key?.length === 1 && !parts.length;
  if (event.altKey || event.key.toLowerCase() !== key) return false;
  if (isPlain && isWriting) return false;
  const [mod, other] = isMac ? [event.metaKey, event.ctrlKey] : [event.ctrlKey, event.metaKey];
  // A plain character may need Shift, as `?` does on most keyboards.
  return mod === parts.includes("mod") && !other && (isPlain || event.shiftKey === parts.includes("shift"));
}

const SIGNS: Record<string, string> = {
  escape: "Esc",
  enter: "Enter",
  backspace: "⌫",
  arrowup: "↑",
  shift: "Shift",
  f2: "F2",
};

/** The keys as they are written on the keyboard, one after another. */
export const keyNames = (keys: string, isMac: boolean): string[] =>
  keys.split("+").map((key) => (key === "mod" ? (isMac ? "⌘" : "Ctrl") : (SIGNS[key] ?? key.toUpperCase())));

export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

/** What shortcuts and the palette do, by its name in the table of shortcuts. */
import { shortcuts, type Command } from "../lib/shortcuts";
import { go } from "../lib/router.svelte";
import { attempt, deleteChats } from "./chatActions";
import { chatDialogs } from "./chatDialogs.svelte";
import { layout } from "./layout.svelte";
import { chatInAddress, workspace } from "./workspace.svelte";

class Commands {
  /** What stands over the page. */
  overlay = $state<"palette" | "shortcuts" | null>(null);
  /** The sidebar shows a search in place of the list. */
  isSearching = $state(false);

  show(overlay: "palette" | "shortcuts" | null): void {
    this.overlay = overlay;
  }

  /** Whether it can be done now. */
  isPossible(command: Command): boolean {
    return !shortcuts.some(({ id, needsChat }) => id === command && needsChat) || chatInAddress() !== null;
  }

  run(command: Command): void {
    const { id, title } = workspace.conversation;
    if (command === "palette" || command === "shortcuts") this.show(this.overlay === command ? null : command);
    if (command === "newChat") workspace.startNew();
    if (command === "temporaryChat") workspace.startNew({ isTemporary: true });
    if (command === "search") this.#search();
    if (command === "sidebar") layout.toggle();
    if (command === "write") document.getElementById("prompt")?.focus();
    if (command === "settings") go("#/settings");
    if (command === "archive") go("#/archive");
    if (command === "trash") go("#/trash");
    if (id === null) return;
    if (command === "rename") chatDialogs.ask({ kind: "rename", chat: { id, title } });
    if (command === "delete") attempt(() => deleteChats([{ id, title }]));
  }

  #search(): void {
    if (!layout.isOpen) layout.toggle();
    this.isSearching = true;
  }
}

export const commands = new Commands();

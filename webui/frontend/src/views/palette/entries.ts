/** What the palette offers, but for chats: actions, parts of the settings, models and prompts. */
import { t } from "../../i18n/index.svelte";
import { searchModels } from "../../lib/modelSearch";
import { go } from "../../lib/router.svelte";
import { isMac, keyNames, shortcuts } from "../../lib/shortcuts";
import { promptsFor } from "../../lib/slash";
import type { IconName } from "../../parts/Icon.svelte";
import { commands } from "../../state/commands.svelte";
import { drafts } from "../../state/drafts.svelte";
import { models } from "../../state/models.svelte";
import { picked } from "../../state/picked.svelte";
import { prompts } from "../../state/prompts.svelte";
import { session } from "../../state/session.svelte";
import { workspace } from "../../state/workspace.svelte";
import { OWN_TABS, SERVER_TABS, tabAddress } from "../settings/tabs";

export type Group = "actions" | "chats" | "models" | "prompts" | "settings";

export interface Entry {
  /** It tells entries apart. */
  key: string;
  group: Group;
  icon: IconName;
  title: string;
  /** Said in fewer letters, beside the title. */
  hint?: string;
  keys?: string[];
  run: () => void;
}

const AT_MOST = 6; // of a group, once something is typed

/** What fits what was typed. */
export function entriesFor(query: string): Entry[] {
  if (!query) return actions("");
  return [actions(query), modelEntries(query), promptEntries(query), settingsEntries(query)].flatMap((group) =>
    group.slice(0, AT_MOST),
  );
}

const has = (text: string, query: string): boolean =>
  query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.toLowerCase().includes(word));

const actions = (query: string): Entry[] =>
  shortcuts
    .filter(({ id }) => id !== "palette" && commands.isPossible(id))
    .map(({ id, label, keys }) => ({
      key: `action ${id}`,
      group: "actions" as const,
      icon: "chevronRight" as const,
      title: t(label),
      keys: keys ? keyNames(keys, isMac) : [],
      run: () => commands.run(id),
    }))
    .filter(({ title }) => has(title, query));

const settingsEntries = (query: string): Entry[] =>
  [...OWN_TABS, ...(session.isAdmin ? SERVER_TABS : [])]
    .map(({ name, title, icon }) => ({
      key: `settings ${name}`,
      group: "settings" as const,
      icon,
      title: t(title),
      run: () => go(tabAddress(name)),
    }))
    .filter(({ title }) => has(`${title} ${t("common.settings")}`, query));

const modelEntries = (query: string): Entry[] =>
  searchModels(models.list ?? [], query).map(({ id, name }) => ({
    key: `model ${id}`,
    group: "models",
    icon: "sliders",
    title: name,
    ...(name !== id && { hint: id }),
    run: () => picked.pick([id]),
  }));

const promptEntries = (query: string): Entry[] =>
  promptsFor(prompts.list ?? [], query.replace(/^\//, "")).map(({ command, title }) => ({
    key: `prompt ${command}`,
    group: "prompts",
    icon: "pencil",
    title,
    hint: `/${command.replace(/^\//, "")}`,
    run: () => {
      // The composer asks for what the prompt leaves open.
      drafts.of(workspace.conversation).text = `/${command.replace(/^\//, "")}`;
      document.getElementById("prompt")?.focus();
    },
  }));

import type { Component } from "svelte";
import type { Key } from "../../i18n/index.svelte";
import type { IconName } from "../../parts/Icon.svelte";

export interface Tab {
  /** Its name in the address: `#/settings/<name>`. */
  name: string;
  title: Key;
  icon: IconName;
  load: () => Promise<{ default: Component<Record<string, never>> }>;
}

/** What everybody may set. */
export const OWN_TABS: readonly Tab[] = [
  { name: "profile", title: "settings.profile", icon: "user", load: () => import("./ProfileTab.svelte") },
  { name: "appearance", title: "settings.appearance", icon: "sun", load: () => import("./AppearanceTab.svelte") },
  { name: "general", title: "settings.general", icon: "sliders", load: () => import("./GeneralTab.svelte") },
  { name: "data", title: "settings.data", icon: "database", load: () => import("./DataTab.svelte") },
  { name: "memories", title: "settings.memories", icon: "notebook", load: () => import("./MemoriesTab.svelte") },
  { name: "shortcuts", title: "settings.shortcuts", icon: "keyboard", load: () => import("./ShortcutsTab.svelte") },
  { name: "about", title: "settings.about", icon: "info", load: () => import("./AboutTab.svelte") },
];

/** What is set for the whole server, by administrators. */
export const SERVER_TABS: readonly Tab[] = [
  {
    name: "connections",
    title: "settings.connections",
    icon: "plug",
    load: () => import("../admin/ConnectionsView.svelte"),
  },
  { name: "models", title: "admin.models", icon: "sparkles", load: () => import("../admin/ModelsView.svelte") },
  { name: "users", title: "settings.users", icon: "users", load: () => import("../admin/UsersView.svelte") },
  { name: "server", title: "settings.server", icon: "server", load: () => import("../admin/SettingsTable.svelte") },
];

export const tabAddress = (name: string): string => `#/settings/${name}`;

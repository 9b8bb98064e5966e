import admin from "./de/admin.json";
import chat from "./de/chat.json";
import common from "./de/common.json";
import composer from "./de/composer.json";
import door from "./de/door.json";
import palette from "./de/palette.json";
import prose from "./de/prose.json";
import settings from "./de/settings.json";
import sidebar from "./de/sidebar.json";
import type { Messages } from "./index.svelte";

const messages: Messages = {
  ...admin,
  ...chat,
  ...common,
  ...composer,
  ...door,
  ...palette,
  ...prose,
  ...settings,
  ...sidebar,
};

export default messages;

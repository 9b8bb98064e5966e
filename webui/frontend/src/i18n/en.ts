import admin from "./en/admin.json";
import chat from "./en/chat.json";
import common from "./en/common.json";
import composer from "./en/composer.json";
import door from "./en/door.json";
import palette from "./en/palette.json";
import prose from "./en/prose.json";
import settings from "./en/settings.json";
import sidebar from "./en/sidebar.json";

export default {
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

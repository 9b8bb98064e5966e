/** The colour of the browser's own bars, after the theme that was chosen. */
const COLOURS = { light: "#f9fbfb", dark: "#171b1d" };

/** index.html has one `<meta name="theme-color">` for each theme of the system; both show the chosen one. */
export function showThemeColor(theme: "system" | "light" | "dark" = "system"): void {
  for (const meta of document.querySelectorAll<HTMLMetaElement>("meta[name=theme-color]")) {
    const own = meta.media.includes("dark") ? "dark" : "light";
    meta.content = COLOURS[theme === "system" ? own : theme];
  }
}

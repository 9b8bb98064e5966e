/** The table of settings, for administrators: the server's own, so it has whatever is declared there. */
import { getSettings } from "./api.js";
import { $, el } from "./dom.js";

const [form, groups, count] = [$("#filter"), $("#groups"), $("#count")];
let settings = [];

/** What of a setting is searched. */
const text = ({ name, environment, help, group }) => [name, environment, help, group].join("\n").toLowerCase();

const isGiven = ({ source }) => !source.startsWith("default");

function marks({ locked, runtime, planned }) {
  const found = [];
  if (locked) found.push("locked");
  else if (!runtime) found.push("read at the start");
  if (planned) found.push("planned, without effect yet");
  return found.join("; ");
}

function row(setting) {
  const { name, environment, help, value, source } = setting;
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, el("code", {}, environment), el("span", { className: "quiet" }, name)),
    el("td", {}, value === "" ? el("span", { className: "quiet" }, "empty") : el("code", {}, value)),
    el("td", {}, source, el("span", { className: "quiet" }, marks(setting))),
    el("td", {}, help),
  );
}

function table(title, rows) {
  const head = ["Setting", "Value", "Source", "Meaning"].map((name) => el("th", { scope: "col" }, name));
  const body = el("tbody", {}, ...rows.map(row));
  const view = el("div", { className: "table" }, el("table", {}, el("thead", {}, el("tr", {}, ...head)), body));
  return el("section", {}, el("h2", {}, title), view);
}

function show() {
  const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = settings.filter(
    (setting) =>
      words.every((word) => text(setting).includes(word)) && (!form.elements.changed.checked || isGiven(setting)),
  );
  const titles = [...new Set(shown.map(({ group }) => group))];
  groups.replaceChildren(...titles.map((title) => table(title, shown.filter(({ group }) => group === title))));
  count.textContent = `${shown.length} of ${settings.length} settings`;
}

form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
try {
  settings = await getSettings();
  show();
} catch (error) {
  count.hidden = true;
  $(".failure").hidden = false;
  $(".failure").textContent = `${error.message} Settings are shown to administrators who are signed in.`;
}

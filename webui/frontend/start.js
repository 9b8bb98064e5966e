/** What an empty chat shows: three things to try, or what is missing before there is anything to try. */
import { el } from "./dom.js";

const SUGGESTIONS = [
  {
    title: ["Explain something", "Why is the sky blue?"],
    content: "Why is the sky blue? Answer in three sentences.",
  },
  {
    title: ["Write a note", "Thank a friend for helping me move"],
    content: "Write a short note to thank a friend for helping me move.",
  },
  {
    title: ["Write code", "Count the words of a text in Python"],
    content: "Write a Python function that counts the words of a text.",
  },
];

/** `model` is the chosen one; `ask(text)` sends a question, `refresh()` looks for models again. */
export function startView({ config, user, model, ask, refresh }) {
  const greeting = el("h2", {}, `Hello, ${user.name}`);
  const content = model ? trying(config, user, model, ask) : missing(user, refresh);
  return el("div", { className: "start" }, greeting, ...content);
}

/** While the list of models is on its way. */
export function lookingView() {
  return el("div", { className: "start" }, el("p", { className: "quiet late" }, "Looking for models …"));
}

function trying(config, user, model, ask) {
  const suggestions = config.default_prompt_suggestions?.length ? config.default_prompt_suggestions : SUGGESTIONS;
  const buttons = suggestions.slice(0, 3).map(({ title, content }) => {
    const lines = [el("strong", {}, title[0]), el("span", {}, title[1] ?? "")];
    return el("button", { type: "button", onclick: () => ask(content) }, ...lines);
  });
  return [el("p", { className: "quiet" }, ...about(model, user)), el("div", { className: "suggestions" }, ...buttons)];
}

function about(model, user) {
  const builtIn = model.tags.some((tag) => tag.name === "built-in");
  if (!builtIn) return [model.info?.meta?.description || `Ask ${model.name} anything.`];
  const small = `${model.name} is a small model inside this server: good for trying out, and often wrong. `;
  if (user.role !== "admin") return [small];
  return [small, "Connect better ones by setting ", code("OLLAMA_BASE_URLS"), ", or ", ...openai(), "."];
}

const code = (text) => el("code", {}, text);
const openai = () => [code("OPENAI_API_BASE_URLS"), " and ", code("OPENAI_API_KEYS")];

function missing(user, refresh) {
  const again = el("button", { type: "button", onclick: refresh }, "Look again");
  if (user.role !== "admin") {
    return [el("p", {}, "No model is open to you yet. An administrator of this server can change that."), again];
  }
  return [
    el("p", {}, "This server has no model to chat with. Give it one of these, start it again, and look again:"),
    el(
      "ul",
      {},
      el("li", {}, "a small model inside it: run ", code("./scripts/start.sh"), " without ", code("WEBUI_LOCAL_MODEL=false")),
      el("li", {}, "an Ollama server: set ", code("OLLAMA_BASE_URLS")),
      el("li", {}, "an OpenAI-compatible API: set ", ...openai()),
    ),
    again,
  ];
}

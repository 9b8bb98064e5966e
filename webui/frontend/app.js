/** The page: who is here, which model, which chat. The address names the chat (`#/c/<id>`). */
import * as api from "./api.js";
import { Conversation } from "./conversation.js";
import { $, el } from "./dom.js";
import { showPending, showSignIn, showTrouble } from "./door.js";
import { Sidebar } from "./sidebar.js";
import { lookingView, startView } from "./start.js";

const NEAR = 48; // px from the end of the text that still count as being there
const wide = matchMedia("(min-width: 48rem)");
const [frame, main, scroll] = [$("#frame"), $("#main"), $("#scroll")];
const [prompt, picker, button] = [$("#prompt"), $("#model"), $("#send")];

let config, user, conversation;
let models = null; // until they are known
let following = true;
let watching = new AbortController();

const sidebar = new Sidebar($("#chats"), (id) => {
  if (id === conversation.id) location.hash = "#/";
});

const hooks = {
  modelName: (id) => models?.find((model) => model.id === id)?.name ?? id ?? "the model",
  chosenModel: () => picker.value,
  onPaint: (changed) => changed === conversation && following && toEnd(),
  onState: (changed) => changed === conversation && showComposer(),
  onTitle: (changed) => changed === conversation && showTitle(),
  onSaved(changed, isNew) {
    sidebar.touch(changed.id, changed.title);
    if (!isNew || changed !== conversation) return;
    history.replaceState(null, "", `#/c/${changed.id}`);
    showTitle();
  },
};

async function start() {
  try {
    config = await api.getConfig();
    document.title = config.name;
    const { auth, auth_trusted_header: trusted } = config.features;
    if (!api.isSignedIn(config) && (auth === false || trusted)) {
      await api.signIn({ email: "admin@localhost", password: "admin" }); // the server knows who it is
      config = await api.getConfig();
    }
    if (!api.isSignedIn(config)) return showSignIn(config, start);
    const before = user;
    user = await api.getUser();
    if (before && before.id !== user.id) return location.reload(); // nothing of another user stays in memory
    if (user.role === "pending") return showPending(config, { check: start, leave });
    await enter();
  } catch (error) {
    showTrouble(error, start);
  }
}

async function enter() {
  $("#brand").textContent = config.name;
  $("#user").textContent = user.name;
  $("#user").title = user.email;
  $("#to-settings").hidden = user.role !== "admin";
  $("#leave").hidden = config.features.auth === false;
  $("#door").hidden = true;
  frame.hidden = false;
  showSidebar(wide.matches);
  if (conversation) catchUp();
  await Promise.all([conversation ?? route(), refresh(false), sidebar.load()]);
  watch();
}

/** What happens to the user's chats, whoever does it. */
async function watch() {
  watching.abort();
  watching = new AbortController();
  const { signal } = watching;
  let isBack = false;
  const onLink = (isOpen) => {
    if (isOpen && isBack) catchUp();
    isBack = true;
  };
  try {
    for await (const event of api.followAll({ signal, onLink })) {
      const { chat_id: id, data: { type, data } } = event;
      const title = type === "chat:title" ? data : data.done && data.title;
      if (title) sidebar.touch(id, title);
      if (id === conversation.id) conversation.notice(event).catch(console.warn);
    }
  } catch (error) {
    if (!signal.aborted) console.warn(error);
  }
}

/** See what has happened while nobody told. */
function catchUp() {
  sidebar.update().catch(console.warn);
  if (conversation.id) conversation.load().catch(console.warn);
}

async function leave() {
  await api.signOut();
  sessionStorage.clear();
  location.assign(location.pathname);
}

const idInAddress = () => /^#\/c\/([\w-]+)$/.exec(location.hash)?.[1] ?? null;

async function route() {
  const id = idInAddress();
  if (id && id === conversation?.id) return;
  try {
    const opened = new Conversation(id, hooks);
    if (id) await opened.load();
    if (id === idInAddress()) show(opened);
    else opened.close();
  } catch (error) {
    show(new Conversation(null, hooks));
    scroll.replaceChildren(el("div", { className: "thread" }, el("p", { className: "failure" }, error.message)));
  }
}

function show(opened) {
  conversation?.close();
  conversation = opened;
  following = true;
  choose();
  showThread();
  showTitle();
  prompt.value = sessionStorage.getItem(draftKey()) ?? "";
  showComposer();
  toEnd();
  if (!document.activeElement.closest(".leaving")) focusPrompt();
}

/** The thread, or what an empty chat shows in its place. */
function showThread() {
  const model = models?.find(({ id }) => id === picker.value);
  if (!conversation.isEmpty) scroll.replaceChildren(conversation.root);
  else if (!models) scroll.replaceChildren(lookingView());
  else scroll.replaceChildren(startView({ config, user, model, ask: send, refresh: () => refresh(true) }));
}

function showTitle() {
  sidebar.select(conversation.id);
  $("#title").textContent = conversation.title || "New chat";
  document.title = conversation.title ? `${conversation.title} · ${config.name}` : config.name;
}

async function refresh(isForced) {
  models = await api.getModels(isForced);
  picker.replaceChildren(...models.map(({ id, name }) => el("option", { value: id }, name)));
  $("#picker").hidden = models.length === 0;
  if (!conversation) return;
  choose();
  if (conversation.isEmpty) showThread();
  showComposer();
}

/** The model of this chat, else the one chosen last, else the server's default, else the first that is no arena. */
function choose() {
  const wishes = [conversation.model, localStorage.getItem("model"), ...(config.default_models?.split(",") ?? [])];
  const wished = wishes.find((wish) => models?.some(({ id }) => id === wish));
  const chosen = wished ?? models?.find(({ arena }) => !arena)?.id;
  if (chosen) picker.value = chosen;
}

function showSidebar(isOpen) {
  const isDrawer = !wide.matches;
  const hadFocus = $("#sidebar").contains(document.activeElement);
  frame.classList.toggle("open", isOpen);
  $("#sidebar").inert = !isOpen;
  main.inert = isOpen && isDrawer;
  $("#menu").ariaExpanded = String(isOpen);
  if (isOpen && isDrawer) $("#new").focus();
  if (!isOpen && hadFocus) $("#menu").focus();
}

function showComposer() {
  const isRunning = conversation.isRunning;
  const hadFocus = document.activeElement === button;
  button.ariaLabel = isRunning ? "Stop" : "Send";
  button.title = isRunning ? "Stop (Esc)" : "Send (Enter)";
  $("use", button).setAttribute("href", isRunning ? "#i-stop" : "#i-send");
  button.disabled = !isRunning && (!prompt.value.trim() || !picker.value);
  if (button.disabled && hadFocus) focusPrompt();
  prompt.style.height = "auto";
  prompt.style.height = `${prompt.scrollHeight}px`;
}

function focusPrompt() {
  if (matchMedia("(pointer: fine)").matches) prompt.focus(); // elsewhere a keyboard would cover the page
}

function send(text) {
  if (!text.trim() || !picker.value || conversation.isRunning) return;
  if (text === prompt.value) {
    prompt.value = "";
    sessionStorage.removeItem(draftKey());
  }
  following = true;
  conversation.ask(text, picker.value);
  showThread();
  toEnd();
}

const draftKey = () => `draft:${conversation.id ?? "new"}`;

function toEnd() {
  scroll.scrollTop = scroll.scrollHeight;
}

scroll.addEventListener("scroll", () => {
  following = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
  $("#newest").hidden = following;
}, { passive: true });
$("#newest").onclick = toEnd;
prompt.addEventListener("input", () => {
  sessionStorage.setItem(draftKey(), prompt.value);
  showComposer();
});
prompt.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return; // 229: Safari
  event.preventDefault();
  send(prompt.value);
});
$("#composer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (conversation.isRunning) conversation.stop();
  else send(prompt.value);
});
picker.addEventListener("change", () => {
  localStorage.setItem("model", picker.value);
  if (conversation.isEmpty) showThread();
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  if (main.inert) showSidebar(false);
  else conversation?.stop();
});
addEventListener("click", ({ target }) => {
  if (target.closest("#sidebar a") && !wide.matches) showSidebar(false);
  if (target.closest('a[href="#/"]') && location.hash === "#/") route(); // else the address changes, and that does it
});
$("#menu").onclick = () => showSidebar(!frame.classList.contains("open"));
$("#scrim").onclick = () => showSidebar(false);
$("#leave").onclick = leave;
wide.addEventListener("change", () => showSidebar(wide.matches));
addEventListener("resize", () => conversation && showComposer());
// A phone's keyboard covers the page; what is visible is what there is.
visualViewport?.addEventListener("resize", () => {
  document.documentElement.style.setProperty("--height", `${visualViewport.height}px`);
});
addEventListener("hashchange", () => user && route());
addEventListener("unhandledrejection", ({ reason }) => showTrouble(reason, start));
api.onSignedOut(start);
await start();

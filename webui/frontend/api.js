/** The server's API. The sign-in cookie is HttpOnly, so the page holds no token; addresses are relative, so that a
 * proxy may serve the whole under a path of its own. */

/** A failure in words for the user; `status` is the server's, if it has answered. */
export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

const SILENT = "The server does not answer. Check that it runs and that you are online.";
const PAUSES = [1000, 10_000]; // ms before a broken connection is taken up again: at first, at most

let signedOut = () => {};

/** What to do when the session has ended. */
export function onSignedOut(callback) {
  signedOut = callback;
}

export const getConfig = () => json("GET", "api/config");
/** Whether the configuration is that of somebody signed in; it then has texts which a visitor does not get. */
export const isSignedIn = (config) => "ui" in config;
export const getUser = () => json("GET", "api/v1/auths/");
export const signIn = (form) => json("POST", "api/v1/auths/signin", form);
export const signUp = (form) => json("POST", "api/v1/auths/signup", form);
export const signOut = () => json("GET", "api/v1/auths/signout");
/** Every setting with its value and source; for administrators. */
export const getSettings = () => json("GET", "api/v1/settings");
export const getModels = async (refresh) => (await json("GET", `api/models${refresh ? "?refresh=true" : ""}`)).data;
export const getChats = (page) => json("GET", `api/v1/chats/?page=${page}&include_pinned=true&include_folders=true`);
export const getChat = (id) => json("GET", `api/v1/chats/${encodeURIComponent(id)}`);
/** Stores a chat, a new one when `id` is null; gives what is stored. */
export const saveChat = (id, chat) => json("POST", `api/v1/chats/${id ? encodeURIComponent(id) : "new"}`, { chat });
/** Deletes a chat, also while the page is being closed. */
export const deleteChat = (id) =>
  json("DELETE", `api/v1/chats/${encodeURIComponent(id)}`, undefined, { keepalive: true });

/** Have message `id` of a chat generated in the background; gives the id of that task. */
export const startReply = async (form) =>
  (await json("POST", "api/chat/completions", { ...form, stream: true, session_id: "page" })).task_id;
export const stopReply = (task) => json("POST", `api/tasks/stop/${encodeURIComponent(task)}`, {});
/** The tasks of a chat that are being generated, the latest first. */
export const getTasks = async (id) =>
  (await json("GET", `api/tasks/chat/${encodeURIComponent(id)}`)).task_ids.reverse();
/** The events of a task from its beginning; throws ApiError with status 404 once it is long over. */
export const followReply = (task, options) => listen(`api/tasks/${encodeURIComponent(task)}/events`, options);
/** The events of all replies of the user from now on. It has no end. */
export const followAll = (options) => listen("api/v1/events", options);

/** Events from the server, taken up again behind the last one when the connection breaks, until `signal` is aborted.
 *
 * `onLink(isOpen, isFromStart)` tells of the connection. A tab out of sight has none: a browser grants a server six,
 * and when tabs that nobody looks at have them all, no other gets an answer.
 */
async function* listen(path, { signal, onLink }) {
  let [after, pause] = [0, PAUSES[0]];
  for (;;) {
    while (document.hidden) await turn();
    const hidden = new AbortController();
    turn().then(() => hidden.abort());
    let isSilent = true;
    try {
      const init = { headers: { "Last-Event-ID": after }, signal: AbortSignal.any([signal, hidden.signal]) };
      const response = await request("GET", path, undefined, init);
      onLink(true, after === 0);
      for await (const { id, events } of batches(response.body)) {
        [after, pause, isSilent] = [id, PAUSES[0], false];
        yield* events;
      }
      // A server that was killed may have told more than it had stored: then nothing stands behind `after`.
      if (isSilent) after = 0;
    } catch (error) {
      if (signal.aborted || error.status < 500) throw error;
    }
    if (hidden.signal.aborted) continue;
    onLink(false);
    await new Promise((done) => setTimeout(done, pause));
    pause = Math.min(2 * pause, PAUSES[1]);
  }
}

/** The next time that the tab comes into sight or goes out of it. */
const turn = () => new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));

/** Server-sent events up to one with an id, behind which one may go on: those before it have none of their own. */
async function* batches(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let [rest, events] = ["", []];
  try {
    for (;;) {
      const { value, done } = await reader.read().catch(inWords(SILENT));
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const [, id, data] = /^(?:id: (\d+)\n)?data: (.*)/.exec(block) ?? [];
        if (data) events.push(JSON.parse(data));
        if (id) yield { id: Number(id), events: events.splice(0) };
      }
    }
  } finally {
    reader.cancel().catch(() => {}); // it is broken already
  }
}

/** Turns what the browser says of a connection into `text`; stopping on purpose is no failure. */
const inWords = (text) => (error) => {
  throw error.name === "AbortError" ? error : new ApiError(text);
};

async function json(...args) {
  return (await request(...args)).json();
}

async function request(method, path, body, options = {}) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const init = { method, headers, credentials: "same-origin", body: JSON.stringify(body), ...options };
  const response = await fetch(path, init).catch(inWords(SILENT));
  if (response.ok) return response;
  // The contract has 401 also for what one may not see, so the configuration has the last word.
  if (response.status === 401 && !isSignedIn(await getConfig())) {
    signedOut();
    throw new ApiError("You were signed out before this could be done.", 401);
  }
  throw new ApiError(await words(response), response.status);
}

async function words(response) {
  const body = await response.json().catch(() => ({})); // a proxy in between answers in HTML
  const detail = body?.detail ?? body?.error?.message;
  const wait = Number(response.headers.get("Retry-After"));
  let text = `The server answered with status ${response.status}.`;
  if (typeof detail === "string") text = detail;
  if (Array.isArray(detail)) text = detail.map(({ loc, msg }) => `${loc.at(-1)}: ${msg}`).join(" ");
  return wait ? `${text} (Wait ${wait} seconds.)` : text;
}

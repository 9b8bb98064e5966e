/** The server's API. The sign-in cookie is HttpOnly, so the page holds no token; addresses are relative, so that a
 * proxy may serve the whole under a path of its own. */

/** A failure in words for the user. */
export class ApiError extends Error {}

const SILENT = "The server does not answer. Check that it runs and that you are online.";
/** What is said of a reply that came in part. */
export const CUT = "The reply broke off before its end.";

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
export const getModels = async (refresh) => (await json("GET", `api/models${refresh ? "?refresh=true" : ""}`)).data;
export const getChats = (page) => json("GET", `api/v1/chats/?page=${page}&include_pinned=true&include_folders=true`);
export const getChat = (id) => json("GET", `api/v1/chats/${encodeURIComponent(id)}`);
/** Stores a chat, a new one when `id` is null; gives what is stored. */
export const saveChat = (id, chat) => json("POST", `api/v1/chats/${id ? encodeURIComponent(id) : "new"}`, { chat });
/** Deletes a chat, also while the page is being closed. */
export const deleteChat = (id) =>
  json("DELETE", `api/v1/chats/${encodeURIComponent(id)}`, undefined, { keepalive: true });

/** The deltas of a reply as the model server sends them; throws ApiError unless it ends as it should. */
export async function* complete(model, messages, signal) {
  const body = { model, messages, stream: true };
  const response = await request("POST", "api/chat/completions", body, { signal });
  let finished = false;
  for await (const data of events(response.body)) {
    if (data === "[DONE]") return;
    const event = parse(data);
    if (event.error) throw new ApiError(event.error.message ?? String(event.error));
    const choice = event.choices?.[0];
    finished ||= Boolean(choice?.finish_reason);
    if (choice?.delta) yield choice.delta;
  }
  if (!finished) throw new ApiError(CUT);
}

function parse(data) {
  try {
    return JSON.parse(data);
  } catch {
    throw new ApiError("The model server sent something that cannot be read.");
  }
}

/** The data of server-sent events, each on one line as OpenAI's API has it. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read().catch(inWords(CUT));
    const lines = (rest + (value ?? "\n")).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line.startsWith("data:")) yield line.slice(5).trim();
    if (done) return;
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
    throw new ApiError("You were signed out before this could be done.");
  }
  throw new ApiError(await words(response));
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

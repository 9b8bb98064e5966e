/** The server's API. The sign-in cookie is HttpOnly, so the page holds no token; addresses are relative to the page,
 * so that a proxy may serve the whole under a path of its own. */
import createClient from "openapi-fetch";
import { t } from "../i18n/index.svelte";
import type { paths } from "./schema";

/** The address of the folder that the page stands in, without a slash at its end. */
export const BASE = new URL(".", document.baseURI).href.replace(/\/$/, "");

/** A failure in words for the user; `status` is the server's, 0 if it has not answered. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    /** Seconds to wait before another try, if the server says so. */
    readonly retryAfter: number | null = null,
    /** What is wrong with which field of the form, if the server says so. */
    readonly problems: readonly FieldProblem[] = [],
  ) {
    super(message);
  }
}

let onSignedOut = (): void => {};

/** What to do when the session has ended. */
export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback;
}

export const api = createClient<paths>({
  baseUrl: BASE,
  credentials: "same-origin",
  fetch: (request) => send(request),
});

/** The body of an answer: `await read(api.GET("/api/version"))`. Throws ApiError. */
export async function read<Data>(answer: Promise<{ data?: Data }>): Promise<Data> {
  // `send` throws for all that is no success, so there is a body.
  return (await answer).data as Data;
}

/** Send a request; throws ApiError unless it is answered with success. */
export const send = async (request: Request): Promise<Response> => successful(await fetch(request).catch(unanswered));

/** An answer that is a success; throws ApiError for any other. */
export async function successful(response: Response): Promise<Response> {
  if (response.ok) return response;
  if (response.status === 401 && (await isSignedOut())) {
    onSignedOut();
    throw new ApiError(t("common.signedOut"), 401);
  }
  throw await failure(response);
}

/** What the browser says of a connection, in words; stopping on purpose is no failure. */
export function unanswered(error: unknown): never {
  if (error instanceof DOMException && error.name === "AbortError") throw error;
  throw new ApiError(t("common.noAnswer"), 0);
}

/** Whether the session has ended. A status of 401 alone does not tell: the contract has it for what one may not see. */
async function isSignedOut(): Promise<boolean> {
  const response = await fetch(`${BASE}/api/config`, { credentials: "same-origin" });
  return response.ok && !("ui" in ((await response.json()) as object));
}

/** What is wrong with a field; `loc` is the way to it, such as `["body", "email"]`. */
export interface FieldProblem {
  loc: (string | number)[];
  msg: string;
}

interface Complaint {
  detail?: string | FieldProblem[];
  error?: { message?: string };
}

/** Without what the server's library for checking says before each of the server's own words. */
const plain = (detail: Complaint["detail"]): Complaint["detail"] =>
  Array.isArray(detail) ? detail.map(({ loc, msg }) => ({ loc, msg: msg.replace(/^Value error, /, "") })) : detail;

async function failure(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => null)) as Complaint | null; // a proxy may answer in HTML
  const wait = Number(response.headers.get("Retry-After")) || null;
  const detail = plain(body?.detail) ?? body?.error?.message;
  let words = t("common.status", { status: String(response.status) });
  if (typeof detail === "string") words = detail;
  else if (Array.isArray(detail)) words = detail.map(({ loc, msg }) => `${loc.at(-1)}: ${msg}`).join(" ");
  if (wait) words += ` ${t("common.wait", { n: wait })}`;
  return new ApiError(words, response.status, wait, Array.isArray(detail) ? detail : []);
}

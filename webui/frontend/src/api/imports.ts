/** Files of chats that the server takes in. */
import { api, BASE, read, successful, unanswered } from "./client";
import type { Schemas } from "./types";

export type Import = Schemas["ImportOut"];

/** The user's imports, the latest first. */
export const listImports = async (): Promise<Import[]> => read(api.GET("/api/v1/chats/imports"));

/** Cancel an import that runs, or forget one that has ended. */
export const removeImport = async (id: string): Promise<unknown> =>
  read(api.DELETE("/api/v1/chats/imports/{id}", { params: { path: { id } } }));

interface Sending {
  signal: AbortSignal;
  /** Told the share of the file that is sent. */
  onprogress: (share: number) => void;
}

/** Send a file, of whatever size: the browser reads it while it sends. */
export async function sendFile(file: File, sending: Sending): Promise<Import> {
  const isZip = (await file.slice(0, 2).text()) === "PK";
  const response = await post(file, isZip ? "application/zip" : "application/json", sending);
  return (await successful(response)).json() as Promise<Import>;
}

/** `fetch` does not tell how much is sent. */
function post(file: File, type: string, { signal, onprogress }: Sending): Promise<Response> {
  const request = new XMLHttpRequest();
  const answered = new Promise<Response>((done, fail) => {
    request.upload.onprogress = ({ loaded, total }) => onprogress(loaded / total);
    request.onload = () => done(new Response(request.responseText, { status: request.status }));
    request.onerror = () => fail(new TypeError("network"));
    request.onabort = () => fail(new DOMException("stopped", "AbortError"));
  });
  signal.addEventListener("abort", () => request.abort());
  request.open("POST", `${BASE}/api/v1/chats/import/file`);
  request.setRequestHeader("Content-Type", type);
  request.send(file);
  return answered.catch(unanswered);
}

/** Server-sent events that go on where they were when the connection breaks. */
import { ApiError, BASE, send, unanswered } from "./client";
import type { TaskEvent } from "./types";

const PAUSES = [1000, 10_000] as const; // ms before a broken connection is taken up again: at first, at most

export interface Listening {
  signal: AbortSignal;
  /** Told of the connection: whether it is there, and whether events come from the very first. */
  onLink: (isOpen: boolean, isFromStart: boolean) => void;
}

/** The events of a task from its beginning; throws ApiError with status 404 once it is long over. */
export const followTask = (id: string, options: Listening): AsyncGenerator<TaskEvent> =>
  listen(`${BASE}/api/tasks/${encodeURIComponent(id)}/events`, options);

/** What happens to the user's chats from now on, of texts only the beginnings. It has no end. */
export const followAll = (options: Listening): AsyncGenerator<TaskEvent> =>
  listen(`${BASE}/api/v1/events?text=false`, options);

/** A tab out of sight has no connection: a browser grants a server six, and when tabs that nobody looks at have them
 * all, no other gets an answer. */
async function* listen(url: string, { signal, onLink }: Listening): AsyncGenerator<TaskEvent> {
  let after = 0;
  let pause: number = PAUSES[0];
  for (;;) {
    while (document.hidden) await turn();
    const hidden = new AbortController();
    void turn().then(() => hidden.abort());
    let isSilent = true;
    try {
      const headers = { "Last-Event-ID": String(after) };
      const response = await send(new Request(url, { headers, signal: AbortSignal.any([signal, hidden.signal]) }));
      onLink(true, after === 0);
      for await (const batch of batches(response)) {
        [after, pause, isSilent] = [batch.id, PAUSES[0], false];
        yield* batch.events;
      }
      // A server that was killed may have told more than it had stored: then nothing stands behind `after`.
      if (isSilent) after = 0;
    } catch (error) {
      if (signal.aborted || (error instanceof ApiError && error.status >= 400 && error.status < 500)) throw error;
      if (!(error instanceof ApiError) && !hidden.signal.aborted) throw error;
    }
    if (hidden.signal.aborted) continue;
    onLink(false, false);
    await soon(pause, signal);
    pause = Math.min(2 * pause, PAUSES[1]);
  }
}

/** The next time that the tab comes into sight or goes out of it. */
const turn = (): Promise<unknown> =>
  new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));

/** After some ms, or when the browser says that the network is back. */
async function soon(pause: number, signal: AbortSignal): Promise<void> {
  await new Promise((done) => {
    setTimeout(done, pause);
    addEventListener("online", done, { once: true });
    signal.addEventListener("abort", done, { once: true });
  });
}

/** Events up to one with an id, behind which one may go on: those before it have none of their own. */
async function* batches(response: Response): AsyncGenerator<{ id: number; events: TaskEvent[] }> {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let events: TaskEvent[] = [];
  try {
    for (;;) {
      const { value, done } = await reader.read().catch(unanswered);
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const [, id, data] = /^(?:id: (\d+)\n)?data: (.*)/.exec(block) ?? [];
        if (data) events.push(JSON.parse(data) as TaskEvent);
        if (!id) continue;
        yield { id: Number(id), events };
        events = [];
      }
    }
  } finally {
    reader.cancel().catch(() => {}); // it is broken already
  }
}

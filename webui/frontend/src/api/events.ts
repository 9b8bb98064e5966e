/** Server-sent events that go on where they were when the connection breaks. */
import { ApiError, BASE, send, unanswered } from "./client";
import type { TaskEvent } from "./types";

const PAUSES = [1000, 10_000] as const; // ms before a broken connection is taken up again: at first, at most

export interface Listening {
  signal: AbortSignal;
  /** Told of the connection: whether it is there, and whether events come from the very first. */
  onLink: (isOpen: boolean, isFromStart: boolean) => void;
}

/** A reply that is being generated; `opened` are its events, where the connection to them is there already. */
export interface Task {
  id: string;
  opened?: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
}

/** The events of a task from its beginning; throws ApiError with status 404 once it is long over. */
export const followTask = ({ id, opened }: Task, options: Listening): AsyncGenerator<TaskEvent> =>
  listen(`${BASE}/api/tasks/${encodeURIComponent(id)}/events`, options, opened);

/** What happens to the user's chats from now on, of texts only the beginnings. It has no end. */
export const followAll = (options: Listening): AsyncGenerator<TaskEvent> =>
  listen(`${BASE}/api/v1/events?text=false`, options);

/** A tab out of sight has no connection: a browser grants a server six, and when tabs that nobody looks at have them
 * all, no other gets an answer. */
async function* listen(url: string, { signal, onLink }: Listening, opened?: Task["opened"]): AsyncGenerator<TaskEvent> {
  let after = 0;
  let pause: number = PAUSES[0];
  for (;;) {
    while (document.hidden && !opened && !signal.aborted) await next(document, "visibilitychange", signal);
    const over = new AbortController();
    const hidden = new AbortController();
    const offline = new AbortController(); // without it a connection that leads nowhere may stay open for minutes
    document.addEventListener("visibilitychange", () => hidden.abort(), { signal: over.signal });
    window.addEventListener("offline", () => offline.abort(), { signal: over.signal });
    const left = AbortSignal.any([hidden.signal, offline.signal]);
    const end = AbortSignal.any([signal, left]);
    let isSilent = true;
    try {
      const headers = { "Last-Event-ID": String(after) };
      const body = opened ?? (await send(new Request(url, { headers, signal: end }))).body;
      opened = undefined;
      onLink(true, after === 0);
      for await (const batch of batches(body, end)) {
        [after, pause, isSilent] = [batch.id, PAUSES[0], false];
        yield* batch.events;
      }
      signal.throwIfAborted();
      // A server that was killed may have told more than it had stored: then nothing stands behind `after`.
      if (isSilent && !left.aborted) after = 0;
    } catch (error) {
      if (signal.aborted || (error instanceof ApiError && error.status >= 400 && error.status < 500)) throw error;
      if (!(error instanceof ApiError) && !left.aborted) throw error;
    } finally {
      over.abort();
    }
    if (hidden.signal.aborted) continue;
    onLink(false, false);
    await next(window, "online", AbortSignal.any([signal, AbortSignal.timeout(pause)]));
    pause = Math.min(2 * pause, PAUSES[1]);
  }
}

/** The next event of this type, or the end of `signal`. */
function next(target: EventTarget, type: string, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const over = new AbortController();
    const settle = (): void => {
      over.abort(); // no listener stays
      done();
    };
    target.addEventListener(type, settle, { signal: over.signal });
    signal.addEventListener("abort", settle, { signal: over.signal });
    if (signal.aborted) settle();
  });
}

interface Batch {
  id: number;
  events: TaskEvent[];
}

/** Events up to one with an id, behind which one may go on: those before it have none of their own. */
async function* batches(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  if (!body) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  const cancel = (): unknown => reader.cancel().catch(() => {}); // it may be broken already
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel();
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
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}

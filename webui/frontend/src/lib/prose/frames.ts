/** Work that is spread over frames: of each, those who have some share a few milliseconds, in turn. */
const BUDGET = 8; // ms

/** Does a step, and tells whether there is more to do. */
export type Job = () => boolean;

const waiting = new Set<Job>();
let budgetEnd = 0; // of this frame; 0 before its first step
let frame = 0;

/** Begins at once when this frame has time left. A job that waits already does so once. */
export function addJob(job: Job): void {
  waiting.add(job);
  work();
}

export function dropJob(job: Job): void {
  waiting.delete(job);
}

export const isWaiting = (job: Job): boolean => waiting.has(job);

function work(): void {
  budgetEnd ||= performance.now() + BUDGET;
  frame ||= requestAnimationFrame(nextFrame);
  for (const job of waiting) {
    if (performance.now() >= budgetEnd) return;
    waiting.delete(job);
    if (job()) waiting.add(job); // behind the others
  }
}

function nextFrame(): void {
  frame = budgetEnd = 0;
  if (waiting.size) work();
}

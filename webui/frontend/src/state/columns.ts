/** Replies of several models to one question stand side by side, each in a column of its own. */
import { children, siblings } from "../lib/tree";
import type { Turn } from "./turn.svelte";

type Turns = Readonly<Record<string, Turn>>;

const column = (turn: Turn): number => turn.message.modelIdx ?? 0;

/** The replies that are shown in the place of this one: of each column the newest, but of its own itself. */
export function beside(turns: Turns, turn: Turn): Turn[] {
  const question = turns[turn.parentId ?? ""];
  if (!turn.isReply || !question || (question.message.models?.length ?? 0) < 2) return [turn];
  const shown = new Map<number, Turn>();
  for (const child of children(turns, question)) shown.set(column(child), child);
  shown.set(column(turn), turn);
  return [...shown].sort(([a], [b]) => a - b).map(([, child]) => child);
}

/** All that was said in the place of this message, itself too: the branches that one may choose from. */
export function versions(turns: Turns, turn: Turn): Turn[] {
  const all = siblings(turns, turn);
  return beside(turns, turn).length > 1 ? all.filter((other) => column(other) === column(turn)) : all;
}

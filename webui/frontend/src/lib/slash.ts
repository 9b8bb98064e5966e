/** Commands in the composer: `/name` at the start of a line stands for a prompt. */

/** The command that is being typed, and where it stands in the text. */
export interface Slash {
  start: number;
  end: number;
  query: string;
}

/** What is being typed before the caret, if it is a command. */
export function slashAt(text: string, caret: number): Slash | null {
  const start = caret > 0 ? text.lastIndexOf("\n", caret - 1) + 1 : 0;
  const [, query] = /^\/(\S*)$/.exec(text.slice(start, caret)) ?? [];
  return query === undefined ? null : { start, end: caret, query };
}

/** The prompts that a query means: commands that begin with it first, then other commands, then titles. */
export function promptsFor<P extends { command: string; title: string }>(prompts: readonly P[], query: string): P[] {
  const wanted = query.toLowerCase();
  const rank = ({ command, title }: P): number => {
    const position = command.toLowerCase().replace(/^\//, "").indexOf(wanted);
    if (position >= 0) return position === 0 ? 0 : 1;
    return title.toLowerCase().includes(wanted) ? 2 : 3;
  };
  return prompts
    .map((prompt) => ({ prompt, rank: rank(prompt) }))
    .filter((entry) => entry.rank < 3)
    .sort((a, b) => a.rank - b.rank)
    .map(({ prompt }) => prompt);
}

/** What happens to the open chat once the server can be reached again. */
import type { Conversation } from "./conversation.svelte";
import type { Turn } from "./turn.svelte";

/** Send what did not reach the server, and see what has happened meanwhile. */
export async function catchUp(conversation: Conversation): Promise<void> {
  const unsent = Object.values(conversation.turns).filter(({ isUnsent }) => isUnsent);
  if (unsent.length) await conversation.saving.saveRest();
  await conversation.load();
  const waiting = unsent.filter(({ isRunning, message }) => !isRunning && message.done === false);
  await Promise.all(waiting.map((turn) => sendAgain(conversation, turn)));
}

/** By itself only once: a request that a server dies of must not be sent for ever. */
async function sendAgain(conversation: Conversation, turn: Turn): Promise<void> {
  await (turn.text ? conversation.continueReply(turn) : conversation.regenerate(turn));
  turn.isUnsent = false;
}

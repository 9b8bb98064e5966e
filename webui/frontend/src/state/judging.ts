/** What somebody thinks of a reply: kept with the message, and told to those who run the server. */
import { deleteFeedback, sendFeedback, type FeedbackForm } from "../api/feedback";
import { branchTo, siblings } from "../lib/tree";
import type { Conversation } from "./conversation.svelte";
import { models } from "./models.svelte";
import type { Turn } from "./turn.svelte";

export interface Judgement {
  rating: 1 | -1;
  reason?: string;
  comment?: string;
}

export async function judge(conversation: Conversation, turn: Turn, judgement: Judgement): Promise<void> {
  const feedbackId = await sendFeedback(formOf(conversation, turn, judgement), turn.message.feedbackId ?? undefined);
  await conversation.annotate(turn, { annotation: { ...judgement }, feedbackId });
}

/** Take back what was said of a reply. */
export async function withdraw(conversation: Conversation, turn: Turn): Promise<void> {
  if (turn.message.feedbackId) await deleteFeedback(turn.message.feedbackId);
  await conversation.annotate(turn, { annotation: null, feedbackId: null });
}

/** Who has written a reply: of an arena, the model that it has chosen. */
const writer = ({ message }: Turn): string => message.selectedModelId ?? message.model ?? "";

function formOf({ id, title, turns }: Conversation, turn: Turn, judgement: Judgement): FeedbackForm {
  const others = siblings(turns, turn).map(writer);
  const sibling_model_ids = [...new Set(others)].filter((model) => model && model !== writer(turn));
  const branch = branchTo(turns, turn.id);
  const messages = Object.fromEntries(branch.map(({ message }) => [message.id, message]));
  const history = { messages, currentId: turn.id };
  const arena = models.find(turn.message.model)?.arena === true;
  return {
    type: "rating",
    data: { ...judgement, model_id: writer(turn), sibling_model_ids },
    meta: { arena, model_id: writer(turn), message_id: turn.id, message_index: branch.length, chat_id: id },
    snapshot: { chat: { id, title, chat: { title, history } } },
  };
}

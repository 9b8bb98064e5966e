/** What is sent to have a reply generated, or a new chat stored. */
import type { NewChat } from "../api/chats";
import type { ContentPart, Message, Params } from "../api/types";
import { knownValues } from "../lib/promptVariables";
import type { Conversation } from "./conversation.svelte";
import { preferences } from "./preferences.svelte";
import { session } from "./session.svelte";
import type { Turn } from "./turn.svelte";

/** The request for the message `turn` that answers the last one of `branch`, behind what it says already (`text`). */
export function replyRequest(
  conversation: Pick<Conversation, "params" | "isTemporary">,
  branch: Turn[],
  turn: Turn,
  text: string,
): Record<string, unknown> {
  const { system, ...params } = { ...withoutEmpty(preferences.ui.params), ...withoutEmpty(conversation.params) };
  const prompt = system ?? preferences.ui.system;
  const messages: unknown[] = branch.map(asSent).filter(({ role, content }) => role === "user" || content.length);
  if (prompt) messages.unshift({ role: "system", content: prompt });
  if (text) messages.push({ role: "assistant", content: text });
  const { id, parentId, message } = turn;
  return {
    ...params,
    model: message.model,
    messages,
    id,
    parent_id: parentId,
    variables: variables(),
    background_tasks: conversation.isTemporary ? {} : tasksAfter(branch.length === 1),
  };
}

/** What system prompts may name, by names in braces: the server knows neither the language nor the clock of the user. */
const variables = (): Record<string, string> =>
  Object.fromEntries(Object.entries(knownValues(session.user)).map(([name, value]) => [`{{${name}}}`, value]));

/** What the server is to do when the reply is complete. */
function tasksAfter(isFirst: boolean): Record<string, boolean> {
  const { title, autoTags, autoFollowUps } = preferences.ui;
  const first = isFirst ? { title_generation: title?.auto !== false, tags_generation: autoTags !== false } : {};
  return { ...first, follow_up_generation: autoFollowUps !== false };
}

function asSent(turn: Turn): { role: string; content: string | ContentPart[] } {
  const { role, files = [] } = turn.message;
  const images = files.filter(({ type }) => type === "image");
  if (role !== "user" || !images.length) return { role, content: turn.text };
  const parts = images.map(({ url }): ContentPart => ({ type: "image_url", image_url: { url } }));
  return { role, content: [{ type: "text", text: turn.text }, ...parts] };
}

export function newChat(conversation: Conversation, id: string, messages: Record<string, Message>): NewChat {
  const { title, models, currentId, folderId } = conversation;
  const params = { ...preferences.ui.params, ...conversation.params };
  return { id, chat: { title, models, params, history: { messages, currentId } }, folder_id: folderId };
}

const withoutEmpty = (params: Params = {}): Params =>
  Object.fromEntries(
    Object.entries(params).filter(([, value]) => value !== undefined && value !== null && value !== ""),
  );

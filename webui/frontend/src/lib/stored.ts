/** Chats, preferences and models as other clients may have stored them, brought to what the page expects: the server keeps
 * whatever they send. What is of another kind is left out, keys that the page does not know stay. */
import type { ChatData, Message, Model } from "../api/types";

/** What a value is taken for; undefined leaves it out. */
type Reader = (value: unknown) => unknown;

const LATEST = 1e11; // seconds since 1970: dates end with the year 275760

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";
const isAttachment = (value: unknown): boolean => isObject(value) && isText(value["type"]) && isText(value["url"]);
const isPart = (value: unknown): boolean =>
  isObject(value) && (value["type"] !== "text" || isText(value["text"])) && isText(value["type"]);

const text: Reader = (value) => (isText(value) ? value : undefined);
const object: Reader = (value) => (isObject(value) ? value : undefined);
const list =
  (holds: (value: unknown) => boolean): Reader =>
  (value) =>
    Array.isArray(value) ? value.filter(holds) : undefined;

const MESSAGE: Record<string, Reader> = {
  content: (value) => (isText(value) ? value : (list(isPart)(value) ?? "")),
  files: list(isAttachment),
  models: list(isText),
  model: text,
  modelName: text,
  selectedModelId: text,
  followUps: (value) => (Array.isArray(value) ? [...new Set(value.filter(isText))] : undefined),
  error: (value) => (isObject(value) ? { ...value, content: text(value["content"]) } : value),
  usage: object,
  timing: object,
  annotation: object,
  timestamp: (value) => (typeof value === "number" && Math.abs(value) < LATEST ? value : undefined),
};
const CHAT: Record<string, Reader> = {
  title: text,
  models: list(isText),
  params: object,
  history: (value) => (isObject(value) ? { ...value, messages: messages(value["messages"]) } : undefined),
};

const META: Record<string, Reader> = { description: text, capabilities: object };
const INFO: Record<string, Reader> = { meta: (value) => (isObject(value) ? read(value, META) : undefined) };
const MODEL: Record<string, Reader> = {
  tags: list((value) => isObject(value) && isText(value["name"])),
  info: (value) => (isObject(value) ? read(value, INFO) : undefined),
};
const UI: Record<string, Reader> = { models: list(isText), system: text, params: object, title: object };

const messages = (value: unknown): Record<string, Message> =>
  Object.fromEntries(
    Object.entries(isObject(value) ? value : {}).map(([id, message]) => [id, readMessage(message as Message)]),
  );

function read<T extends Record<string, unknown>>(found: T, readers: Record<string, Reader>): T {
  const sound: Record<string, unknown> = { ...found };
  for (const [key, reader] of Object.entries(readers)) {
    if (!(key in sound)) continue;
    const value = reader(sound[key]);
    if (value === undefined) delete sound[key];
    else sound[key] = value;
  }
  return sound as T;
}

export const readMessage = (message: Message): Message => read({ ...message, content: message.content ?? "" }, MESSAGE);
export const readModel = (model: Record<string, unknown>): Model => read(model, MODEL) as unknown as Model;
export const readUi = (ui: unknown): Record<string, unknown> => read(isObject(ui) ? ui : {}, UI);
export const readChat = (chat: ChatData): ChatData => read(chat, CHAT);

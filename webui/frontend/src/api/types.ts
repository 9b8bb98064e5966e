/** What the server's documents leave open: chats and messages are kept as clients send them. */
import type { components } from "./schema";

export type Schemas = components["schemas"];

export interface Config {
  name: string;
  version: string;
  default_locale: string;
  onboarding?: boolean;
  features: Record<string, boolean | undefined>;
  default_models?: string | null;
  /** How long what was deleted can be brought back; 0 where it cannot. */
  trash_days?: number;
  default_prompt_suggestions?: Suggestion[] | null;
  permissions?: Record<string, Record<string, boolean>>;
  file?: { max_count?: number | null; image_compression?: { width?: number | null; height?: number | null } };
  ui?: { pending_user_overlay_title?: string; pending_user_overlay_content?: string; response_watermark?: string };
}

export interface Suggestion {
  title: [string, string?];
  content: string;
}

export interface User {
  id: string;
  name: string;
  email: string;
  role: "pending" | "user" | "admin";
  profile_image_url: string;
  bio: string | null;
  gender: string | null;
  date_of_birth: string | null;
}

export interface Model {
  id: string;
  name: string;
  owned_by?: string;
  connection_type?: string;
  arena?: boolean;
  tags?: { name: string }[];
  info?: { meta?: { description?: string; capabilities?: Record<string, boolean> } };
}

export interface Attachment {
  type: string;
  url: string;
  name?: string;
}

export interface Timing {
  first_token_ms?: number | null;
  duration_ms?: number | null;
}

/** A message as it is stored; keys of other clients come along. */
export interface Message {
  id: string;
  parentId: string | null;
  childrenIds: string[];
  role: "user" | "assistant" | "system";
  content: string | ContentPart[];
  timestamp?: number;
  files?: Attachment[];
  /** Of a question: the models that were asked, side by side. */
  models?: string[];
  model?: string;
  modelName?: string;
  /** Which of the question's models wrote this. */
  modelIdx?: number;
  selectedModelId?: string;
  done?: boolean;
  error?: { content?: string } | string | boolean | null;
  stopped?: boolean;
  interrupted?: boolean;
  followUps?: string[];
  usage?: Record<string, unknown> | null;
  timing?: Timing | null;
  annotation?: { rating?: number; [key: string]: unknown } | null;
  feedbackId?: string | null;
  [key: string]: unknown;
}

export type ContentPart = { type: "text"; text: string } | { type: "image_url"; image_url: { url: string } };

/** What a conversation is set to, beside its messages; the names of parameters are those of OpenAI's API. */
export interface Params {
  system?: string;
  temperature?: number;
  max_tokens?: number;
  top_p?: number;
  seed?: number;
  stop?: string[];
  [key: string]: unknown;
}

export interface ChatData {
  title?: string;
  models?: string[];
  params?: Params;
  tags?: string[];
  history?: { messages?: Record<string, Message>; currentId?: string | null };
  [key: string]: unknown;
}

export interface Delta {
  content?: string;
  reasoning_content?: string;
  tool_calls?: unknown[];
}

/** What the server tells of a reply (docs/replies.md). */
export interface TaskEvent {
  chat_id: string;
  message_id: string;
  task_id: string;
  data: { type: string; data: EventData };
}

export interface EventData {
  choices?: { delta?: Delta }[];
  selected_model_id?: string;
  error?: { content?: string; retry_after?: number };
  done?: boolean;
  content?: string;
  title?: string;
  follow_ups?: string[];
  id?: string | null;
  [key: string]: unknown;
}

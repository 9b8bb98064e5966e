/** What somebody thinks of replies. */
import { api, read } from "./client";
import type { Schemas } from "./types";

export type FeedbackForm = Schemas["FeedbackForm"];

/** Store it, in the place of an earlier one if `id` names that; gives its id. */
export async function sendFeedback(body: FeedbackForm, id?: string): Promise<string> {
  const answer = id
    ? api.POST("/api/v1/evaluations/feedback/{id}", { params: { path: { id } }, body })
    : api.POST("/api/v1/evaluations/feedback", { body });
  return (await read<{ id: string }>(answer)).id;
}

export const deleteFeedback = async (id: string): Promise<unknown> =>
  read(api.DELETE("/api/v1/evaluations/feedback/{id}", { params: { path: { id } } }));

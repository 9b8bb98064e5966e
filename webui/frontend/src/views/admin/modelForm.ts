/** A custom model as a form. */
import type { ModelForm, Stored } from "./modelStore.svelte";
import { parts } from "./words";

export interface ModelDraft {
  id: string;
  name: string;
  base: string;
  description: string;
  system: string;
  /** The other parameters, as JSON. */
  params: string;
  tags: string;
  picture: string;
  isPublic: boolean;
  isActive: boolean;
}

/** What the server calls the picture of a model without one. */
export const NO_PICTURE = "/favicon.svg";

/** What is stored as a form; without it, a new model on top of `base`. */
export function draftOf(stored: Stored | null, base: string): ModelDraft {
  const { system, ...params } = stored?.params ?? {};
  const meta = (stored?.meta ?? {}) as { description?: string; tags?: { name: string }[]; profile_image_url?: string };
  return {
    id: stored?.id ?? "",
    name: stored?.name ?? "",
    base: stored?.base_model_id ?? base,
    description: meta.description ?? "",
    system: typeof system === "string" ? system : "",
    params: Object.keys(params).length ? JSON.stringify(params, null, 2) : "",
    tags: (meta.tags ?? []).map(({ name }) => name).join(", "),
    picture: meta.profile_image_url ?? NO_PICTURE,
    isPublic: stored?.access_control === null,
    isActive: stored?.is_active ?? true,
  };
}

/** What is sent of a form; a SyntaxError tells that its parameters are no JSON. What it has no field for stays. */
export function formOf(draft: ModelDraft, stored: Stored | null): ModelForm {
  const params = JSON.parse(draft.params.trim() || "{}") as Record<string, unknown>;
  return {
    id: stored?.id ?? (draft.id.trim() || slug(draft.name)),
    base_model_id: draft.base,
    name: draft.name.trim(),
    meta: {
      ...stored?.meta,
      description: draft.description.trim(),
      tags: parts(draft.tags, ",").map((name) => ({ name })),
      profile_image_url: draft.picture,
    },
    params: { ...params, ...(draft.system && { system: draft.system }) },
    // Rules that name people or groups stay; `{}` is for the owner and administrators alone.
    access_control: draft.isPublic ? null : (stored?.access_control ?? {}),
    is_active: draft.isActive,
  };
}

/** These in the given order, and then the others. */
export function inOrder<Item extends { id: string }>(items: readonly Item[], order: readonly string[]): Item[] {
  const places = new Map(order.map((id, place) => [id, place]));
  return items.toSorted((a, b) => (places.get(a.id) ?? Infinity) - (places.get(b.id) ?? Infinity) || 0);
}

/** The list with one item at another place. */
export function moved<Item>(items: readonly Item[], from: number, to: number): Item[] {
  const item = items.slice(from, from + 1);
  return items.toSpliced(from, 1).toSpliced(to, 0, ...item);
}

/** An id made of a name. */
export const slug = (name: string): string =>
  name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^\p{L}\p{N}.]+/gu, "-")
    .replace(/^-+|-+$/g, "");

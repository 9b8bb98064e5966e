/** What a chat may be set to beside its messages, as fields of a form. */
import type { Params } from "../../api/types";

export const NUMBERS = [
  { name: "temperature", min: 0, max: 2, step: 0.05 },
  { name: "top_p", min: 0, max: 1, step: 0.05 },
  { name: "max_tokens", min: 1, max: 1_000_000, step: 1 },
  { name: "seed", min: 0, max: 2 ** 31 - 1, step: 1 },
] as const;

export interface Form {
  system: string;
  stop: string; // one a line
  temperature: number | null;
  top_p: number | null;
  max_tokens: number | null;
  seed: number | null;
}

export function asForm({ system = "", stop = [], temperature, top_p, max_tokens, seed }: Params): Form {
  const numbers = { temperature: temperature ?? null, top_p: top_p ?? null };
  return { system, stop: stop.join("\n"), ...numbers, max_tokens: max_tokens ?? null, seed: seed ?? null };
}

/** The parameters that a form says; what it does not know stays, what is empty is the model's own to choose. */
export function asParams(form: Form, before: Params): Params {
  const stop = form.stop.split("\n").filter(Boolean);
  const { system: _system, stop: _stop, temperature: _t, top_p: _p, max_tokens: _m, seed: _s, ...others } = before;
  const numbers = NUMBERS.map(({ name }) => [name, form[name]] as const).filter(([, value]) => value !== null);
  return {
    ...others,
    ...(form.system.trim() && { system: form.system }),
    ...(stop.length && { stop }),
    ...Object.fromEntries(numbers),
  };
}

/** Whether anything is set. */
export const isSet = (params: Params): boolean =>
  Object.values(params).some((value) => value !== undefined && value !== null && value !== "");

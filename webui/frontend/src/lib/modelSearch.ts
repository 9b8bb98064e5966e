/** Finding a model among thousands. */
import type { Model } from "../api/types";

/** Those models that have all words of the query: in their names, where words begin there, then elsewhere. */
export function searchModels(models: readonly Model[], query: string): Model[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [...models];
  const [atStart, inName, elsewhere]: [Model[], Model[], Model[]] = [[], [], []];
  for (const model of models) {
    const name = `${model.name} ${model.id}`.toLowerCase();
    if (words.every((word) => begins(name, word))) atStart.push(model);
    else if (words.every((word) => name.includes(word))) inName.push(model);
    else if (words.every((word) => name.includes(word) || about(model).includes(word))) elsewhere.push(model);
  }
  return [...atStart, ...inName, ...elsewhere];
}

/** Whether a word of the name begins so. */
function begins(name: string, start: string): boolean {
  for (let at = name.indexOf(start); at >= 0; at = name.indexOf(start, at + 1)) {
    if (at === 0 || !/[\p{L}\p{N}]/u.test(name[at - 1] ?? "")) return true;
  }
  return false;
}

const about = ({ tags = [], info, owned_by = "" }: Model): string =>
  [...tags.map(({ name }) => name), info?.meta?.description ?? "", owned_by].join(" ").toLowerCase();

/** Whether it is the one that the server runs itself. */
export const isBuiltIn = ({ tags = [] }: Model): boolean => tags.some(({ name }) => name === "built-in");

/** Whether a model is known not to see pictures. */
export const isBlind = (model: Model | undefined): boolean => model?.info?.meta?.capabilities?.vision === false;

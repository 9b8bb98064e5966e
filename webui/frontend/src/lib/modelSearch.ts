/** Finding a model among thousands. */
import type { Model } from "../api/types";

/** Those models that have all words of the query, by their names first. */
export function searchModels(models: readonly Model[], query: string): Model[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [...models];
  const byName: Model[] = [];
  const others: Model[] = [];
  for (const model of models) {
    const name = `${model.name} ${model.id}`.toLowerCase();
    if (words.every((word) => name.includes(word))) byName.push(model);
    else if (words.every((word) => name.includes(word) || about(model).includes(word))) others.push(model);
  }
  return [...byName, ...others];
}

const about = ({ tags = [], info, owned_by = "" }: Model): string =>
  [...tags.map(({ name }) => name), info?.meta?.description ?? "", owned_by].join(" ").toLowerCase();

/** Whether a model is known not to see pictures. */
export const isBlind = (model: Model | undefined): boolean => model?.info?.meta?.capabilities?.vision === false;

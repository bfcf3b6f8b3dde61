/** The search that moves theta in a setup. */
import { type Key, tree } from "../array/index.ts";
import { findSearch } from "../search/index.ts";
import type { Setup } from "../train/index.ts";

/** Whether candidates are asked for and told of: others may be tried in the place of the search, estimators too. */
export const isSearched = ({ method }: Setup): boolean => method?.name === "askTell";

/** Its name, as the recipe of the method says it; undefined where there is none, or one that no registry holds. */
export function searchOf(setup: Setup, key: Key): string | undefined {
  const { method } = setup;
  if (method === undefined || !isSearched(setup)) return undefined;
  const theta: unknown = tree.tensors(setup.theta);
  const { search } = method.recipe(theta, method.init(theta, key));
  if (typeof search !== "object" || search === null || !("name" in search)) return undefined;
  const { name } = search;
  return typeof name === "string" ? findSearch(name)?.name : undefined;
}

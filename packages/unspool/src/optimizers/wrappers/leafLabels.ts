/** Labels of leaves: by a function, or by a tree of labels, which a config file can hold. */
import type { Tensor } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { requireLeaves } from "./leafChoice.ts";

/** The label of what has none. */
export const innerLabel: string = "inner";

/** Depends on path, shape and dtype only: elements are not known inside a trace. */
export type LeafLabel = (path: string, leaf: Tensor) => string;

/** A label for all that is below its place, or more places. */
export type LabelTree = string | readonly LabelTree[] | { readonly [name: string]: LabelTree };

/** A function, or a tree with the structure of theta, or of a part of it. */
export type LeafLabels = LeafLabel | LabelTree;

/** The function of labels. Throws `OptionError` for anything else. */
export function labelPredicate(where: string, labels: LeafLabels): LeafLabel {
  if (typeof labels === "function") return labels;
  requireLabelTree(where, "", labels);
  return (path) => labelAt(labels, path) ?? innerLabel;
}

/** Throws `OptionError` for a place of a tree of labels at which theta has no leaf. */
export function requireLabels(where: string, labels: LeafLabels, theta: unknown): void {
  if (typeof labels === "function") return;
  const places = placesOf("", labels).filter((path) => path !== "");
  requireLeaves(where, "labels", places, theta);
}

function labelAt(labels: LabelTree, path: string): string | undefined {
  if (typeof labels === "string") return labels;
  // The longest name first: those of records may have points in them.
  const names = Object.keys(labels).filter((key) => path === key || path.startsWith(`${key}.`));
  const name = names.reduce<string | undefined>(
    (longest, key) => (longest === undefined || key.length > longest.length ? key : longest),
    undefined,
  );
  return name === undefined ? undefined : labelAt(childOf(labels, name), path.slice(name.length + 1));
}

function childOf(labels: Exclude<LabelTree, string>, name: string): LabelTree {
  return Object.entries(labels).find(([key]) => key === name)![1];
}

function placesOf(path: string, labels: LabelTree): string[] {
  if (typeof labels === "string") return [path];
  return Object.entries(labels).flatMap(([name, child]) =>
    placesOf(path === "" ? name : `${path}.${name}`, child),
  );
}

function requireLabelTree(where: string, path: string, labels: unknown): void {
  if (typeof labels === "string") return;
  if (typeof labels !== "object" || labels === null) {
    const place = path === "" ? "labels" : `labels at "${path}"`;
    throw new OptionError(where, place, labels, "a function of path and leaf, or a tree of labels");
  }
  for (const [name, child] of Object.entries(labels))
    requireLabelTree(where, path === "" ? name : `${path}.${name}`, child);
}

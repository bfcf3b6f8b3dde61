/** Choosing leaves of theta: by a predicate, or by paths, which a config file can hold. */
import type { Tensor } from "../../array/index.ts";
import { OptionError, nearest } from "../../errors.ts";
import { thetaEntries } from "../leaves.ts";

/** Depends on path, shape and dtype only: elements are not known inside a trace. */
export type LeafPredicate = (path: string, leaf: Tensor) => boolean;

/** A predicate, or paths: `layers.0` stands for itself and everything below it. */
export type LeafChoice = LeafPredicate | readonly string[];

/**
 * True for matrices and convolution kernels, false for biases and the parameters of normalisation layers, which are
 * better left without weight decay and layerwise rates.
 *
 * @example
 * adamw({ weightDecay: 0.01, decayed: isMatrix });
 */
export const isMatrix: LeafPredicate = (_path, leaf) => leaf.ndim >= 2;

/** The predicate of a choice. Throws `OptionError` for anything else. */
export function leafPredicate(where: string, option: string, choice: LeafChoice): LeafPredicate {
  if (typeof choice === "function") return choice;
  if (!Array.isArray(choice) || !choice.every((path) => typeof path === "string")) {
    throw new OptionError(where, option, choice, "a function of path and leaf, or an array of paths");
  }
  return (path) => choice.some((chosen) => isWithin(path, chosen));
}

/** Throws `OptionError` for a path of the choice at which theta has no leaf, with the paths that there are. */
export function requireLeaves(where: string, option: string, choice: LeafChoice, theta: unknown): void {
  const paths = thetaEntries(where, theta).map(([path]) => path);
  if (typeof choice === "function") return;
  const unknown = choice.find((chosen) => !paths.some((path) => isWithin(path, chosen)));
  if (unknown === undefined) return;
  const near = nearest(unknown, paths);
  const known = paths.length > 20 ? `${paths.slice(0, 20).join(", ")}, …` : paths.join(", ");
  throw new OptionError(
    where,
    option,
    unknown,
    `a path of theta (${known === "" ? "a single leaf, which has none: leave the option out" : known})`,
    near === undefined || near === "" ? undefined : `Did you mean ${JSON.stringify(near)}?`,
  );
}

const isWithin = (path: string, chosen: string): boolean => path === chosen || path.startsWith(`${chosen}.`);

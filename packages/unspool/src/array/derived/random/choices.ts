/** Drawing from given elements. */
import { OptionError, ShapeError } from "../../../errors.ts";
import { np } from "../../np.ts";
import { type Key, random } from "../../random.ts";
import type { Tensor } from "../../tensor.ts";
import { type ArrayLike, asFloat, asTensor, axisOf, requireCount } from "../arguments.ts";
import { search } from "../np/searches.ts";
import { orInvalid } from "./parameters.ts";

/** A random permutation of 0 … n - 1 (int32), or of the elements of `x` along an axis (default 0). */
export function permutation(key: Key, x: number | ArrayLike, axis = 0): Tensor {
  if (typeof x === "number") return random.permutation(key, requireCount("random.permutation", "n", x, 0));
  const tensor = asTensor(x);
  if (tensor.ndim === 0)
    return random.permutation(key, requireCount("random.permutation", "n", tensor.item(), 0));
  const along = axisOf("random.permutation", tensor, axis);
  return np.take(tensor, random.permutation(key, tensor.shape[along]!), along) as Tensor;
}

export interface ChoiceOptions {
  /** An element may come several times. Default true. */
  replace?: boolean;
  /** Probabilities of the elements, one each; they are divided by their sum. Default: all equal. */
  p?: ArrayLike;
}

/**
 * Elements of `x` along axis 0, or numbers 0 … x - 1 (int32) for a number: as many as `shape` says. In a trace, where `p`
 * has too few elements above 0 or is no list of probabilities, all draws are NaN, or -1 of whole numbers.
 */
export function choice(
  key: Key,
  x: number | ArrayLike,
  shape: readonly number[] = [],
  options: ChoiceOptions = {},
): Tensor {
  const { replace = true, p } = options;
  const where = "random.choice";
  const source = typeof x === "number" ? np.arange(requireCount(where, "x", x, 0)) : asTensor(x);
  const elements = source.ndim === 0 ? np.arange(requireCount(where, "x", source.item(), 0)) : source;
  const count = elements.shape[0]!;
  const size = shape.reduce((product, length) => product * length, 1);
  if (size > 0 && (count === 0 || (!replace && size > count))) {
    const allowed = count === 0 ? "at least one element" : `at least ${size} elements, or replace: true`;
    throw new OptionError(where, "x", `${count} elements`, allowed);
  }
  const weights = p === undefined ? undefined : weightsOf(asFloat(p), count, replace ? 1 : size);
  const places = replace ? withReplacement(key, count, size, weights) : without(key, count, size, weights);
  const drawn = (np.take(elements, places, 0) as Tensor).reshape([...shape, ...elements.shape.slice(1)]);
  return weights === undefined ? drawn : orInvalid(drawn, () => isLaw(weights, replace ? 1 : size), weights);
}

/** True if all weights are weights, and enough of them above 0. */
function isLaw(weights: Tensor, needed: number): Tensor {
  const isWeight = np.logicalAnd(weights.greaterEqual(0), weights.less(Infinity)) as Tensor;
  const positive = weights.greater(0).astype("int32").sum();
  return np.logicalAnd(isWeight.all(), positive.greaterEqual(Math.max(1, needed))) as Tensor;
}

function weightsOf(p: Tensor, count: number, needed: number): Tensor {
  if (p.ndim !== 1 || p.size !== count) {
    throw new ShapeError(
      "random.choice",
      `p needs one probability for each of ${count} elements, got ${p.toString()}.`,
    );
  }
  if (p.isTraced) return p;
  const isValid = p.data.every((share) => share >= 0 && share < Infinity);
  const positive = p.data.filter((share) => share > 0).length;
  if (isValid && positive >= Math.max(1, needed)) return p;
  throw new OptionError(
    "random.choice",
    "p",
    Array.from(p.data.slice(0, 8)),
    `numbers from 0, at least ${Math.max(1, needed)} of them above`,
  );
}

function withReplacement(key: Key, count: number, size: number, weights: Tensor | undefined): Tensor {
  if (weights === undefined) return random.randint(key, [size], 0, Math.max(1, count));
  const sums = np.cumsum(weights) as Tensor;
  const u = random
    .uniform(key, [size])
    .astype(weights.dtype)
    .mul(sums.slice(count - 1));
  // The first whose sum is above: never one of probability 0.
  return np.minimum(search("random.choice", sums, u, { side: "right" }), count - 1) as Tensor;
}

/** The largest of log p + Gumbel numbers, in their order (Efraimidis and Spirakis 2006). */
function without(key: Key, count: number, size: number, weights: Tensor | undefined): Tensor {
  if (weights === undefined) return random.permutation(key, count).slice([0, size]);
  const scores = (np.log(weights) as Tensor).add(random.gumbel(key, [count]).astype(weights.dtype));
  return (np.argsort(scores.neg()) as Tensor).slice([0, size]);
}

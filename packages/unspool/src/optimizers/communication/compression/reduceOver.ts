/** The exchange of a gradient among workers: what each sends becomes what all know. */
import { type Key, type Tensor, type Tree, np, random, tree, vmap } from "../../../array/index.ts";
import { isFloatLeaf } from "../../leaves.ts";
import type { Compressed, Compressor, Reduced } from "./compressor.ts";

/**
 * Each worker compresses its gradient, with a key of its own; what all know is the mean of what was sent, summed over
 * a fixed tree. Gradients and states are [workers, …].
 */
export function reduceOver<Gradient, State extends Tree>(
  compressor: Compressor<State>,
  gradients: Gradient,
  states: State,
  key: Key,
): Reduced<Gradient, State> {
  if (compressor.reduce !== undefined) return compressor.reduce(gradients, states, key);
  const count = tree.leaves(gradients)[0]!.shape[0]!;
  const keys = np.stack(Array.from({ length: count }, (_, worker) => random.foldIn(key, worker)));
  const each = vmap((gradient: Gradient, state: State, own: Key) =>
    compressor.compress(gradient, state, own),
  )(gradients, states, keys as Tensor);
  return {
    mean: meanOverWorkers(each.decoded),
    decoded: each.decoded,
    states: each.state,
    bytes: meanOf(each.bytes),
  };
}

/**
 * The exchange of compressors that are linear and the same for all workers: what they make of the mean is the mean of
 * what they make.
 */
export function reduceLinear<Gradient, State extends Tree>(
  compress: (gradient: Gradient, state: State, key: Key) => Compressed<Gradient, State>,
  gradients: Gradient,
  states: State,
  key: Key,
): Reduced<Gradient, State> {
  const count = tree.leaves(gradients)[0]!.shape[0]!;
  const first = tree.map((leaf) => leaf.slice(0), states);
  const sent = compress(meanOverWorkers(gradients), first, key);
  return {
    mean: sent.decoded,
    decoded: forWorkers(sent.decoded, count),
    states: forWorkers(sent.state, count),
    bytes: sent.bytes,
  };
}

/** Mean over axis 0 of every floating-point leaf; of others the first worker's. */
export function meanOverWorkers<T>(stacked: T): T {
  return tree.map((leaf) => (isFloatLeaf(leaf) ? meanOf(leaf) : leaf.slice(0)), stacked);
}

/** A leading axis of workers. */
export function forWorkers<T>(of: T, count: number): T {
  return tree.map((leaf) => np.broadcastTo(leaf, [count, ...leaf.shape]) as Tensor, of);
}

/** Pairs, then pairs of pairs: the order does not depend on who answers first. */
function meanOf(stacked: Tensor): Tensor {
  const count = stacked.shape[0]!;
  let terms = Array.from({ length: count }, (_, worker) => stacked.slice(worker));
  while (terms.length > 1) {
    const pairs = Array.from({ length: terms.length >> 1 }, (_, i) => terms[2 * i]!.add(terms[2 * i + 1]!));
    terms = terms.length % 2 === 0 ? pairs : [...pairs, terms.at(-1)!];
  }
  return terms[0]!.div(count);
}

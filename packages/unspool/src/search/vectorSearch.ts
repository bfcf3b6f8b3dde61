/**
 * Searches over the numbers of theta as one vector of float64: what every method here has around its own rules. Trees,
 * dtypes, boxes, failed evaluations, the best point so far and the checks of what is told are dealt with once.
 */
import {
  type Key,
  type RandomStream,
  type Tensor,
  random,
  randomStream,
  requireKey,
  tensorOf,
  tree,
} from "../array/index.ts";
import { NonFiniteError, OptionError, ShapeError } from "../errors.ts";
import type { Json } from "../json.ts";
import { type Box, type FlatBox, boxRecipe, clip, flatBox, requireBox } from "./box.ts";
import { intoBox, outOfBox } from "./boxTransform.ts";
import { lossNumbers } from "./lossNumbers.ts";
import { requireSearchState } from "./requireSearchState.ts";
import type { Search } from "./search.ts";

/** What a method starts from. */
export interface VectorStart {
  /** [d]; in the numbers of the search, where the box is a transformation. */
  start: Float64Array;
  /** For methods that draw first points in it, or stay inside by themselves; absent where there is none. */
  box: FlatBox | undefined;
  stream: RandomStream;
}

/** A method over vectors. Vectors that it is given are not to be written to; those that it returns are not kept. */
export interface VectorRules<Own> {
  readonly name: string;
  readonly recipe: { readonly [option: string]: Json };
  /**
   * What becomes of candidates outside of a box. "transform": the search knows no box, and its numbers are mapped into it.
   * "clip": they are moved to its nearest point, which the method is told. "inside": the method sees to it itself.
   */
  readonly bounds: "transform" | "clip" | "inside";
  init(given: VectorStart): Own;
  /** Candidates one after the other, [n · d]. */
  ask(own: Own, stream: RandomStream): { candidates: Float64Array; own: Own };
  /** Losses of the candidates: Infinity for those that have failed, but not for all (see `canFail`). */
  tell(
    own: Own,
    candidates: Float64Array,
    losses: Float64Array,
  ): { own: Own; metrics?: Record<string, number> };
  /** The mean of its distribution, or where it stands. Absent: the best point so far. */
  center?(own: Own): Float64Array;
  /**
   * Whether a step may fail as a whole once any candidate has not: methods that keep points lose nothing by it. The losses
   * that `tell` is given are then all Infinity. Default false.
   */
  readonly canFail?: boolean;
}

export interface VectorSearchState<Own> {
  /** Where it started: the structure, shapes and dtypes of candidates. */
  start: unknown;
  /** Candidates that were asked for and not told of yet, float64[n, d]. */
  asked: Tensor | null;
  /** The best candidate so far, float64[d]: the start before the first. */
  best: Tensor;
  /** Its loss; Infinity before the first. */
  bestLoss: number;
  /** Candidates told of. */
  evaluations: number;
  /** What the method itself knows. */
  own: Own;
}

const stateNames = ["start", "asked", "best", "bestLoss", "evaluations", "own"];

/** A float64 vector as a tensor that owns it. */
export const vector = (data: Float64Array): Tensor => tensorOf(data, [data.length], "float64");

/** The elements of a float64 tensor: to be read only. */
export const numbersOf = (of: Tensor): Float64Array => of.data as Float64Array;

/** The search of `rules`, in `box` where one is given. */
export function vectorSearch<Theta, Own>(
  rules: VectorRules<Own>,
  box?: Box,
): Search<Theta, VectorSearchState<Own>> {
  const { name } = rules;
  requireBox(name, box);
  const isMapped = box !== undefined && rules.bounds === "transform";
  const boxOf = (start: unknown): FlatBox | undefined => box && flatBox(name, box, start);
  /** Of the search's own numbers, [n · d], the numbers of theta. */
  const placed = (x: Float64Array, start: unknown): Float64Array =>
    isMapped ? intoBox(x, boxOf(start)!) : x;
  const begin = (start: unknown, key: Key): Own => {
    const flat = tree.flatten(start);
    const bounds = boxOf(start);
    return rules.init({
      start: isMapped ? outOfBox(flat, bounds!) : flat.slice(),
      box: bounds,
      stream: randomStream(key.data),
    });
  };
  let ownNames: readonly string[] | undefined;
  const requireState = (state: VectorSearchState<Own>): void => {
    requireSearchState(name, state, stateNames, ["best"]);
    ownNames ??= Object.keys(begin(state.start, random.key(0)) ?? {});
    requireSearchState(name, state.own ?? {}, ownNames, []);
  };
  return {
    name,
    recipe: { ...rules.recipe, box: boxRecipe(box) },
    init(given, key) {
      requireKey(`${name}.init`, key);
      const start = requireStart(name, given);
      const best = vector(tree.flatten(start));
      return { start, asked: null, best, bestLoss: Infinity, evaluations: 0, own: begin(start, key) };
    },
    ask(state, key: Key) {
      requireState(state);
      requireKey(`${name}.ask`, key);
      const { candidates, own } = rules.ask(state.own, randomStream(key.data));
      if (box !== undefined && rules.bounds === "clip") clip(candidates, boxOf(state.start)!);
      const size = state.best.size;
      const count = candidates.length / size;
      const asked = tensorOf(candidates, [count, size], "float64");
      const stack = stacked(placed(candidates, state.start), count, state.start) as Theta;
      return { candidates: stack, state: { ...state, asked, own } };
    },
    tell(state, given) {
      requireState(state);
      const { asked } = state;
      const size = state.best.size;
      const losses = requireLosses(name, asked, given, rules.canFail === true && state.bestLoss < Infinity);
      const candidates = numbersOf(asked!);
      const { own, metrics } = rules.tell(state.own, candidates, losses);
      const at = losses.reduce((least, loss, i) => (loss < losses[least]! ? i : least), 0);
      const isBetter = losses[at]! < state.bestLoss;
      const found = candidates.slice(at * size, (at + 1) * size);
      const next = {
        ...state,
        own,
        asked: null,
        evaluations: state.evaluations + losses.length,
        ...(isBetter && { best: vector(placed(found, state.start)), bestLoss: losses[at]! }),
      };
      return { state: next, metrics: { bestLoss: next.bestLoss, ...metrics } };
    },
    incumbent(state) {
      requireState(state);
      const { own, best, start } = state;
      const flat = rules.center ? placed(rules.center(own), start) : numbersOf(best);
      return unstacked(flat, start) as Theta;
    },
  };
}

/** Theta as tensors, all of them floats, at least one number, all finite. */
function requireStart(where: string, given: unknown): unknown {
  const start = tree.tensors(given) as unknown;
  for (const [path, leaf] of tree.entries(start)) {
    if (leaf.dtype === "float32" || leaf.dtype === "float64") continue;
    throw new ShapeError(
      where,
      `theta${path === "" ? "" : ` at "${path}"`} is ${leaf.toString()}: it searches floating-point numbers only. ` +
        "Keep whole numbers out of theta, or use a search for hybrid spaces.",
      { path },
    );
  }
  if (tree.size(start) === 0) throw new ShapeError(where, "theta has no numbers to search over.");
  const wrong = tree.flatten(start).find((x) => !Number.isFinite(x));
  if (wrong !== undefined) throw new OptionError(where, "every number of the start", wrong, "finite");
  return start;
}

/** Losses as float64, with Infinity for what has failed. */
function requireLosses(
  where: string,
  asked: Tensor | null,
  given: ArrayLike<number>,
  canFail: boolean,
): Float64Array {
  if (asked === null)
    throw new OptionError(where, "tell", "losses", "called after ask", "Ask for candidates first.");
  const [count] = asked.shape as [number];
  const losses = lossNumbers(where, given, count).map((loss) => (Number.isFinite(loss) ? loss : Infinity));
  if (!canFail && losses.every((loss) => loss === Infinity)) {
    throw new NonFiniteError(
      where,
      `the losses of all ${count} candidates are not finite (the first is ${given[0]}). ` +
        "Start nearer to where the loss is finite, or with a smaller sigma.",
      { quantity: "loss", candidates: count },
    );
  }
  return losses;
}

/** Rows [n · d] as a tree like `start` with a first axis of candidates. */
function stacked(rows: Float64Array, count: number, start: unknown): unknown {
  const size = rows.length / count;
  let offset = 0;
  return tree.map((leaf) => {
    const data = new (leaf.data.constructor as Float64ArrayConstructor)(count * leaf.size);
    for (let i = 0; i < count; i++) {
      const from = i * size + offset;
      data.set(rows.subarray(from, from + leaf.size), i * leaf.size);
    }
    offset += leaf.size;
    return tensorOf(data, [count, ...leaf.shape], leaf.dtype);
  }, start);
}

/** A vector as a tree like `start`. */
function unstacked(flat: Float64Array, start: unknown): unknown {
  return tree.map((leaf) => leaf.slice(0), stacked(flat, 1, start));
}

/** The standard deviation of a number, not below what still changes it: a search that has converged can go on. */
export function keptSpread(spread: number, x: number): number {
  return Math.max(spread, Number.EPSILON * Math.abs(x), 1e-150);
}

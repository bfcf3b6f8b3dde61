/**
 * Regularised evolution over the whole point, choice and numbers alike: what ES-ENAS is measured against. In few dimensions
 * it is hard to beat; in many the gain of a mutation falls as ln(candidates) / d.
 *
 *     "one"       one number of the choice, or one of theta, is drawn anew, uniformly in the box
 *     "gaussian"  all of theta moves by N(0, sigma²), and one number of the choice is drawn anew
 *     "all"       everything is drawn anew, uniformly: random search
 */
import { type RandomStream, type Tensor, randomStream, requireKey, tensorOf } from "../../array/index.ts";
import {
  NonFiniteError,
  OptionError,
  requireInteger,
  requireKnownOptions,
  requireOneOf,
  requirePositive,
} from "../../errors.ts";
import { lossNumbers } from "../lossNumbers.ts";
import { requireSearchState } from "../requireSearchState.ts";
import type { Search } from "../search.ts";
import { distinct, mutated, randomChoice } from "./choiceSpace.ts";
import { floats, floatsOf, integers, integersOf } from "./hostTensors.ts";
import { type HybridPoint, type HybridSpace, requirePoint } from "./hybridSpace.ts";

export interface HybridEvolutionOptions {
  /** With a box, but for "gaussian". */
  space: HybridSpace;
  /** Default "gaussian". */
  mutation?: "one" | "gaussian" | "all";
  /** Of "gaussian". Default 0.1. */
  sigma?: number;
  /** Points that are remembered, and random choices at the start. Default 128. */
  population?: number;
  /** Points of which the best is mutated. Default ⌊√population⌋. */
  tournament?: number;
  /** Per step. Default 64. */
  candidates?: number;
}

export interface HybridEvolutionState {
  start: HybridPoint;
  /** int32 [n, k], float64 [n, d], float64 [n]: the latest told of. */
  choices: Tensor;
  thetas: Tensor;
  losses: Tensor;
  /** Asked and not told of yet. */
  asked: { choices: Tensor; thetas: Tensor } | null;
  /** Candidates told of so far. */
  evaluations: number;
  best: HybridPoint;
  bestLoss: number;
}

const where = "hybridEvolution";

/** Recommends the best candidate so far; what has failed is forgotten. */
export function hybridEvolution(options: HybridEvolutionOptions): Search<HybridPoint, HybridEvolutionState> {
  const names = ["space", "mutation", "sigma", "population", "tournament", "candidates"] as const;
  requireKnownOptions(where, options, names);
  const { space, mutation = "gaussian", sigma = 0.1, population = 128, candidates = 64 } = options;
  const { tournament = Math.max(2, Math.floor(Math.sqrt(population))) } = options;
  requireOneOf(where, "mutation", mutation, ["one", "gaussian", "all"]);
  requirePositive(where, "sigma", sigma);
  requireInteger(where, "population", population, 2);
  requireInteger(where, "candidates", candidates, 1);
  if (!Number.isInteger(tournament) || tournament < 2 || tournament > population)
    throw new OptionError(
      where,
      "tournament",
      tournament,
      `an integer from 2 to the population, ${population}`,
    );
  if (
    mutation !== "gaussian" &&
    !space.box?.low.every((low, i) => Number.isFinite(space.box!.high[i]! - low))
  )
    throw new OptionError(where, "space.box", space.box, `finite: "${mutation}" draws uniformly in it`);
  const { discrete, continuous: size } = space;
  const child = (
    state: HybridEvolutionState,
    i: number,
    random: RandomStream,
  ): [Int32Array, Float64Array] => {
    const known = state.losses.shape[0]!;
    if (mutation === "all") return [randomChoice(discrete, random), uniform(space, random)];
    if (state.evaluations + i < population || known === 0) {
      const theta = Float64Array.from(state.start.theta.data);
      return [
        randomChoice(discrete, random),
        mutation === "one" ? theta : moved(space, theta, sigma, random),
      ];
    }
    const losses = floatsOf(state.losses);
    const winner = distinct(random, Math.min(tournament, known), known).reduce((best, one) =>
      losses[one]! < losses[best]! ? one : best,
    );
    const choice = integersOf(state.choices).slice(winner * discrete.size, (winner + 1) * discrete.size);
    const theta = floatsOf(state.thetas).slice(winner * size, (winner + 1) * size);
    if (mutation === "gaussian")
      return [mutated(discrete, choice, random), moved(space, theta, sigma, random)];
    const place = random.integer(discrete.size + size);
    if (place < discrete.size) return [mutated(discrete, choice, random), theta];
    const j = place - discrete.size;
    theta[j] = space.box!.low[j]! + (space.box!.high[j]! - space.box!.low[j]!) * random.uniform();
    return [choice, theta];
  };
  return {
    name: where,
    recipe: {
      mutation,
      sigma,
      population,
      tournament,
      candidates,
      continuous: size,
      discrete: discrete.size,
    },
    init(start) {
      requirePoint(where, space, start);
      return {
        start,
        choices: integers(new Int32Array(0), [0, discrete.size]),
        thetas: floats(new Float64Array(0), [0, size]),
        losses: floats(new Float64Array(0)),
        ...{ asked: null, evaluations: 0, best: start, bestLoss: Infinity },
      };
    },
    ask(state, key) {
      requireState(state);
      requireKey(`${where}.ask`, key);
      const random = randomStream(key.data);
      const choices = new Int32Array(candidates * discrete.size);
      const thetas = new Float64Array(candidates * size);
      for (let i = 0; i < candidates; i++) {
        const [choice, theta] = child(state, i, random);
        choices.set(choice, i * discrete.size);
        thetas.set(theta, i * size);
      }
      const { dtype } = state.start.theta;
      const own = dtype === "float32" ? Float32Array.from(thetas) : thetas;
      const asked = {
        choices: integers(choices, [candidates, discrete.size]),
        thetas: floats(thetas, [candidates, size]),
      };
      const theta = tensorOf(own, [candidates, size], dtype);
      return { candidates: { choice: asked.choices, theta }, state: { ...state, asked } };
    },
    tell(state, given) {
      requireState(state);
      const { asked } = state;
      if (asked === null)
        throw new OptionError(where, "tell", "losses", "called after ask", "Ask for candidates first.");
      lossNumbers(where, given, candidates);
      const kept = Array.from({ length: candidates }, (_, i) => i).filter((i) => Number.isFinite(given[i]));
      if (kept.length === 0)
        throw new NonFiniteError(where, `the losses of all ${candidates} candidates are not finite.`, {
          quantity: "loss",
        });
      const least = kept.reduce((best, i) => (given[i]! < given[best]! ? i : best));
      const isBetter = given[least]! < state.bestLoss;
      const old = Math.max(0, Math.min(state.losses.shape[0]!, population - kept.length));
      const drop = state.losses.shape[0]! - old;
      const ofKept = kept.slice(Math.max(0, kept.length - population));
      const losses = Float64Array.of(
        ...floatsOf(state.losses).subarray(drop),
        ...ofKept.map((i) => given[i]!),
      );
      const choices = new Int32Array(losses.length * discrete.size);
      choices.set(integersOf(state.choices).subarray(drop * discrete.size));
      const thetas = new Float64Array(losses.length * size);
      thetas.set(floatsOf(state.thetas).subarray(drop * size));
      ofKept.forEach((i, place) => {
        const from = old + place;
        choices.set(
          integersOf(asked.choices).subarray(i * discrete.size, (i + 1) * discrete.size),
          from * discrete.size,
        );
        thetas.set(floatsOf(asked.thetas).subarray(i * size, (i + 1) * size), from * size);
      });
      const found = (): HybridPoint => ({
        choice: integers(integersOf(asked.choices).slice(least * discrete.size, (least + 1) * discrete.size)),
        theta: floats(floatsOf(asked.thetas).slice(least * size, (least + 1) * size)).astype(
          state.start.theta.dtype,
        ),
      });
      const bestLoss = isBetter ? given[least]! : state.bestLoss;
      return {
        state: {
          ...state,
          choices: integers(choices, [losses.length, discrete.size]),
          thetas: floats(thetas, [losses.length, size]),
          losses: floats(losses),
          ...{ asked: null, evaluations: state.evaluations + candidates, bestLoss },
          best: isBetter ? found() : state.best,
        },
        metrics: { bestLoss },
      };
    },
    incumbent(state) {
      requireState(state);
      return state.best;
    },
  };
}

const stateNames = ["start", "choices", "thetas", "losses", "asked", "evaluations", "best", "bestLoss"];

function requireState(state: HybridEvolutionState): void {
  requireSearchState(where, state, stateNames, ["start.theta", "choices", "thetas", "losses", "best.theta"]);
}

function uniform({ box, continuous }: HybridSpace, random: RandomStream): Float64Array {
  return Float64Array.from(
    { length: continuous },
    (_, j) => box!.low[j]! + (box!.high[j]! - box!.low[j]!) * random.uniform(),
  );
}

/** theta + sigma n, in the box. */
function moved({ box }: HybridSpace, theta: Float64Array, sigma: number, random: RandomStream): Float64Array {
  return theta.map((x, j) => {
    const next = x + sigma * random.normal();
    return box === undefined ? next : Math.min(Math.max(next, box.low[j]!), box.high[j]!);
  });
}

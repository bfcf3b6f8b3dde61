/** Thetas of `mnist-mixed`: where a run starts, where random search looks, and what one is worth. */
import { type Key, type MixedTheta, type Problem, type Tensor, np, random, tree, unroll } from "unspool";
import { mean } from "../shared/series.ts";

export type MixedProblem = Problem<MixedTheta, unknown, unknown>;

type Range = readonly [low: number, high: number];

interface Ranges {
  rate: Range;
  momentum: Range;
  width: Range;
}

/** Where a run starts: that of the paper, but with ten times its learning rates for a tenth of its training steps. */
const initialRanges: Ranges = { rate: [1e-3, 1e-1], momentum: [0.01, 0.9], width: [0.2, 0.8] };
/** Where random search looks: narrower than in the released code (rates of 1e-8 to 10), which helps the search. */
const searchRanges: Ranges = { rate: [1e-3, 1], momentum: [0.01, 0.99], width: [0.1, 0.99] };

export function initialTheta(key: Key, hiddenLayers: number): MixedTheta {
  return tree.map((leaf: Tensor) => leaf.slice(0), drawThetas(key, 1, hiddenLayers, initialRanges));
}

/** `count` thetas for random search: leaves [count, …]. */
export function searchThetas(key: Key, count: number, hiddenLayers: number): MixedTheta {
  return drawThetas(key, count, hiddenLayers, searchRanges);
}

/** Uniform in unconstrained space; leaves [count, …]. */
function drawThetas(
  key: Key,
  count: number,
  hiddenLayers: number,
  { rate, momentum, width }: Ranges,
): MixedTheta {
  const blocks = 2 * hiddenLayers + 2;
  const uniform = (name: string, size: number, [low, high]: Range, inverse: (x: number) => number) => {
    const [from, to] = [inverse(low), inverse(high)];
    return random
      .uniform(random.foldIn(key, name), [count, size])
      .mul(to - from)
      .add(from);
  };
  const logit = (x: number) => Math.log(x / (1 - x));
  return {
    logLearningRate: uniform("rate", blocks, rate, Math.log),
    momentumLogit: uniform("momentum", blocks, momentum, logit),
    widthLogit: uniform("width", hiddenLayers, width, logit),
  };
}

/** The objective on new networks; Infinity where one of them diverges. */
export function meanLoss(problem: MixedProblem, theta: MixedTheta, key: Key, networks: number): number {
  const { losses } = unroll(problem, theta, { key, particles: networks });
  const value = mean([...losses.data]);
  return Number.isFinite(value) ? value : Infinity;
}

/** A theta out of the records of a run. */
export function recordedTheta(values: Readonly<Record<string, readonly number[]>>): MixedTheta {
  const leaf = (name: string) => np.array(Float32Array.from(values[name]!));
  return {
    logLearningRate: leaf("logLearningRate"),
    momentumLogit: leaf("momentumLogit"),
    widthLogit: leaf("widthLogit"),
  };
}

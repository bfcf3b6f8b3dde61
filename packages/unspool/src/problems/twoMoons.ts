/**
 * Two interleaved half circles of points, told apart by a tanh network: the whole set in every step. The task of
 * Maheswaranathan et al. (NeurIPS 2021), whose network is 2-64-64-64-1.
 *
 *     f = mean(log(1 + e^z) - y z) + penalty · |parameters|
 */
import { type Key, type Tensor, nn, np, plainLayers, random } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import { type Layer, applyMlp, fanInNormal, initMlp } from "../networks/index.ts";
import { type TaskFamily, singleTask } from "./task.ts";

export interface TwoMoonsOptions {
  /** Points, half of them in each moon. Default 1024. */
  points?: number;
  /** Standard deviation of the points around their half circle. Default 0.1. */
  noise?: number;
  /** Default [16, 16]. */
  hidden?: readonly number[];
  /** Factor of the Euclidean norm of all parameters. Default 0.005. */
  penalty?: number;
  /** Source of the noise. Default `random.key(0)`. */
  key?: Key;
}

/** Weights start at N(0, 1 / inputs), biases at 0. */
export function twoMoons(
  options: TwoMoonsOptions = {},
): TaskFamily<Record<string, never>, Layer[], undefined> {
  requireKnownOptions("twoMoons", options, ["points", "noise", "hidden", "penalty", "key"]);
  const { points = 1024, noise = 0.1, hidden = [16, 16], penalty = 5e-3, key = random.key(0) } = options;
  requireInteger("twoMoons", "points", points, 2);
  for (const [name, value] of Object.entries({ noise, penalty })) {
    if (!(value >= 0)) throw new OptionError("twoMoons", name, value, "a number of at least 0");
  }
  const { inputs, labels } = moons(points, noise, key);
  const sizes = [2, ...hidden, 1];
  return singleTask({
    name: `twoMoons ${sizes.join("-")}`,
    init: (from) => initMlp(from, sizes, { weights: fanInNormal }),
    loss(layers: Layer[]) {
      const { dtype } = layers[0]!.weights;
      const logits = applyMlp(layers, inputs.astype(dtype), plainLayers, np.tanh).reshape([points]);
      const fit = nn
        .softplus(logits)
        .sub(logits.mul(labels.astype(dtype)))
        .mean();
      const square = layers
        .flatMap(({ weights, bias }) => [weights, bias])
        .reduce((sum, leaf) => sum.add(leaf.mul(leaf).sum()), np.zeros([], { dtype }));
      return fit.add(np.sqrt(square).mul(penalty));
    },
  });
}

/** Points [n, 2] and labels 0 for the outer moon, 1 for the inner one. */
export function moons(points: number, noise: number, key: Key): { inputs: Tensor; labels: Tensor } {
  const outer = Math.ceil(points / 2);
  const rows = new Float64Array(2 * points);
  const labels = new Float64Array(points);
  for (let i = 0; i < points; i++) {
    const isInner = i >= outer;
    const [index, count] = isInner ? [i - outer, points - outer] : [i, outer];
    const angle = count === 1 ? 0 : (Math.PI * index) / (count - 1);
    rows[2 * i] = isInner ? 1 - Math.cos(angle) : Math.cos(angle);
    rows[2 * i + 1] = isInner ? 0.5 - Math.sin(angle) : Math.sin(angle);
    labels[i] = isInner ? 1 : 0;
  }
  const spread = random.normal(key, [points, 2], { dtype: "float64" }).data;
  return {
    inputs: np.array(
      rows.map((x, k) => x + noise * spread[k]!),
      { shape: [points, 2] },
    ),
    labels: np.array(labels),
  };
}

/**
 * A Gaussian pair whose parameters a recurrent network gives: from a summary h_t of y_0 … y_t two heads,
 *
 *     (mean, log sd) of q_t(x_t) = A h_t + a,
 *     q_t(x_{t-1} | x_t) = N(w_t x_t + b_t, diag exp(l_t)²),   (w_t, b_t, l_t) = B h_t + b,
 *
 * so that one set of parameters serves all times. The amortised variant of Campbell, Shi, Rainforth and Doucet 2021.
 */
import { type Key, type Tensor, np, random } from "../../array/index.ts";
import { diagonalNormal } from "../../distributions/index.ts";
import { type GruWeights, type Layer, fanInNormal, gruCell, initGru, initMlp } from "../../networks/index.ts";
import type { VariationalFamily } from "./variationalFamily.ts";

/** The parameters of the network, float64. */
export type AmortisedParams = { cell: GruWeights; now: Layer; past: Layer };

/** The pair of one time: parameters and summary. */
export type AmortisedPhi = { params: AmortisedParams; summary: Tensor };

/** Weights of a fan-in's size; the past is x_t itself at the start, both spreads are e⁻¹. */
export function initAmortised(
  key: Key,
  sizes: { observationSize: number; stateSize: number; units: number },
): AmortisedParams {
  const { observationSize, stateSize: d, units } = sizes;
  const float64 = { dtype: "float64" } as const;
  const head = (name: string, outputs: number, bias: number[]): Layer => ({
    ...initMlp(random.foldIn(key, name), [units, outputs], { ...float64, weights: fanInNormal })[0]!,
    bias: np.array(bias, float64),
  });
  const each = (value: number): number[] => Array.from({ length: d }, () => value);
  return {
    // Whether something was observed is an input too.
    cell: initGru(random.foldIn(key, "cell"), { inputs: observationSize + 1, units, ...float64 }),
    now: head("now", 2 * d, [...each(0), ...each(-1)]),
    past: head("past", 3 * d, [...each(1), ...each(0), ...each(-1)]),
  };
}

/** The summary after one more observation. */
export function nextSummary(params: AmortisedParams, summary: Tensor, y: Tensor, observed: Tensor): Tensor {
  const seen = np.where(observed, y, np.zerosLike(y));
  const flag = observed.astype("float64").reshape([1]);
  return gruCell(params.cell, np.concatenate([seen, flag]), summary);
}

/** The family; its phi is made by whoever runs the network. */
export function amortisedFamily(): VariationalFamily<AmortisedPhi> {
  const parts = (layer: Layer, summary: Tensor, count: number): Tensor[] => {
    const all = np.matmul(summary, layer.weights).add(layer.bias) as Tensor;
    const d = all.shape[0]! / count;
    return Array.from({ length: count }, (_, i) => all.slice([i * d, (i + 1) * d]));
  };
  const nowOf = ({ params, summary }: AmortisedPhi): { mean: Tensor; logSd: Tensor } => {
    const [mean, logSd] = parts(params.now, summary, 2) as [Tensor, Tensor];
    return { mean, logSd };
  };
  const pastOf = ({ params, summary }: AmortisedPhi, x: Tensor): { mean: Tensor; logSd: Tensor } => {
    const [weights, bias, logSd] = parts(params.past, summary, 3) as [Tensor, Tensor, Tensor];
    return { mean: x.mul(weights).add(bias), logSd };
  };
  const drawn = ({ mean, logSd }: { mean: Tensor; logSd: Tensor }, noise: Tensor): Tensor =>
    noise.mul(np.exp(logSd)).add(mean);
  return {
    name: "amortised gaussian",
    isReparameterised: true,
    isAffine: true,
    init: (key, d) => ({
      params: initAmortised(key, { observationSize: 1, stateSize: d, units: 1 }),
      summary: np.zeros([1], { dtype: "float64" }),
    }),
    sample: (phi, noise) => drawn(nowOf(phi), noise),
    logProb: (phi, x) => diagonalNormal(nowOf(phi)).logProb(x),
    samplePast: (phi, x, noise) => drawn(pastOf(phi, x), noise),
    logProbPast: (phi, past, x) => diagonalNormal(pastOf(phi, x)).logProb(past),
    moments(phi) {
      const { mean, logSd } = nowOf(phi);
      return { mean, sd: np.exp(logSd) };
    },
    moved: (phi) => phi,
  };
}

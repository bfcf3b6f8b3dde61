/**
 * A recurrent network without inputs that is to remember its first state: the textbook case of exploding and
 * vanishing gradients, set by the scale of its weights.
 *
 *     h' = tanh(W h + b),   l = |h' - h_0|² / (2 n)
 *
 * W is gain times a Gaussian matrix N(0, 1/n), chaotic above gain 1 for large n (Sompolinsky, Crisanti & Sommers
 * 1988), or gain times an orthogonal one, whose powers have singular values gain^T. Systems of Metz et al.,
 * "Gradients are Not All You Need", 2021.
 */
import { type Key, type Tensor, np, random } from "../array/index.ts";
import { requireInteger, requireOneOf, requirePositive, requireKnownOptions } from "../errors.ts";
import { fanInNormal } from "../networks/index.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";

/** Weights [n, n] and bias [n]. */
export type RecurrentTheta = { weights: Tensor; bias: Tensor };

export interface RecurrentNetworkOptions {
  /** n. Default 64. */
  units?: number;
  /** Scale g of the initial weights. Default 1. */
  gain?: number;
  /** "orthogonal" is the matrix of the discrete cosine transform DCT-II. Default "gaussian". */
  initialisation?: "gaussian" | "orthogonal";
  /** Source of the Gaussian weights. Default `random.key(0)`. */
  key?: Key;
  /** Default 100. */
  horizon?: number;
}

/** Theta holds `weights` and `bias` (0.1 sin j at first); h_0 is sin(0.7 j), j = 1 … n. */
export function recurrentNetwork(
  options: RecurrentNetworkOptions = {},
): Problem<RecurrentTheta, { h: Tensor }, undefined> {
  requireKnownOptions("recurrentNetwork", options, ["units", "gain", "initialisation", "key", "horizon"]);
  const { units = 64, gain = 1, initialisation = "gaussian", horizon = 100, key = random.key(0) } = options;
  requireInteger("recurrentNetwork", "units", units, 1);
  requirePositive("recurrentNetwork", "gain", gain, "At 1 a Gaussian network is at the edge of chaos.");
  requireOneOf("recurrentNetwork", "initialisation", initialisation, ["gaussian", "orthogonal"]);
  const matrix = initialisation === "gaussian" ? gaussianMatrix(units, key) : cosineMatrix(units);
  const wave = (frequency: number): Tensor =>
    np.array(Float64Array.from({ length: units }, (_, i) => Math.sin(frequency * (i + 1))));
  const start = wave(0.7);
  return defineProblem({
    name: "recurrentNetwork",
    horizon,
    theta: { weights: matrix.mul(gain), bias: wave(1).mul(0.1) },
    init: () => ({ h: start }),
    step({ weights, bias }: RecurrentTheta, { h }) {
      const next = np.tanh(np.matmul(weights, h).add(bias));
      const miss = next.sub(start.astype(h.dtype));
      return { state: { h: next }, loss: miss.mul(miss).mean().mul(0.5) };
    },
  });
}

function gaussianMatrix(units: number, key: Key): Tensor {
  return fanInNormal(key, [units, units], "float64");
}

/** Q[k][j] = √(2/n) cos(π (j + 1/2) k / n), its first row divided by √2: orthonormal. */
function cosineMatrix(units: number): Tensor {
  const matrix = new Float64Array(units * units);
  for (let k = 0; k < units; k++) {
    for (let j = 0; j < units; j++) {
      const scale = Math.sqrt((k === 0 ? 1 : 2) / units);
      matrix[k * units + j] = scale * Math.cos((Math.PI * (j + 0.5) * k) / units);
    }
  }
  return np.array(matrix, { shape: [units, units] });
}

/**
 * Means of backward kernels, E[x_{t-1} | x_t]: affine maps (full or diagonal), a network, or a user's function.
 */
import { type Key, type Tensor, np, random } from "../../array/index.ts";
import { requireInteger, requireKnownOptions } from "../../errors.ts";
import { type Initialiser, type Layer, applyMlp, initMlp } from "../../networks/index.ts";
import { type Registry, registry } from "../../registry.ts";

/** The mean of x_{t-1} as a function of x_t, with parameters. */
export interface BackwardMean<Params = unknown> {
  readonly name: string;
  readonly isAffine: boolean;
  /** Parameters to start from, float64. */
  init(key: Key, stateSize: number): Params;
  /** [n, dx] of x [n, dx]. */
  mean(params: Params, x: Tensor): Tensor;
  /** Parameters of the map x ↦ weights · x + bias, weights [dx] or [dx, dx]; affine means only. */
  of?(weights: Tensor, bias: Tensor): Params;
}

export type AffineParams = {
  /** [dx, dx] of "affine", row i has the weights of the i-th mean; [dx] of "diagonal". */
  weights: Tensor;
  /** [dx]. */
  bias: Tensor;
};

const float64 = { dtype: "float64" } as const;

/** W x + b with a full W. Starts at the identity. */
export function affineMean(): BackwardMean<AffineParams> {
  return {
    name: "affine",
    isAffine: true,
    init: (_key, d) => ({ weights: np.eye(d, float64), bias: np.zeros([d], float64) }),
    mean: ({ weights, bias }, x) => (np.matmul(x, weights.transpose()) as Tensor).add(bias),
    of: (weights, bias) => ({
      weights: weights.ndim === 2 ? weights : np.eye(weights.shape[0]!, float64).mul(weights),
      bias,
    }),
  };
}

/** w x + b, number by number. Starts at the identity. */
export function diagonalMean(): BackwardMean<AffineParams> {
  return {
    name: "diagonal",
    isAffine: true,
    init: (_key, d) => ({ weights: np.ones([d], float64), bias: np.zeros([d], float64) }),
    mean: ({ weights, bias }, x) => x.mul(weights).add(bias),
    of: (weights, bias) => ({ weights: weights.ndim === 1 ? weights : np.diagonal(weights), bias }),
  };
}

export interface MlpMeanOptions {
  /** Widths of the hidden layers. Default [100], as in the paper. */
  hidden?: readonly number[];
  /** How weights are drawn. Default `heNormal`. */
  weights?: Initialiser;
}

/** A network with ReLU between its layers. */
export function mlpMean(options: MlpMeanOptions = {}): BackwardMean<Layer[]> {
  requireKnownOptions("mlpMean", options, ["hidden", "weights"]);
  const { hidden = [100], weights } = options;
  hidden.forEach((width, i) => requireInteger("mlpMean", `hidden[${i}]`, width, 1));
  return {
    name: "mlp",
    isAffine: false,
    init: (key, d) =>
      initMlp(random.foldIn(key, "backward mean"), [d, ...hidden, d], {
        ...float64,
        ...(weights && { weights }),
      }),
    mean: applyMlp,
  };
}

export type BackwardMeanName = "affine" | "diagonal" | "mlp";

export interface BackwardMeanEntry {
  readonly name: BackwardMeanName;
  readonly summary: string;
  create(): BackwardMean;
}

// prettier-ignore
const registered: Registry<BackwardMeanEntry> = registry("backwardMean", [
  { name: "affine", summary: "W x + b, W full", create: () => affineMean() },
  { name: "diagonal", summary: "w x + b, number by number", create: () => diagonalMean() },
  { name: "mlp", summary: "a network with ReLU", create: () => mlpMean() },
]);

/** The means of backward kernels by name. */
export const backwardMeans: readonly BackwardMeanEntry[] = registered.entries;

/** A mean by name, or the one that was given. */
export function backwardMean(given: BackwardMeanName | BackwardMean): BackwardMean {
  return typeof given === "string" ? registered.create(given) : given;
}

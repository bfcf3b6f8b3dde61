/** Theta and state of `lila`. */
import { Tensor, type Tree, np, tree } from "../array/index.ts";
import { ShapeError, requireKnownOptions, requirePositive } from "../errors.ts";
import type { LilaOptions } from "./lilaOptions.ts";
import type { Hyperparameters } from "./lilaPrograms.ts";
import { precisionShape } from "./priorPrecision.ts";

/** Weights and hyperparameters. */
export interface LilaTheta<Theta> extends Hyperparameters {
  network: Theta;
}

export interface LilaState<Theta> {
  /** Epochs done since the weights were new. */
  epoch: number;
  map: Tree;
  prior: Tree;
  eta: Tree;
  /** Theta of the largest evidence, from the first measurement on. */
  best: LilaTheta<Theta> | null;
  bestEvidence: number;
  /** Measurements in a row that were no better than guessing. */
  guessing: number;
  restarts: number;
}

const where = "lila";

/** A theta to start from: weights, ranges η [the augmentation's parameters] and a prior precision. */
export interface LilaStart<Theta> {
  network: Theta;
  /** Default: 0 for each parameter of the augmentation; draws of epsilon push it off. */
  eta?: readonly number[] | Tensor;
  /** δ of all parameters. Default 1. */
  delta?: number;
  /** σ of Gaussian noise. Default 1; left out for other likelihoods. */
  sigma?: number;
}

/** The theta that `lila` starts from. Throws `OptionError` for a precision or noise that is not positive. */
export function lilaTheta<Theta>(
  { evidence }: Pick<LilaOptions<Theta>, "evidence">,
  start: LilaStart<Theta>,
): LilaTheta<Theta> {
  requireKnownOptions("lilaTheta", start, ["network", "eta", "delta", "sigma"]);
  const { network, eta, delta = 1, sigma = 1 } = start;
  requirePositive(where, "delta", delta);
  requirePositive(where, "sigma", sigma);
  const dtype = tree.floatType(network);
  const count = evidence.augmentation?.parameters.length ?? 0;
  const ranges = eta ?? Array<number>(count).fill(0);
  const shape = precisionShape(evidence.priorStructure ?? "scalar", network);
  return {
    network,
    eta: Tensor.is(ranges) ? ranges : np.array([...ranges], { dtype, shape: [count] }),
    logDelta: np.full(shape, Math.log(delta), { dtype: "float64" }),
    ...(evidence.likelihood.name === "gaussian" && { logSigma: tree.scalar(Math.log(sigma), "float64") }),
  };
}

/** Throws `ShapeError` for a theta that `lilaTheta` would not have made. */
export function requireTheta<Theta>({ eta, logDelta }: LilaTheta<Theta>, parameters: number): void {
  if (eta.ndim !== 1 || eta.shape[0] !== parameters) {
    throw new ShapeError(
      where,
      `theta.eta must be [${parameters}], got ${eta.toString()}. Make theta by lilaTheta.`,
    );
  }
  if (logDelta.dtype !== "float64") {
    throw new ShapeError(
      where,
      `theta.logDelta must be float64, got ${logDelta.toString()}. Make theta by lilaTheta.`,
    );
  }
}

/** Theta and state of `lila`. */
import { Tensor, type Tree, np, tree } from "../array/index.ts";
import { OptionError, ShapeError, requireKnownOptions, requirePositive } from "../errors.ts";
import { requireEvidenceOptions, requirePrior, requireRanges } from "./evidenceInputs.ts";
import type { EvidenceSettings } from "./evidenceSettings.ts";
import type { LilaOptions } from "./lilaOptions.ts";
import type { Hyperparameters } from "./lilaPrograms.ts";
import { noAugmentation } from "./noAugmentation.ts";
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
  requireEvidenceOptions("lilaTheta", evidence);
  const { augmentation = noAugmentation(), likelihood } = evidence;
  if (start.sigma !== undefined && likelihood.name !== "gaussian") {
    const hint = "Only Gaussian noise has a deviation.";
    throw new OptionError(where, "sigma", start.sigma, `absent for the likelihood ${likelihood.name}`, hint);
  }
  const { network, eta, delta = 1, sigma = 1 } = start;
  requirePositive(where, "delta", delta);
  requirePositive(where, "sigma", sigma);
  const dtype = tree.floatType(network);
  const ranges = eta ?? augmentation.parameters.map(() => 0);
  const made = Tensor.is(ranges) ? ranges : np.array([...ranges], { dtype, shape: [ranges.length] });
  requireRanges("lilaTheta", "eta", made, augmentation);
  const shape = precisionShape(evidence.priorStructure ?? "scalar", network);
  return {
    network,
    eta: made,
    logDelta: np.full(shape, Math.log(delta), { dtype: "float64" }),
    ...(likelihood.name === "gaussian" && { logSigma: tree.scalar(Math.log(sigma), "float64") }),
  };
}

/** Throws for a theta that `lilaTheta` would not have made. */
export function requireTheta<Theta>(
  theta: LilaTheta<Theta>,
  { augmentation, likelihood }: Pick<EvidenceSettings<Theta>, "augmentation" | "likelihood">,
): void {
  const given: unknown = theta;
  if (typeof given !== "object" || given === null || !("network" in given)) {
    const hint = "Make it by lilaTheta(options, { network: weights }).";
    throw new OptionError(
      where,
      "theta",
      given,
      "{ network, eta, logDelta } and, of a regression, logSigma",
      hint,
    );
  }
  requireRanges(where, "theta.eta", theta.eta, augmentation);
  requirePrior(`${where}: theta`, theta, likelihood);
  const { logDelta } = theta;
  if (logDelta.dtype !== "float64") {
    throw new ShapeError(
      where,
      `theta.logDelta must be float64, got ${logDelta.toString()}. Make theta by lilaTheta.`,
    );
  }
}

/** What is handed to evidences and to the methods on them: data, likelihood, ranges and prior, checked before they are used. */
import { Tensor } from "../array/index.ts";
import { NonFiniteError, OptionError, ShapeError } from "../errors.ts";
import type { Likelihood } from "../optimizers/index.ts";
import type { Augmentation } from "./augmentation.ts";
import type { EvidenceData } from "./laplaceEvidence.ts";
import type { PriorParameters } from "./lilaPrograms.ts";

/** Throws unless data are `inputs` [n, …] and `targets` [n, …], tensors of the same examples; what else is there is left. */
export function requireData(where: string, data: EvidenceData): void {
  const given: unknown = data;
  if (typeof given !== "object" || given === null || Tensor.is(given)) {
    throw new OptionError(where, "data", given, "{ inputs, targets }, two tensors of the same examples");
  }
  for (const name of ["inputs", "targets"] as const) {
    const value: unknown = data[name];
    if (Tensor.is(value) && value.ndim > 0) continue;
    const names = Object.keys(given).join(", ");
    throw new OptionError(
      where,
      `data.${name}`,
      value,
      "a tensor [examples, …]",
      value === undefined ? `Data are { inputs, targets }; this has { ${names} }.` : "np.array makes one.",
    );
  }
  const { inputs, targets } = data;
  if (inputs.shape[0] === targets.shape[0]) return;
  throw new ShapeError(
    where,
    `inputs and targets must be of the same examples, got ${inputs.toString()} and ${targets.toString()}.`,
  );
}

/** Throws `OptionError` for a likelihood that is none: a name, or nothing. */
export function requireLikelihood(where: string, likelihood: Likelihood): void {
  const given: unknown = likelihood;
  if (typeof given === "object" && given !== null && "loss" in given) return;
  throw new OptionError(
    where,
    "likelihood",
    given,
    "gaussianLikelihood, bernoulliLogits or categoricalLogits",
    "They are imported objects, not names: logits of one class in several, of bits, or numbers with Gaussian noise.",
  );
}

/** Throws `OptionError` for options of an evidence that are no record with a likelihood. */
export function requireEvidenceOptions(where: string, evidence: { likelihood: Likelihood }): void {
  const given: unknown = evidence;
  if (typeof given !== "object" || given === null) {
    throw new OptionError(
      where,
      "evidence",
      given,
      "the options of laplaceEvidence: { network, likelihood, … }",
    );
  }
  requireLikelihood(`${where}: evidence`, evidence.likelihood);
}

/** Throws `OptionError` for a network that is no function. */
export function requireNetwork(where: string, network: unknown): void {
  if (typeof network === "function") return;
  throw new OptionError(
    where,
    "network",
    network,
    "a function (theta, inputs, layers) to outputs [batch, n]",
  );
}

/** Throws for an augmentation that is none, as the function that makes one. */
export function requireAugmentation(where: string, augmentation: Augmentation): void {
  const given: unknown = augmentation;
  if (typeof given === "object" && given !== null && "transform" in given) return;
  const hint =
    typeof given === "function" ? `Call it: ${given.name}().` : "Choose rotation2d() or affineAugment().";
  throw new OptionError(where, "augmentation", given, "an augmentation", hint);
}

/** Throws for ranges [the augmentation's parameters] of another shape, or that are not finite where they are known. */
export function requireRanges(where: string, option: string, eta: Tensor, of: Augmentation): void {
  const { parameters, name } = of;
  const count = parameters.length;
  const wanted = `[${count}]${count === 0 ? ` (${name} has no ranges)` : `, the ranges of ${name} (${parameters.join(", ")})`}`;
  if (!Tensor.is(eta)) throw new OptionError(where, option, eta, `a tensor ${wanted}`);
  if (eta.ndim !== 1 || eta.shape[0] !== count) {
    throw new ShapeError(where, `${option} must be ${wanted}, got ${eta.toString()}.`);
  }
  if (eta.isTraced) return;
  const at = Array.from(eta.data).findIndex((x) => !Number.isFinite(x));
  if (at === -1) return;
  const problem = `${option} is ${eta.data[at]} for ${parameters[at]}`;
  throw new NonFiniteError(where, `${problem}. Ranges are finite; 0 is none.`, { problem, quantity: option });
}

/** Throws for a prior precision that is no tensor, and for noise where there is none, or none where there is. */
export function requirePrior(where: string, at: PriorParameters, { name }: Likelihood): void {
  if (!Tensor.is(at?.logDelta)) {
    const hint = 'One number for all parameters: tree.scalar(0, "float64").';
    throw new OptionError(
      where,
      "logDelta",
      at?.logDelta,
      "a tensor, the logarithm of the prior precision",
      hint,
    );
  }
  const { logSigma } = at;
  if (name === "gaussian" && !Tensor.is(logSigma)) {
    const hint =
      'Without it the noise would stay 1: start from tree.scalar(0, "float64") to learn it from there.';
    throw new OptionError(where, "logSigma", logSigma, `a tensor for the likelihood ${name}`, hint);
  }
  if (name !== "gaussian" && logSigma !== undefined) {
    const hint = "Only Gaussian noise has a deviation.";
    throw new OptionError(where, "logSigma", logSigma, `undefined for the likelihood ${name}`, hint);
  }
}

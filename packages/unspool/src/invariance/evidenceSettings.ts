/** Options of an evidence, and what follows from them alone. */
import { type Tensor, np } from "../array/index.ts";
import { OptionError, requireKnownOptions, requireOneOf, requireRecord } from "../errors.ts";
import type { Likelihood } from "../optimizers/index.ts";
import type { Augmentation } from "./augmentation.ts";
import type { LayeredNetwork } from "./averagedTaps.ts";
import type { CurvatureKind } from "./curvatureColumns.ts";
import type { CurvatureStructure } from "./curvatureStructure.ts";
import { diagStructure } from "./diagStructure.ts";
import { requireAugmentation, requireLikelihood, requireNetwork } from "./evidenceInputs.ts";
import { fullStructure } from "./fullStructure.ts";
import { kronStructure } from "./kronStructure.ts";
import { noAugmentation } from "./noAugmentation.ts";
import { type PriorStructure, priorStructures } from "./priorPrecision.ts";

export interface LaplaceEvidenceOptions<Theta> {
  /** Outputs [batch, n] for inputs [batch, …]; all its parameters belong to layers that it computes through `layers`. */
  network: LayeredNetwork<Theta>;
  /** Logits of classes or bits; or numbers with Gaussian noise, whose deviation σ is `logSigma`. */
  likelihood: Likelihood;
  /** Averages outputs over transformed inputs. Default: none. */
  augmentation?: Augmentation;
  /**
   * Of the curvature. "full" is for up to 2000 parameters; "diag" is the diagonal of what "kron" is made of, averaged inputs times
   * summed derivatives, which differs from that of "full" where outputs are averaged over copies. Default "kron".
   */
  structure?: "full" | "kron" | "diag";
  /** Generalised Gauss-Newton matrix or empirical Fisher information. Default "ggn". */
  curvature?: CurvatureKind;
  /** What one number of δ is for; "diag" has no rule in structure "kron". Default "scalar". */
  priorStructure?: PriorStructure;
  /** Of structure "full": the Jacobian of averaged inputs and summed derivatives in place of the exact one. Default false. */
  reduceJacobian?: boolean;
  /**
   * Of structure "kron": whether the inputs of a layer that has more of them than there are examples are kept in place of
   * their second moments. False for parts of other draws that are added up. Default true.
   */
  gram?: boolean;
}

export type EvidenceSettings<Theta> = Required<LaplaceEvidenceOptions<Theta>>;

const where = "laplaceEvidence";

/** The options with defaults. Throws `OptionError` for those that do not go together. */
export function evidenceSettings<Theta>(options: LaplaceEvidenceOptions<Theta>): EvidenceSettings<Theta> {
  requireRecord(where, options, ["network", "likelihood"]);
  requireKnownOptions(where, options, [
    "network",
    "likelihood",
    "augmentation",
    "structure",
    "curvature",
    "priorStructure",
    "reduceJacobian",
    "gram",
  ]);
  const settings: EvidenceSettings<Theta> = {
    augmentation: noAugmentation(),
    structure: "kron",
    curvature: "ggn",
    priorStructure: "scalar",
    reduceJacobian: false,
    gram: true,
    ...options,
  };
  requireNetwork(where, settings.network);
  requireLikelihood(where, settings.likelihood);
  requireAugmentation(where, settings.augmentation);
  requireOneOf(where, "structure", settings.structure, ["full", "kron", "diag"]);
  requireOneOf(where, "curvature", settings.curvature, ["ggn", "ef"]);
  requireOneOf(where, "priorStructure", settings.priorStructure, priorStructures);
  if (settings.structure === "kron" && settings.priorStructure === "diag") {
    throw new OptionError(
      where,
      "priorStructure",
      "diag",
      '"scalar" or "layer" for the structure "kron"',
      "A Kronecker product and a diagonal have no common eigenvectors: take the structure diag or full.",
    );
  }
  for (const [name, structure] of [
    ["reduceJacobian", "full"],
    ["gram", "kron"],
  ] as const) {
    if (options[name] === undefined || settings.structure === structure) continue;
    const hint = `It is an option of the structure "${structure}", and would change nothing.`;
    throw new OptionError(
      where,
      name,
      options[name],
      `absent with the structure "${settings.structure}"`,
      hint,
    );
  }
  return settings;
}

export function structureOf<Theta>({
  structure,
  reduceJacobian,
  gram,
}: EvidenceSettings<Theta>): CurvatureStructure {
  if (structure === "kron") return kronStructure({ gram });
  return structure === "diag" ? diagStructure() : fullStructure({ isReduced: reduceJacobian });
}

const isGaussian = ({ name }: Likelihood): boolean => name === "gaussian";

/** h with H = h times the curvature of the likelihood with unit variance: 1/σ², and 1/σ⁴ of products of two gradients. */
export function curvatureScale<Theta>(
  { likelihood, curvature }: EvidenceSettings<Theta>,
  like: Tensor,
  logSigma: Tensor | undefined,
): Tensor {
  if (logSigma === undefined) return np.ones([], { dtype: like.dtype });
  if (!isGaussian(likelihood)) {
    throw new OptionError(
      where,
      "logSigma",
      logSigma,
      `undefined for the likelihood ${likelihood.name}`,
      "Only Gaussian noise has a deviation.",
    );
  }
  return np.exp(logSigma.mul(curvature === "ggn" ? -2 : -4));
}

/** log p(D | θ) from the summed loss of unit variance, over `count` numbers: with the constants of the normal density. */
export function logLikelihoodOf<Theta>(
  { likelihood }: EvidenceSettings<Theta>,
  loss: Tensor,
  count: number,
  logSigma: Tensor | undefined,
): Tensor {
  if (!isGaussian(likelihood)) return loss.neg();
  const constant = (count * Math.log(2 * Math.PI)) / 2;
  if (logSigma === undefined) return loss.neg().sub(constant);
  return loss
    .neg()
    .mul(np.exp(logSigma.mul(-2)))
    .sub(logSigma.mul(count))
    .sub(constant);
}

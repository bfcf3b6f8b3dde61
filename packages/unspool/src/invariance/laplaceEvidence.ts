/**
 * The evidence (marginal likelihood) of a network by Laplace's approximation at its weights, differentiable in everything
 * that it depends on: prior precision δ, noise σ, and the ranges η of the transformations over which outputs are averaged
 * (MacKay 1992; Immer et al., ICML 2021 and NeurIPS 2022).
 *
 *     log p(D | η, δ) ≈ log p(D | θ, η) - ½ [ log det(H + P) - log det P + θᵀ P θ ],   P = diag(δ)
 *
 * H is the curvature of the log-likelihood in θ: the generalised Gauss-Newton matrix Σ_n J̄_nᵀ Λ_n J̄_n of the averaged outputs
 * or the empirical Fisher information, whole, as Kronecker factors of layers, or its diagonal.
 */
import { type Key, type Tensor, type Tree, isTracing, np, random, tree } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import { compiled } from "../unroll/index.ts";
import type { Augmentation } from "./augmentation.ts";
import { averagedTaps } from "./averagedTaps.ts";
import { curvatureColumns } from "./curvatureColumns.ts";
import type { LayerSample } from "./curvatureStructure.ts";
import { requirePrior, requireRanges } from "./evidenceInputs.ts";
import { layersOf, requireEvidence, requireFiniteTerms } from "./evidenceErrors.ts";
import {
  type EvidenceSettings,
  type LaplaceEvidenceOptions,
  curvatureScale,
  evidenceSettings,
  logLikelihoodOf,
  structureOf,
} from "./evidenceSettings.ts";
import { layerPrecisions, leafLogPrecisions, logDetPrior, scatterOf, squaresOf } from "./priorPrecision.ts";

/** Examples [n, …] and what the likelihood compares outputs with. */
export interface EvidenceData {
  inputs: Tensor;
  targets: Tensor;
}

export interface FitOptions {
  /** Ranges of the augmentation, [its parameters]; what has none needs none. */
  eta?: Tensor;
  /** Random numbers of `augmentation.draw`. Default: drawn from `key`. */
  epsilon?: Tensor;
  /** Default `random.key(0)`. */
  key?: Key;
  /** Examples at a time. Default: all. */
  batchSize?: number;
}

/** The terms of the evidence; scalars. */
export type EvidenceTerms = {
  logLikelihood: Tensor;
  /** log det(H + P). */
  logDetPosterior: Tensor;
  /** log det P. */
  logDetPrior: Tensor;
  /** θᵀ P θ. */
  scatter: Tensor;
};

/** What the evidence at one theta is computed from, as a function of log δ and log σ. */
export type EvidenceFit = {
  /** Σ of the likelihood's loss, without constants. */
  loss: Tensor;
  /** Σ θ² of leaves of theta; θ² with the prior "diag". */
  squares: Tensor[];
  spectrum: Tree;
};

export interface LaplacePosterior {
  readonly fit: EvidenceFit;
  /**
   * Differentiable in log δ ([], or what the prior structure has) and, of a Gaussian likelihood, log σ, which it needs. Throws
   * `OptionError` without it, and `NonFiniteError` that names the term.
   */
  logMarginal(logDelta: Tensor, logSigma?: Tensor): Tensor;
  terms(logDelta: Tensor, logSigma?: Tensor): EvidenceTerms;
  /** Derivatives of log det(H + P) by the elements of H: what `LaplaceEvidence.contracted` takes. */
  contract(logDelta: Tensor, logSigma?: Tensor): Tree;
}

export interface MeasuredAt {
  eta: Tensor;
  epsilon: Tensor;
  /** In all batches together. */
  examples: number;
}

export interface ContractedAt extends MeasuredAt {
  contraction: Tree;
  logSigma?: Tensor;
}

export interface LaplaceEvidence<Theta> {
  readonly settings: EvidenceSettings<Theta>;
  /** Throws for a theta, or data, that has no evidence here; `fit` does so itself. */
  require(theta: Theta, data: EvidenceData): void;
  /** Measures the curvature at theta. In a trace it is differentiable, also in eta. */
  fit(theta: Theta, data: EvidenceData, options?: FitOptions): LaplacePosterior;
  /** What a posterior needs of curvature that was measured in parts, as plain data. */
  fitOf(theta: Theta, parts: readonly EvidencePart[]): EvidenceFit;
  /** The posterior of that. Of theta and data only shapes and structure count, so that it may be made in a program. */
  posterior(theta: Theta, data: EvidenceData, fit: EvidenceFit): LaplacePosterior;
  /** One batch's share of the curvature, and its loss. Made of `np` functions. */
  measure(theta: Theta, batch: EvidenceData, at: MeasuredAt): EvidencePart;
  /**
   * -log p(batch | θ, η) + ½ ⟨contraction, H_batch⟩: what has the derivative of the negative evidence by eta, one batch
   * after the other. No decomposition is differentiated. Made of `np` functions.
   */
  contracted(theta: Theta, batch: EvidenceData, at: ContractedAt): Tensor;
}

export type EvidencePart = { loss: Tensor; part: Tree };

const where = "laplaceEvidence";

/**
 * The evidence of a network. Cost of a fit: one pass through the network for all copies of the inputs and one backwards for
 * each output; and, for Kronecker factors, the eigenvalues of two matrices for each layer.
 *
 * @example
 * const evidence = laplaceEvidence({ network: applyMlp, likelihood: categoricalLogits });
 * const posterior = evidence.fit(theta, { inputs, targets });
 * const logDelta = tree.scalar(0, "float64");
 * const slope = grad((at: Tensor) => posterior.logMarginal(at))(logDelta);
 */
export function laplaceEvidence<Theta>(options: LaplaceEvidenceOptions<Theta>): LaplaceEvidence<Theta> {
  const settings = evidenceSettings(options);
  const { network, likelihood, augmentation, curvature } = settings;
  const structure = structureOf(settings);
  const sampled = (theta: Theta, { inputs, targets }: EvidenceData, at: { eta: Tensor; epsilon: Tensor }) => {
    const taps = averagedTaps(network, augmentation, theta, inputs, at);
    const columns = curvatureColumns(curvature, likelihood, taps.outputs, targets);
    const errors = taps.errorsAlong(columns);
    const samples = taps.registration.blocks.map((block, i): LayerSample => ({
      block,
      inputs: taps.inputs[i]!,
      errors: errors[i]!,
    }));
    return { loss: likelihood.loss(taps.outputs, targets).sum(), samples };
  };
  const measure = (theta: Theta, batch: EvidenceData, at: MeasuredAt): EvidencePart => {
    const { loss, samples } = sampled(theta, batch, at);
    return { loss, part: structure.measure(samples, at.examples) };
  };
  const outside = measuredOutside(measure);
  const fitOf = (theta: Theta, parts: readonly EvidencePart[]): EvidenceFit => ({
    loss: tree.total(parts.map(({ loss }) => loss)),
    squares: squaresOf(settings.priorStructure, theta),
    spectrum: structure.spectrum(structure.combine(parts.map(({ part }) => part))),
  });
  const require = (theta: Theta, data: EvidenceData): void => requireEvidence(where, settings, theta, data);
  return {
    settings,
    require,
    measure,
    fitOf,
    posterior: (theta, data, fit) => posteriorOf(settings, theta, data, fit),
    fit(theta, data, given = {}) {
      requireKnownOptions(`${where}.fit`, given, ["eta", "epsilon", "key", "batchSize"]);
      require(theta, data);
      const examples = data.inputs.shape[0]!;
      const { batchSize = examples } = given;
      requireInteger(`${where}.fit`, "batchSize", batchSize, 1);
      const { eta, epsilon } = pointOf(augmentation, theta, examples, given);
      const parts = Array.from({ length: Math.ceil(examples / batchSize) }, (_, i) => {
        const rows = (x: Tensor): Tensor => x.slice([i * batchSize, Math.min(examples, (i + 1) * batchSize)]);
        const batch = { inputs: rows(data.inputs), targets: rows(data.targets) };
        return (isTracing() ? measure : outside)(theta, batch, { eta, epsilon: rows(epsilon), examples });
      });
      return posteriorOf(settings, theta, data, fitOf(theta, parts));
    },
    contracted(theta, batch, { contraction, logSigma, ...at }) {
      const { loss, samples } = sampled(theta, batch, at);
      const count = batch.targets.size;
      const inner = structure.inner(contraction, samples, at.examples).mul(0.5);
      return logLikelihoodOf(settings, loss, count, logSigma).neg().add(inner);
    },
  };
}

/** `measure` as programs, one for each number of examples: it is a number in them. */
function measuredOutside<Theta>(
  measure: (theta: Theta, batch: EvidenceData, at: MeasuredAt) => EvidencePart,
): typeof measure {
  type Point = { eta: Tensor; epsilon: Tensor };
  const programs = new Map<number, (theta: Theta, batch: EvidenceData, at: Point) => EvidencePart>();
  return (theta, batch, { examples, ...at }) => {
    const known = programs.get(examples);
    const program =
      known ??
      compiled(where, (own: Theta, part: EvidenceData, point: Point) =>
        measure(own, part, { ...point, examples }),
      );
    programs.set(examples, program);
    return program(theta, batch, at);
  };
}

function pointOf<Theta>(
  augmentation: Augmentation,
  theta: Theta,
  examples: number,
  { eta, epsilon, key = random.key(0) }: FitOptions,
): { eta: Tensor; epsilon: Tensor } {
  const dtype = tree.floatType(theta);
  const { parameters, name } = augmentation;
  if (eta === undefined && parameters.length > 0) {
    const wanted = `the ranges of ${name}, [${parameters.length}] (${parameters.join(", ")})`;
    throw new OptionError(`${where}.fit`, "eta", eta, wanted);
  }
  if (eta !== undefined) requireRanges(`${where}.fit`, "eta", eta, augmentation);
  return {
    eta: eta ?? np.zeros([0], { dtype }),
    epsilon: epsilon ?? augmentation.draw(key, examples, dtype),
  };
}

function posteriorOf<Theta>(
  settings: EvidenceSettings<Theta>,
  theta: Theta,
  data: EvidenceData,
  fit: EvidenceFit,
): LaplacePosterior {
  const structure = structureOf(settings);
  const blocks = layersOf(settings.network, theta, data.inputs).registration.blocks;
  // Hyperparameters in float32 take no digits from what was measured in float64.
  const promoted = (x: Tensor): Tensor =>
    x.dtype === "float32" && fit.loss.dtype === "float64" ? x.astype("float64") : x;
  const checked = (logDelta: Tensor, logSigma: Tensor | undefined): [Tensor, Tensor | undefined] => {
    requirePrior(where, { logDelta, ...(logSigma !== undefined && { logSigma }) }, settings.likelihood);
    return [promoted(logDelta), logSigma && promoted(logSigma)];
  };
  const at = (logDelta: Tensor, logSigma: Tensor | undefined) => {
    const logs = leafLogPrecisions(where, logDelta, settings.priorStructure, theta);
    const precision = {
      scale: curvatureScale(settings, logDelta, logSigma),
      layers: layerPrecisions(blocks, theta, logs),
    };
    const cast = (x: Tensor): Tensor => (x.dtype === logDelta.dtype ? x : x.astype(logDelta.dtype));
    return { logs, precision, cast, spectrum: tree.map(cast, fit.spectrum) };
  };
  const terms = (...given: Parameters<typeof checked>) => {
    const [logDelta, logSigma] = checked(...given);
    const { logs, precision, cast, spectrum } = at(logDelta, logSigma);
    const all = {
      logLikelihood: logLikelihoodOf(settings, cast(fit.loss), data.targets.size, logSigma),
      logDetRatio: structure.logDetRatio(spectrum, precision),
      logDetPrior: logDetPrior(logs, theta),
      scatter: scatterOf(logs, fit.squares.map(cast)),
    };
    requireFiniteTerms(where, all);
    return all;
  };
  return {
    fit,
    terms(logDelta, logSigma) {
      const { logDetRatio, ...rest } = terms(logDelta, logSigma);
      return { ...rest, logDetPosterior: logDetRatio.add(rest.logDetPrior) };
    },
    logMarginal(logDelta, logSigma) {
      const { logLikelihood, logDetRatio, scatter } = terms(logDelta, logSigma);
      return logLikelihood.sub(logDetRatio.add(scatter).mul(0.5));
    },
    contract(logDelta, logSigma) {
      const { precision, spectrum } = at(...checked(logDelta, logSigma));
      return structure.contract(spectrum, precision);
    },
  };
}

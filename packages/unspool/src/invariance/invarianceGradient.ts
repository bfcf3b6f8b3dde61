/**
 * The gradient of the negative evidence by ranges η and prior precision δ at fixed weights, as an estimator: with `descent` and
 * any optimizer it learns the hyperparameters of a network that is trained already. (`lila` trains both together.) Gaussian
 * noise has σ = 1 here: divide the targets of a regression, and its outputs, by their noise.
 */
import { type Key, type Tensor, grad, np, random, tree } from "../array/index.ts";
import { requireInteger, requireRecord, requireKnownOptions } from "../errors.ts";
import { requireFiniteLoss } from "../methods/index.ts";
import { compiled } from "../unroll/index.ts";
import { batchesOf } from "./batchesOf.ts";
import type { LaplaceEvidenceOptions } from "./evidenceSettings.ts";
import { requireData, requireEvidenceOptions, requireRanges } from "./evidenceInputs.ts";
import { type EvidenceData, type EvidenceFit, laplaceEvidence } from "./laplaceEvidence.ts";
import { etaSlope } from "./lilaEpoch.ts";
import { lilaSettings } from "./lilaOptions.ts";
import { lilaPrograms } from "./lilaPrograms.ts";

export interface InvarianceGradientOptions<Theta> {
  /** The network, its likelihood, curvature and prior, as of `laplaceEvidence`. */
  evidence: LaplaceEvidenceOptions<Theta>;
  /** Training examples. */
  data: EvidenceData;
  /** Weights at which the evidence is measured. */
  network: Theta;
  /** Examples at a time. Default: all. */
  batchSize?: number;
  /** Batches for the derivative by the ranges. Default: as many as hold all examples. */
  hyperSteps?: number;
}

/** The hyperparameters. */
export interface InvarianceTheta {
  /** [the augmentation's parameters]. */
  eta: Tensor;
  /** float64: [] or what the prior structure has. */
  logDelta: Tensor;
}

/** Nothing is carried from one estimate to the next. */
export interface InvarianceGradientState {
  estimates: number;
}

export interface InvarianceEstimate {
  /** The negative evidence. */
  loss: number;
  gradient: InvarianceTheta;
  state: InvarianceGradientState;
  metrics: {
    innerSteps: number;
    logLikelihood: number;
    logDetPosterior: number;
    logDetPrior: number;
    scatter: number;
  };
}

export interface InvarianceGradient {
  readonly name: string;
  init(theta: InvarianceTheta, key: Key): InvarianceGradientState;
  estimate(theta: InvarianceTheta, state: InvarianceGradientState, key: Key): InvarianceEstimate;
}

/** The estimator. Cost: two passes through the network with passes backwards for each output, for all copies. */
export function invarianceGradient<Theta>(options: InvarianceGradientOptions<Theta>): InvarianceGradient {
  const where = "invarianceGradient";
  requireRecord(where, options, ["evidence", "data", "network"]);
  requireKnownOptions(where, options, ["evidence", "data", "network", "batchSize", "hyperSteps"]);
  const { data, network } = options;
  requireData(where, data);
  requireEvidenceOptions(where, options.evidence);
  const { batchSize = data.inputs.shape[0]! } = options;
  requireInteger(where, "batchSize", batchSize, 1);
  const { hyperSteps = Math.ceil(data.inputs.shape[0]! / batchSize) } = options;
  requireInteger(where, "hyperSteps", hyperSteps, 1);
  const evidence = laplaceEvidence(options.evidence);
  evidence.require(network, data);
  const settings = lilaSettings({ evidence: options.evidence, data, fitBatch: batchSize, hyperSteps });
  const { mapOptimizer, priorOptimizer } = settings;
  const programs = lilaPrograms({
    ...{ evidence, data, mapOptimizer, priorOptimizer, like: network },
    learned: ["logDelta"],
  });
  // The noise of a regression is no part of theta: it is 1.
  const noise = (like: Tensor): { logSigma?: Tensor } =>
    evidence.settings.likelihood.name === "gaussian" ? { logSigma: np.zeros([], { dtype: like.dtype }) } : {};
  const byDelta = compiled(`${where}.prior`, (logDelta: Tensor, fit: EvidenceFit) =>
    grad((at: Tensor) => evidence.posterior(network, data, fit).logMarginal(at, noise(at).logSigma).neg())(
      logDelta,
    ),
  );
  return {
    name: where,
    init: () => ({ estimates: 0 }),
    estimate({ eta, logDelta }, { estimates }, key) {
      requireRanges(where, "theta.eta", eta, evidence.settings.augmentation);
      const batches = batchesOf(data, batchSize, random.foldIn(key, "fit order"));
      const parts = batches.map((batch, i) =>
        programs.measure(network, batch, eta, random.foldIn(random.foldIn(key, "fit"), i)),
      );
      const fit = evidence.fitOf(network, parts);
      const { evidence: measured, ...terms } = tree.map(
        (term) => term,
        programs.terms({ logDelta, ...noise(logDelta) }, fit),
      );
      const number = (name: string): number => terms[name]!.item();
      const loss = -measured!.item();
      requireFiniteLoss(where, loss);
      const slope = etaSlope(
        programs,
        settings,
        { network, eta, logDelta, ...noise(logDelta) },
        { fit, parts },
        random.foldIn(key, "eta"),
      );
      return {
        loss,
        gradient: { eta: slope, logDelta: byDelta(logDelta, fit) as Tensor },
        state: { estimates: estimates + 1 },
        metrics: {
          innerSteps: batches.length + hyperSteps,
          logLikelihood: number("logLikelihood"),
          logDetPosterior: number("logDetPosterior"),
          logDetPrior: number("logDetPrior"),
          scatter: number("scatter"),
        },
      };
    },
  };
}

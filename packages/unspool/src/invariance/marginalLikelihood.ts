/**
 * The evidence as an objective for the hyperparameters of any network whose layers can be seen: prior precisions (weight
 * decay, for all parameters or for each layer) and noise, from the training data alone (Immer et al., ICML 2021).
 *
 * The loss -log p(D | θ, η) / N + ½ θᵀδθ / N that weights are trained on has the weight decay δ / N.
 */
import { type Tensor, type Tree, tree } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import { type Optimizer, adam, requireOptimizer } from "../optimizers/index.ts";
import { requireData, requirePrior } from "./evidenceInputs.ts";
import type { LaplaceEvidenceOptions } from "./evidenceSettings.ts";
import { type EvidenceData, laplaceEvidence } from "./laplaceEvidence.ts";
import { type PriorParameters, lilaPrograms } from "./lilaPrograms.ts";

export interface MarginalLikelihoodOptions {
  /** Steps on log δ and log σ with the curvature of the weights fixed. Default 100. */
  steps?: number;
  /** Default `adam({ learningRate: 0.05 })`. */
  optimizer?: Optimizer;
  /** Examples at a time. Default: all. */
  batchSize?: number;
}

/** A regression needs log σ beside log δ, other likelihoods have none: both functions throw `OptionError` otherwise. */
export interface MarginalLikelihood<Theta> {
  /** The evidence of weights at hyperparameters. */
  logMarginal(theta: Theta, at: PriorParameters): number;
  /** Hyperparameters of larger evidence, from those that are given. */
  improve(theta: Theta, at: PriorParameters): { at: PriorParameters; logMarginal: number };
}

/** The objective for one network and its data. */
export function marginalLikelihood<Theta>(
  options: LaplaceEvidenceOptions<Theta>,
  data: EvidenceData,
  settings: MarginalLikelihoodOptions = {},
): MarginalLikelihood<Theta> {
  const where = "marginalLikelihood";
  requireKnownOptions(where, settings, ["steps", "optimizer", "batchSize"]);
  const { steps = 100, optimizer = adam({ learningRate: 0.05 }), batchSize } = settings;
  requireInteger(where, "steps", steps, 1);
  requireOptimizer(where, optimizer, "optimizer");
  if (batchSize !== undefined) requireInteger(where, "batchSize", batchSize, 1);
  requireData(where, data);
  const evidence = laplaceEvidence(options);
  const { augmentation, likelihood } = evidence.settings;
  if (augmentation.parameters.length > 0) {
    const hint = "Ranges are learned by lila or invarianceGradient.";
    throw new OptionError(where, "augmentation", augmentation.name, "one without ranges", hint);
  }
  let programs: ReturnType<typeof lilaPrograms<Theta>> | undefined;
  const fitted = (theta: Theta) => {
    programs ??= lilaPrograms({
      ...{ evidence, data, mapOptimizer: optimizer, priorOptimizer: optimizer, like: theta },
      learned: ["logDelta", "logSigma"],
    });
    const { fit } = evidence.fit(theta, data, batchSize === undefined ? {} : { batchSize });
    return { run: programs, fit };
  };
  const valueOf = ({ run, fit }: ReturnType<typeof fitted>, at: PriorParameters): number =>
    run.terms(at, fit)["evidence"]!.item();
  return {
    logMarginal(theta, at) {
      requirePrior(where, at, likelihood);
      return valueOf(fitted(theta), at);
    },
    improve(theta, start) {
      requirePrior(where, start, likelihood);
      const own = fitted(theta);
      let [at, state]: [PriorParameters, Tree] = [start, optimizer.init(start)];
      for (let i = 0; i < steps; i++) {
        const next = own.run.prior(at, state, own.fit);
        [at, state] = [next.theta, next.state];
      }
      return { at, logMarginal: valueOf(own, at) };
    },
  };
}

/**
 * The weight decay that a prior precision is beside a mean loss over `examples`: δ / N, one number or, in the order of log δ
 * (see `PriorStructure`), one for each leaf or parameter.
 */
export function weightDecayOf(logDelta: Tensor, examples: number): number[] {
  return Array.from(tree.leaves(logDelta)[0]!.data, (x) => Math.exp(x) / examples);
}

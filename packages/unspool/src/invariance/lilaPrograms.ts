/** The parts of an epoch of `lila`, each one compiled program. */
import { type Key, type Tensor, type Tree, lax, np, tree, valueAndGrad } from "../array/index.ts";
import type { Optimizer } from "../optimizers/index.ts";
import { compiled } from "../unroll/index.ts";
import { averagedOutputs } from "./averagedTaps.ts";
import type { EvidenceData, EvidenceFit, EvidencePart, LaplaceEvidence } from "./laplaceEvidence.ts";
import { leafLogPrecisions, scatterOf, squaresOf } from "./priorPrecision.ts";

/** Hyperparameters that are learned by the evidence. */
export type Hyperparameters = {
  /** Ranges of the augmentation, in the dtype of the network. */
  eta: Tensor;
  /** log δ, float64: [] or what the prior structure has. */
  logDelta: Tensor;
  /** log σ of Gaussian noise, float64. */
  logSigma?: Tensor;
};

/** What is learned of them by the evidence of one fit: all but eta. */
export type PriorParameters = Omit<Hyperparameters, "eta">;

export interface LilaPrograms<Theta> {
  /** One step of training on a batch; the loss is what is minimised, mean over the batch. */
  train(theta: Theta, state: Tree, batch: EvidenceData, at: Hyperparameters, key: Key): TrainOutcome<Theta>;
  measure(theta: Theta, batch: EvidenceData, eta: Tensor, key: Key): EvidencePart;
  /** One step on log δ and log σ with the curvature fixed. */
  prior(at: PriorParameters, state: Tree, fit: EvidenceFit): { theta: PriorParameters; state: Tree };
  /** The evidence and its terms. */
  terms(at: PriorParameters, fit: EvidenceFit): Record<string, Tensor>;
  contract(at: PriorParameters, fit: EvidenceFit): Tree;
  /** Derivative of the negative evidence by eta from one batch, by contraction. */
  byContraction(theta: Theta, batch: EvidenceData, at: Hyperparameters, contraction: Tree, key: Key): Tensor;
  /** The same by differentiating the decompositions; `parts` are the curvature of all data. */
  byDecomposition(
    theta: Theta,
    batch: EvidenceData,
    at: Hyperparameters,
    whole: EvidencePart,
    key: Key,
  ): Tensor;
}

export type TrainOutcome<Theta> = { theta: Theta; state: Tree; loss: Tensor };

export interface LilaParts<Theta> {
  evidence: LaplaceEvidence<Theta>;
  data: EvidenceData;
  mapOptimizer: Optimizer;
  priorOptimizer: Optimizer;
  /** Which of `PriorParameters` are learned. */
  learned: readonly string[];
  /** For shapes and structure. */
  like: Theta;
}

/** The functions as programs. */
export function lilaPrograms<Theta>(parts: LilaParts<Theta>): LilaPrograms<Theta> {
  const { train, measure, prior, terms, contract, byContraction, byDecomposition } = lilaFunctions(parts);
  return {
    train: compiled("lila.train", train),
    measure: compiled("lila.measure", measure),
    prior: compiled("lila.prior", prior),
    terms: compiled("lila.terms", terms),
    contract: compiled("lila.contract", contract),
    byContraction: compiled("lila.eta", byContraction),
    byDecomposition: compiled("lila.eta", byDecomposition),
  };
}

/** The functions themselves. */
export function lilaFunctions<Theta>(parts: LilaParts<Theta>): LilaPrograms<Theta> {
  const { evidence, data, mapOptimizer, priorOptimizer, learned, like } = parts;
  const { network, likelihood, augmentation, priorStructure } = evidence.settings;
  const examples = data.inputs.shape[0]!;
  const dtype = tree.floatType(like);
  const inDtype = (x: Tensor): Tensor => (x.dtype === dtype ? x : x.astype(dtype));
  const drawn = (batch: EvidenceData, key: Key): Tensor =>
    augmentation.draw(key, batch.inputs.shape[0]!, dtype);
  const evidenceOf = (at: PriorParameters, fit: EvidenceFit): Tensor =>
    evidence.posterior(like, data, fit).logMarginal(at.logDelta, at.logSigma);
  return {
    train(theta, state, batch, at, key) {
      const logs = leafLogPrecisions("lila", at.logDelta, priorStructure, theta).map(inDtype);
      // σ² times the prior, beside a loss of unit variance.
      const variance = at.logSigma === undefined ? 1 : inDtype(np.exp(at.logSigma.mul(2)));
      const epsilon = drawn(batch, key);
      const [loss, gradient] = valueAndGrad((own: Theta) => {
        const outputs = averagedOutputs(network, augmentation, own, batch.inputs, { eta: at.eta, epsilon });
        const scatter = scatterOf(logs, squaresOf(priorStructure, own));
        return likelihood
          .loss(outputs, batch.targets)
          .mean()
          .add(scatter.mul(variance).mul(0.5 / examples));
      })(theta);
      return { ...mapOptimizer.update(gradient, state, theta), loss };
    },
    measure: (theta, batch, eta, key) =>
      evidence.measure(theta, batch, { eta, epsilon: drawn(batch, key), examples }),
    prior(at, state, fit) {
      const [, slopes] = valueAndGrad((own: PriorParameters) => evidenceOf(own, fit).neg())(at);
      const gradient = tree.mapWithPath(
        (path, slope) => (learned.includes(path) ? finite(slope) : np.zerosLike(slope)),
        slopes,
      );
      const next = priorOptimizer.update<PriorParameters>(gradient, state, at);
      const theta = tree.mapWithPath((path, x, old) => (learned.includes(path) ? x : old!), next.theta, at);
      return { theta, state: next.state };
    },
    terms(at, fit) {
      const posterior = evidence.posterior(like, data, fit);
      return {
        ...posterior.terms(at.logDelta, at.logSigma),
        evidence: posterior.logMarginal(at.logDelta, at.logSigma),
      };
    },
    contract: (at, fit) =>
      tree.map(inDtype, evidence.posterior(like, data, fit).contract(at.logDelta, at.logSigma)),
    byContraction(theta, batch, at, contraction, key) {
      const epsilon = drawn(batch, key);
      const logSigma = at.logSigma === undefined ? {} : { logSigma: inDtype(at.logSigma) };
      const [, slope] = valueAndGrad((eta: Tensor) =>
        evidence.contracted(theta, batch, { eta, epsilon, examples, contraction, ...logSigma }),
      )(at.eta);
      return finite(slope);
    },
    byDecomposition(theta, batch, at, whole, key) {
      const epsilon = drawn(batch, key);
      const [logDelta, logSigma] = [inDtype(at.logDelta), at.logSigma && inDtype(at.logSigma)];
      const [, slope] = valueAndGrad((eta: Tensor) => {
        const part = evidence.measure(theta, batch, { eta, epsilon, examples });
        // The value is that of all data, and the derivative that of the batch: H - sg(H_b) + H_b.
        const moving = tree.map(
          (all, own) => all.add(own!.sub(lax.stopGradient(own!) as Tensor)),
          whole,
          part,
        );
        const fit = evidence.fitOf(theta, [moving]);
        return evidence.posterior(theta, data, fit).logMarginal(logDelta, logSigma).neg();
      })(at.eta);
      return finite(slope);
    },
  };
}

/** NaN and infinite elements as 0, as in the paper's code. */
function finite(x: Tensor): Tensor {
  return np.where(np.isfinite(x), x, np.zerosLike(x));
}

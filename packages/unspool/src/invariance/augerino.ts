/**
 * Augerino (Benton, Finzi, Izmailov and Wilson, NeurIPS 2020): ranges of transformations are trained with the weights, on the
 * training loss, and kept from shrinking by a reward of their length,
 *
 *     -log p(D | θ, η) / N - λ |η|
 *
 * The baseline of learning by the evidence: λ has to be chosen, and the reward does not know the data.
 */
import { type Key, type Tensor, type Tree, np, random, tree, valueAndGrad } from "../array/index.ts";
import { OptionError, requireInteger, requireRecord, requireKnownOptions } from "../errors.ts";
import { type Method, programFingerprint, requireFiniteValues, shapes } from "../methods/index.ts";
import {
  type Likelihood,
  type Optimizer,
  adam,
  coupledWeightDecay,
  requireOptimizer,
} from "../optimizers/index.ts";
import { compiled } from "../unroll/index.ts";
import type { Augmentation } from "./augmentation.ts";
import { type LayeredNetwork, averagedOutputs } from "./averagedTaps.ts";
import { batchesOf } from "./batchesOf.ts";
import {
  requireAugmentation,
  requireData,
  requireLikelihood,
  requireNetwork,
  requireRanges,
} from "./evidenceInputs.ts";
import type { EvidenceData } from "./laplaceEvidence.ts";

export interface AugerinoOptions<Theta> {
  /** Outputs [batch, n] of inputs, computed through `layers`. */
  network: LayeredNetwork<Theta>;
  /** What outputs are compared with targets by. */
  likelihood: Likelihood;
  /** Transformations over which outputs are averaged, with the ranges to learn. */
  augmentation: Augmentation;
  /** Training examples. */
  data: EvidenceData;
  /** λ. Default 0.01. */
  reward?: number;
  /** Of the weights. Default `coupledWeightDecay(adam({ learningRate: 0.005 }), { weightDecay: 1e-4 })`. */
  optimizer?: Optimizer;
  /** Of the ranges. Default `adam({ learningRate: 0.005 })`. */
  etaOptimizer?: Optimizer;
  /** Examples in a step. Default: all. */
  batchSize?: number;
}

export interface AugerinoTheta<Theta> {
  network: Theta;
  /** Ranges, [the augmentation's parameters]. Start them off 0, where their length has no direction. */
  eta: Tensor;
}

export interface AugerinoState {
  map: Tree;
  eta: Tree;
}

/** One step is one epoch. Cost: a pass forwards and one backwards for all copies. */
export function augerino<Theta>(
  options: AugerinoOptions<Theta>,
): Method<AugerinoTheta<Theta>, AugerinoState> {
  const where = "augerino";
  requireRecord(where, options, ["network", "likelihood", "data"]);
  requireKnownOptions(where, options, [
    ...(["network", "likelihood", "augmentation", "data", "reward"] as const),
    ...(["optimizer", "etaOptimizer", "batchSize"] as const),
  ]);
  const { network, likelihood, augmentation, data, reward = 0.01 } = options;
  requireNetwork(where, network);
  requireLikelihood(where, likelihood);
  requireAugmentation(where, augmentation);
  requireData(where, data);
  const optimizer: Optimizer =
    options.optimizer ?? coupledWeightDecay(adam({ learningRate: 0.005 }), { weightDecay: 1e-4 });
  const etaOptimizer: Optimizer = options.etaOptimizer ?? adam({ learningRate: 0.005 });
  requireOptimizer(where, optimizer, "optimizer");
  requireOptimizer(where, etaOptimizer, "etaOptimizer");
  const { batchSize = data.inputs.shape[0]! } = options;
  requireInteger(where, "batchSize", batchSize, 1);
  if (!(reward >= 0)) throw new OptionError(where, "reward", reward, "a number of at least 0");
  if (augmentation.parameters.length === 0) {
    throw new OptionError(where, "augmentation", augmentation.name, "one with ranges to learn");
  }
  const update = (theta: AugerinoTheta<Theta>, state: AugerinoState, batch: EvidenceData, key: Key) => {
    const epsilon = augmentation.draw(key, batch.inputs.shape[0]!, theta.eta.dtype as "float32" | "float64");
    const [loss, slopes] = valueAndGrad((own: { network: Theta; eta: Tensor }) => {
      const at = { eta: own.eta, epsilon };
      const outputs = averagedOutputs(network, augmentation, own.network, batch.inputs, at);
      return likelihood.loss(outputs, batch.targets).mean().sub(length(own.eta).mul(reward));
    })(theta);
    const weights = optimizer.update<Theta>(slopes.network, state.map, theta.network);
    const ranges = etaOptimizer.update<Tensor>(slopes.eta, state.eta, theta.eta);
    const eta = augmentation.project?.(ranges.theta) ?? ranges.theta;
    return {
      theta: { network: weights.theta, eta },
      state: { map: weights.state, eta: ranges.state },
      loss,
    };
  };
  const program = compiled("augerino.step", update);
  return {
    name: where,
    recipe(theta, state) {
      const traced = programFingerprint(where, update, [tree.tensors(theta), state, data, random.key(0)]);
      return {
        augerino: { program: traced.program, numbers: traced.numbers, batchSize, state: shapes(state) },
      };
    },
    init(theta) {
      augmentation.requireInputs?.(data.inputs);
      const { network: weights, eta } = requireStart(theta);
      requireRanges(where, "theta.eta", eta, augmentation);
      return { map: optimizer.init(weights), eta: etaOptimizer.init(eta) };
    },
    step(start, first, key) {
      let [theta, state, total] = [start, first, 0];
      const batches = batchesOf(data, batchSize, random.foldIn(key, "order"));
      batches.forEach((batch, i) => {
        const outcome = program(theta, state, batch, random.foldIn(key, i));
        [theta, state] = [outcome.theta, outcome.state];
        total += outcome.loss.item();
      });
      requireFiniteValues(where, "theta", theta);
      const ranges = augmentation.parameters.map((name, i) => [`eta.${name}`, theta.eta.data[i]!]);
      return {
        theta,
        state,
        loss: total / batches.length,
        metrics: { innerSteps: batches.length, ...Object.fromEntries(ranges) },
      };
    },
  };
}

function requireStart<Theta>(theta: AugerinoTheta<Theta>): AugerinoTheta<Theta> {
  const given: unknown = theta;
  if (typeof given === "object" && given !== null && "network" in given && "eta" in given) return theta;
  throw new OptionError("augerino", "theta", given, "{ network, eta }: weights, and ranges to start from");
}

/** |η|, with derivative 0 at 0. */
function length(eta: Tensor): Tensor {
  const square = eta.mul(eta).sum();
  const isZero = square.lessEqual(0);
  return np.where(isZero, np.zerosLike(square), np.sqrt(np.where(isZero, np.onesLike(square), square)));
}

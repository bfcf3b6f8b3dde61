/**
 * The optimizers of objectives by name: one line each feeds the command line, the docs and the conformance suite. To
 * add one, write its file (factory and `…Defaults`), a line here, and a line in `../index.ts`.
 */
import { type Registry, registry } from "../../registry.ts";
import { adaHessian, adaHessianDefaults } from "./adaHessian.ts";
import { entropySgd, entropySgdDefaults } from "./entropySgd.ts";
import { lbfgs, lbfgsDefaults } from "./lbfgs.ts";
import { lookSam, lookSamDefaults } from "./lookSam.ts";
import { newtonCg, newtonCgDefaults } from "./newtonCg.ts";
import { kfac } from "../curvature/kfac.ts";
import { kfacDefaults } from "../curvature/kfacOptions.ts";
import { foof, foofDefaults } from "../curvature/foof.ts";
import { kfacSimple, kfacSimpleDefaults } from "../curvature/kfacSimple.ts";
import { naturalGradient, naturalGradientDefaults } from "../curvature/naturalGradient.ts";
import type { ObjectiveOptimizer } from "./objective.ts";
import type { Optimizer } from "../optimizer.ts";
import { innerOptimizer, withSchedules } from "../registry.ts";
import { privateGradients, privateGradientsDefaults } from "./privateGradients.ts";
import { sam, samDefaults } from "./sam.ts";
import type { ObjectiveOptimizerTraits } from "../traits.ts";
import { svrg, svrgDefaults } from "./svrg.ts";
import { zoomLineSearch, zoomLineSearchDefaults } from "./zoomLineSearch.ts";
import { type CompressorConfig, createCompressor } from "../communication/compression/registry.ts";
import { mixedPrecision, mixedPrecisionDefaults } from "../memory/mixedPrecision.ts";
import { dataParallel, dataParallelDefaults } from "../communication/parallel/dataParallel.ts";
import { elasticAveraging, elasticAveragingDefaults } from "../communication/parallel/elasticAveraging.ts";
import { gossipSgd, gossipSgdDefaults } from "../communication/parallel/gossipSgd.ts";
import { localSgd, localSgdDefaults } from "../communication/parallel/localSgd.ts";
import { oneBitAdam, oneBitAdamDefaults } from "../communication/parallel/oneBitAdam.ts";
import { oneBitLamb, oneBitLambDefaults } from "../communication/parallel/oneBitLamb.ts";
import { shardedGradients, shardedGradientsDefaults } from "../communication/parallel/shardedGradients.ts";
import { staleGradients, staleGradientsDefaults } from "../communication/parallel/staleGradients.ts";
import { staleSynchronous, staleSynchronousDefaults } from "../communication/parallel/staleSynchronous.ts";

export interface ObjectiveOptimizerEntry extends ObjectiveOptimizerTraits {
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  /** Whether it needs an objective whose network can be seen (`networkObjective`). */
  readonly needsNetwork: boolean;
  /** Whether it stands around an optimizer of gradients, which is then its option `inner`. */
  readonly isWrapper: boolean;
  /** All options with their defaults. */
  readonly defaults: Readonly<Record<string, unknown>>;
  create(options: Record<string, unknown>): ObjectiveOptimizer;
}

// prettier-ignore
const registered: Registry<ObjectiveOptimizerEntry> = registry("createObjectiveOptimizer", [
  objectiveWrapper("sam", sam, samDefaults, "gradients at the worst point nearby (SAM, ASAM)",
    { hyperparameters: { learningRate: 0.2, rho: 0.05 } }),
  objectiveWrapper("lookSam", lookSam, lookSamDefaults, "SAM whose ascent is computed every few steps",
    { hyperparameters: { learningRate: 0.2, rho: 0.05, alpha: 0.7 }, settings: { k: 2 } }),
  objectiveWrapper("svrg", svrg, svrgDefaults, "gradients corrected by those of a snapshot",
    { hyperparameters: { learningRate: 0.2 }, settings: { k: 2 } }),
  objectiveWrapper("privateGradients", privateGradients, privateGradientsDefaults, "differential privacy: examples clipped one by one, and noise",
    { movesAtRest: true, hyperparameters: { learningRate: 0.2, maxNorm: 5, noise: 0.001 } }),
  objectiveWrapper("zoomLineSearch", zoomLineSearch, zoomLineSearchDefaults, "a rule's direction, as far as the strong Wolfe conditions say",
    { settings: { trials: 6 }, isDifferentiable: false, stepsOfDescent: 20 }),
  objectiveEntry("entropySgd", entropySgd, entropySgdDefaults, "towards the mean of a Langevin walk: wide valleys",
    { movesAtRest: true, hyperparameters: { learningRate: 1, gamma: 0.1, innerRate: 0.2, alpha: 0.75, noise: 1e-4 }, settings: { innerSteps: 3 }, stepsOfDescent: 100 }),
  objectiveEntry("adaHessian", adaHessian, adaHessianDefaults, "Adam with the diagonal of the Hessian",
    { hyperparameters: { learningRate: 0.05, beta1: 0.9, beta2: 0.99 } }),
  objectiveEntry("lbfgs", lbfgs, lbfgsDefaults, "quasi-Newton from the last steps and gradients",
    { hyperparameters: { learningRate: 0.9 }, settings: { memory: 3, halvings: 3 }, stepsOfDescent: 20 }),
  // More iterations than the conformance problem has curvatures would turn rounding errors of the last ones into noise.
  objectiveEntry("newtonCg", newtonCg, newtonCgDefaults, "Hessian-free: conjugate gradients on damped curvature",
    { hyperparameters: { learningRate: 0.9, damping: 0.3 }, settings: { iterations: 4, halvings: 2 }, stepsOfDescent: 20 }),
  aroundEntry("dataParallel", dataParallel, dataParallelDefaults, "workers that send gradients, compressed or not",
    { settings: { workers: 2 } }),
  aroundEntry("localSgd", localSgd, localSgdDefaults, "workers that average their parameters now and then",
    { settings: { workers: 2 } }),
  aroundEntry("staleGradients", staleGradients, staleGradientsDefaults, "gradients that arrive late, simulated"),
  aroundEntry("staleSynchronous", staleSynchronous, staleSynchronousDefaults, "workers of different speed, simulated",
    { settings: { periods: [1, 2] } }),
  aroundEntry("elasticAveraging", elasticAveraging, elasticAveragingDefaults, "workers on springs around a centre"),
  aroundEntry("gossipSgd", gossipSgd, gossipSgdDefaults, "workers that average with their neighbours",
    { settings: { workers: 2 } }),
  aroundEntry("oneBitAdam", oneBitAdam, oneBitAdamDefaults, "Adam whose momentum is sent in one bit per element"),
  aroundEntry("oneBitLamb", oneBitLamb, oneBitLambDefaults, "LAMB whose momentum is sent in one bit per element",
    { hyperparameters: { learningRate: 0.02 }, settings: { workers: 1 } }),
  aroundEntry("shardedGradients", shardedGradients, shardedGradientsDefaults, "gradients and state in parts, one per worker",
    { settings: { workers: 2 } }),
  // With rounding the loss is that of rounded parameters, and differences of hyperparameters see steps.
  aroundEntry("mixedPrecision", mixedPrecision, mixedPrecisionDefaults, "half-precision parameters and gradients, emulated",
    { settings: { format: "float32" } }),
  // Candidates for gamma triple the program; they have tests of their own.
  networkEntry("kfac", kfac, kfacDefaults, "natural gradient with Kronecker-factored blocks; adapts its step and damping",
    { hyperparameters: { learningRate: 0.2, momentum: 0.5, damping: 1 }, settings: { adaptGamma: false }, stepsOfDescent: 100 }),
  networkEntry("foof", foof, foofDefaults, "gradient descent on the outputs of layers",
    { hyperparameters: { learningRate: 0.3, damping: 0.5 } }),
  networkEntry("kfacSimple", kfacSimple, kfacSimpleDefaults, "K-FAC in parts: damping, factors, targets",
    { hyperparameters: { learningRate: 0.3, damping: 0.1 } }),
  networkEntry("naturalGradient", naturalGradient, naturalGradientDefaults, "exact natural gradient of a batch's Fisher information",
    { hyperparameters: { learningRate: 0.1, damping: 0.5 } }),
]);

export const objectiveOptimizers: readonly ObjectiveOptimizerEntry[] = registered.entries;

/** Names of all optimizers of objectives. */
export const objectiveOptimizerNames: readonly string[] = registered.names;

/** An optimizer of objectives from data. Throws `OptionError` for an unknown name, with the nearest one. */
export function createObjectiveOptimizer(
  name: string,
  options: Record<string, unknown> = {},
): ObjectiveOptimizer {
  return registered.create(name, options);
}

function objectiveEntry<Options extends object>(
  name: string,
  factory: (options: Options) => ObjectiveOptimizer,
  defaults: Required<Options>,
  summary: string,
  traits: ObjectiveOptimizerTraits = {},
): ObjectiveOptimizerEntry {
  const create = (options: Record<string, unknown>) => factory(withSchedules(options) as Options);
  return {
    name,
    summary,
    ...traits,
    needsNetwork: false,
    isWrapper: false,
    defaults: { ...defaults },
    create,
  };
}

/** An entry that looks at the layers of a network. */
function networkEntry<Options extends object>(
  ...given: Parameters<typeof objectiveEntry<Options>>
): ObjectiveOptimizerEntry {
  return { ...objectiveEntry(...given), needsNetwork: true };
}

/** An entry around an optimizer of gradients: a name, a record with `name` and options, or an optimizer. */
function objectiveWrapper<Options extends object>(
  name: string,
  factory: (inner: Optimizer, options: Options) => ObjectiveOptimizer,
  defaults: Required<Options>,
  summary: string,
  traits: ObjectiveOptimizerTraits = {},
): ObjectiveOptimizerEntry {
  const create = ({ inner = "sgd", ...options }: Record<string, unknown>) =>
    factory(innerOptimizer(name, inner), withSchedules(options) as Options);
  return {
    name,
    summary,
    ...traits,
    needsNetwork: false,
    isWrapper: true,
    defaults: { inner: "sgd", ...defaults },
    create,
  };
}

/** An entry whose `optimizer` and `compressor` may be data: a name, or a record with `name` and options. */
function aroundEntry<Options extends object>(
  name: string,
  factory: (options: Options) => unknown,
  defaults: Required<Options>,
  summary: string,
  traits: ObjectiveOptimizerTraits = {},
): ObjectiveOptimizerEntry {
  const create = (options: Record<string, unknown>): ObjectiveOptimizer => {
    const made = { ...options };
    if (made["optimizer"] !== undefined) {
      made["optimizer"] = innerOptimizer(name, made["optimizer"], "optimizer");
    }
    if (made["compressor"] !== undefined) {
      made["compressor"] = createCompressor(made["compressor"] as CompressorConfig);
    }
    return factory(withSchedules(made) as Options) as ObjectiveOptimizer;
  };
  const named = Object.entries(defaults).map(([option, value]) => [option, nameOf(value)] as const);
  return {
    name,
    summary,
    ...traits,
    needsNetwork: false,
    isWrapper: false,
    defaults: Object.fromEntries(named),
    create,
  };
}

/** Optimizers and compressors by name, as a config file has them. */
function nameOf(value: unknown): unknown {
  const isNamed = typeof value === "object" && value !== null && "init" in value && "name" in value;
  return isNamed ? value.name : value;
}

/**
 * The optimizers by name: one line each feeds the command line, the docs and the conformance suite. To add an
 * optimizer, write its file (factory and `…Defaults`), a line here, and a line in `index.ts`.
 */
import type { Tree } from "../array/index.ts";
import { OptionError, requireRecord } from "../errors.ts";
import { type Registry, registry } from "../registry.ts";
import { accumulate, accumulateDefaults } from "./wrappers/accumulate.ts";
import { adabelief, adabeliefDefaults } from "./rules/adabelief.ts";
import { adabound, adaboundDefaults } from "./rules/adabound.ts";
import { adadelta, adadeltaDefaults } from "./rules/adadelta.ts";
import { adafactor, adafactorDefaults } from "./rules/adafactor.ts";
import { adagrad, adagradDefaults } from "./rules/adagrad.ts";
import { adam } from "./rules/adam.ts";
import { adamax, adamaxDefaults } from "./rules/adamax.ts";
import { adamDefaults } from "./rules/adamMoments.ts";
import { adamw, adamwDefaults } from "./rules/adamw.ts";
import { adaptiveGradientClip, adaptiveGradientClipDefaults } from "./wrappers/adaptiveGradientClip.ts";
import { amsgrad, amsgradDefaults } from "./rules/amsgrad.ts";
import { clipByGlobalNorm, clipByGlobalNormDefaults } from "./wrappers/clipByGlobalNorm.ts";
import { clipByValue, clipByValueDefaults } from "./wrappers/clipByValue.ts";
import { coupledWeightDecay, coupledWeightDecayDefaults } from "./wrappers/coupledWeightDecay.ts";
import { emaAverage, emaAverageDefaults } from "./wrappers/emaAverage.ts";
import { gradientNoise, gradientNoiseDefaults } from "./wrappers/gradientNoise.ts";
import { lamb, lambDefaults } from "./rules/lamb.ts";
import { lans, lansDefaults } from "./rules/lans.ts";
import { lars, larsDefaults } from "./rules/lars.ts";
import { lion, lionDefaults } from "./rules/lion.ts";
import { lookahead, lookaheadDefaults } from "./wrappers/lookahead.ts";
import { masked, maskedDefaults } from "./wrappers/masked.ts";
import { lossScale, lossScaleDefaults } from "./memory/lossScale.ts";
import { quantizedState, quantizedStateDefaults } from "./memory/quantizedState.ts";
import { shardedState, shardedStateDefaults } from "./memory/shardedState.ts";
import { momentum, momentumDefaults } from "./rules/momentum.ts";
import { nadam, nadamDefaults } from "./rules/nadam.ts";
import { nesterov, nesterovDefaults } from "./rules/nesterov.ts";
import { novograd, novogradDefaults } from "./rules/novograd.ts";
import type { Optimizer } from "./optimizer.ts";
import { padam, padamDefaults } from "./rules/padam.ts";
import { polyakAverage, polyakAverageDefaults } from "./wrappers/polyakAverage.ts";
import { radam, radamDefaults } from "./rules/radam.ts";
import { rmsprop, rmspropDefaults } from "./rules/rmsprop.ts";
import { createSchedule } from "./schedules/registry.ts";
import { sgd, sgdDefaults } from "./rules/sgd.ts";
import { shampoo, shampooDefaults } from "./rules/shampoo.ts";
import { signSgd, signSgdDefaults } from "./rules/signSgd.ts";
import { signum, signumDefaults } from "./rules/signum.ts";
import { sm3, sm3Defaults } from "./rules/sm3.ts";
import { swa, swaDefaults } from "./wrappers/swa.ts";
import type { OptimizerTraits } from "./traits.ts";
import { yogi, yogiDefaults } from "./rules/yogi.ts";
import { adamod, adamodDefaults } from "./rules/adamod.ts";
import { adamp, adampDefaults } from "./rules/adamp.ts";
import { ademamix, ademamixDefaults } from "./rules/ademamix.ts";
import { dAdaptAdam, dAdaptAdamDefaults } from "./rules/dAdaptAdam.ts";
import { madgrad, madgradDefaults } from "./rules/madgrad.ts";
import { muon, muonDefaults } from "./rules/muon.ts";
import { optimisticAdam, optimisticAdamDefaults } from "./rules/optimisticAdam.ts";
import { optimisticSgd, optimisticSgdDefaults } from "./rules/optimisticSgd.ts";
import { prodigy, prodigyDefaults } from "./rules/prodigy.ts";
import { fromage, fromageDefaults } from "./rules/fromage.ts";
import { nadamw, nadamwDefaults } from "./rules/nadamw.ts";
import { qhadam, qhadamDefaults } from "./rules/qhadam.ts";
import { qhm, qhmDefaults } from "./rules/qhm.ts";
import { scheduleFreeAdamw, scheduleFreeAdamwDefaults } from "./rules/scheduleFreeAdamw.ts";
import { scheduleFreeSgd, scheduleFreeSgdDefaults } from "./rules/scheduleFreeSgd.ts";
import { sgdp, sgdpDefaults } from "./rules/sgdp.ts";
import { soap, soapDefaults } from "./rules/soap.ts";
import { swats, swatsDefaults } from "./rules/swats.ts";
import { reptile, reptileDefaults } from "./wrappers/reptile.ts";
import { slowMo, slowMoDefaults } from "./wrappers/slowMo.ts";
import { reduceOnPlateau, reduceOnPlateauDefaults } from "./wrappers/reduceOnPlateau.ts";
import { type PartitionOptions, partition, partitionDefaults } from "./wrappers/partition.ts";

/** Options as a config file has them. */
export type OptimizerConfig = Record<string, unknown>;

export interface OptimizerEntry extends OptimizerTraits {
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  /** Whether it stands around another optimizer, which is then its option `inner`. */
  readonly isWrapper: boolean;
  /** All options with their defaults. */
  readonly defaults: Readonly<Record<string, unknown>>;
  create(options: OptimizerConfig): Optimizer;
}

const adamLike = { learningRate: 0.05, beta1: 0.9, beta2: 0.99 } as const;
const lambLike = {
  isPerLeaf: true,
  isJoint: true,
  hasDecay: true,
  hyperparameters: { ...adamLike, learningRate: 0.02, weightDecay: 0.01 },
  stepsOfDescent: 60,
} as const;

// prettier-ignore
const registered: Registry<OptimizerEntry> = registry("createOptimizer", [
  rule("sgd", sgd, sgdDefaults, "plain gradient descent"),
  rule("momentum", momentum, momentumDefaults, "heavy ball", { hyperparameters: { learningRate: 0.05, momentum: 0.5 } }),
  rule("nesterov", nesterov, nesterovDefaults, "Nesterov's accelerated gradient", { hyperparameters: { learningRate: 0.05, momentum: 0.5 } }),
  rule("rmsprop", rmsprop, rmspropDefaults, "gradients divided by their recent size", { hyperparameters: { learningRate: 0.05, decay: 0.9 } }),
  rule("adagrad", adagrad, adagradDefaults, "gradients divided by all gradients so far", { hyperparameters: { learningRate: 0.5 } }),
  rule("adam", adam, adamDefaults, "momentum divided by recent size, without bias", { hyperparameters: adamLike }),
  rule("adamw", adamw, adamwDefaults, "Adam with decoupled weight decay",
    { hasDecay: true, hyperparameters: { learningRate: 0.05, weightDecay: 0.01 } }),
  rule("adadelta", adadelta, adadeltaDefaults, "AdaGrad with a window, in units of theta",
    { hyperparameters: { learningRate: 5, decay: 0.9, eps: 1e-3 } }),
  rule("adamax", adamax, adamaxDefaults, "Adam with the largest recent gradient", { hyperparameters: adamLike, stepsOfDescent: 60 }),
  rule("nadam", nadam, nadamDefaults, "Adam with Nesterov's momentum", { hyperparameters: { ...adamLike, momentumDecay: 0.1 } }),
  rule("amsgrad", amsgrad, amsgradDefaults, "Adam with step sizes that only fall", { hyperparameters: adamLike, stepsOfDescent: 60 }),
  rule("radam", radam, radamDefaults, "Adam with its own warm-up", { hyperparameters: adamLike, stepsOfDescent: 60 }),
  rule("adabelief", adabelief, adabeliefDefaults, "Adam divided by how surprising gradients are", { hyperparameters: adamLike, stepsOfDescent: 60 }),
  rule("yogi", yogi, yogiDefaults, "Adam with step sizes that rise slowly", { hyperparameters: adamLike, stepsOfDescent: 60 }),
  rule("adabound", adabound, adaboundDefaults, "from Adam to gradient descent",
    { hyperparameters: { ...adamLike, learningRate: 0.01, finalLearningRate: 0.1 } }),
  rule("padam", padam, padamDefaults, "between Adam and momentum", { hyperparameters: { learningRate: 0.05, beta1: 0.9, power: 0.2 } }),
  rule("novograd", novograd, novogradDefaults, "momentum on gradients of length 1 per leaf",
    { isPerLeaf: true, isJoint: true, hyperparameters: { learningRate: 0.02, beta1: 0.9, beta2: 0.5 } }),
  rule("adafactor", adafactor, adafactorDefaults, "Adam with row and column sums of squares",
    { isPerLeaf: true, isJoint: true, hyperparameters: { learningRate: 0.05, decay: 0.8, clip: 0.7 } }),
  rule("sm3", sm3, sm3Defaults, "AdaGrad with a number per row and column",
    { isPerLeaf: true, hyperparameters: { learningRate: 0.3, momentum: 0.5 } }),
  // The roots of what is nearly singular are not the same in float32 and float64: eps is 1.
  rule("shampoo", shampoo, shampooDefaults, "AdaGrad with a matrix per axis",
    { isPerLeaf: true, isJoint: true, hyperparameters: { learningRate: 0.3, momentum: 0.5 }, settings: { eps: 1 }, stepsOfDescent: 20 }),
  rule("lars", lars, larsDefaults, "momentum with steps in proportion to each leaf",
    { isPerLeaf: true, isJoint: true, hasDecay: true, hyperparameters: { learningRate: 1, momentum: 0.5, weightDecay: 0.01, trust: 0.02 }, stepsOfDescent: 60 }),
  rule("lamb", lamb, lambDefaults, "Adam with steps as long as each leaf", lambLike),
  rule("lans", lans, lansDefaults, "LAMB on normalised gradients", lambLike),
  rule("signSgd", signSgd, signSgdDefaults, "steps by the sign of the gradient"),
  rule("signum", signum, signumDefaults, "steps by the sign of the mean gradient", { hyperparameters: { learningRate: 0.05, momentum: 0.5 } }),
  rule("lion", lion, lionDefaults, "sign momentum found by search", { hyperparameters: adamLike }),
  rule("ademamix", ademamix, ademamixDefaults, "Adam with a second, much longer memory",
    { hyperparameters: { learningRate: 0.02, beta1: 0.9, beta2: 0.99, beta3: 0.999, alpha: 2 } }),
  rule("adamod", adamod, adamodDefaults, "Adam with step sizes below their mean", { hyperparameters: { ...adamLike, beta3: 0.9 }, stepsOfDescent: 60 }),
  rule("adamp", adamp, adampDefaults, "AdamW for weights of which the length means nothing",
    { isPerLeaf: true, isJoint: true, hyperparameters: { ...adamLike, threshold: 0.1 }, stepsOfDescent: 60 }),
  rule("sgdp", sgdp, sgdpDefaults, "momentum for weights of which the length means nothing",
    { isPerLeaf: true, isJoint: true, hyperparameters: { learningRate: 0.05, momentum: 0.5 }, stepsOfDescent: 60 }),
  rule("qhm", qhm, qhmDefaults, "between gradient descent and momentum", { hyperparameters: { learningRate: 0.1, momentum: 0.9, nu: 0.7 } }),
  rule("qhadam", qhadam, qhadamDefaults, "Adam with the gradient of now in both moments", { hyperparameters: { ...adamLike, nu1: 0.7, nu2: 0.9 } }),
  rule("swats", swats, swatsDefaults, "Adam first, then momentum", { isJoint: true, hyperparameters: adamLike, stepsOfDescent: 60 }),
  rule("madgrad", madgrad, madgradDefaults, "dual averaging with cube roots", { hyperparameters: { learningRate: 0.05, momentum: 0.5 } }),
  rule("optimisticSgd", optimisticSgd, optimisticSgdDefaults, "gradient descent for games", { hyperparameters: { learningRate: 0.05, optimism: 1 } }),
  rule("optimisticAdam", optimisticAdam, optimisticAdamDefaults, "Adam for games", { hyperparameters: { ...adamLike, optimism: 0.5 } }),
  rule("prodigy", prodigy, prodigyDefaults, "AdamW that finds its learning rate",
    { isJoint: true, hyperparameters: { learningRate: 1, beta1: 0.9, initialDistance: 0.01 }, stepsOfDescent: 60 }),
  rule("dAdaptAdam", dAdaptAdam, dAdaptAdamDefaults, "AdamW that finds its learning rate, more slowly",
    { isJoint: true, hyperparameters: { learningRate: 1, beta1: 0.9, initialDistance: 0.01 }, stepsOfDescent: 60 }),
  rule("scheduleFreeSgd", scheduleFreeSgd, scheduleFreeSgdDefaults, "gradient descent that needs no schedule",
    { hyperparameters: { learningRate: 0.1, beta1: 0.8 } }),
  rule("scheduleFreeAdamw", scheduleFreeAdamw, scheduleFreeAdamwDefaults, "AdamW that needs no schedule",
    { hyperparameters: { learningRate: 0.05, beta1: 0.8, beta2: 0.99 } }),
  rule("muon", muon, muonDefaults, "momentum with orthogonal matrices, AdamW for the rest",
    { isPerLeaf: true, hyperparameters: { learningRate: 0.05, adamLearningRate: 0.05, beta1: 0.9 } }),
  rule("soap", soap, soapDefaults, "Adam in Shampoo's bases",
    { isPerLeaf: true, hasDecay: true, hyperparameters: { learningRate: 0.05, beta1: 0.9, beta2: 0.99 } }),
  rule("fromage", fromage, fromageDefaults, "gradient descent with steps in proportion to each leaf",
    { isPerLeaf: true, isJoint: true, hasDecay: true, hyperparameters: { learningRate: 0.1 } }),
  rule("nadamw", nadamw, nadamwDefaults, "AdamW with Nesterov's momentum, in the form of the optimizer list",
    { hasDecay: true, hyperparameters: { ...adamLike, weightDecay: 0.01 }, stepsOfDescent: 60 }),
  wrapper("lookahead", lookahead, lookaheadDefaults, "k steps forward, 1 step back"),
  wrapper("reptile", reptile, reptileDefaults, "a start from which tasks are learned in few steps"),
  wrapper("slowMo", slowMo, slowMoDefaults, "momentum on what rounds of steps have moved"),
  wrapper("clipByGlobalNorm", clipByGlobalNorm, clipByGlobalNormDefaults, "shortens long gradients", { isJoint: true }),
  wrapper("clipByValue", clipByValue, clipByValueDefaults, "limits every element of the gradient"),
  wrapper("adaptiveGradientClip", adaptiveGradientClip, adaptiveGradientClipDefaults, "limits gradients by the length of each unit's weights",
    { isPerLeaf: true, isJoint: true, settings: { clip: 0.5 } }),
  wrapper("coupledWeightDecay", coupledWeightDecay, coupledWeightDecayDefaults, "L2: adds a part of theta to the gradient", { hasDecay: true }),
  wrapper("gradientNoise", gradientNoise, gradientNoiseDefaults, "adds noise that dies out to the gradient", { hasDecay: true, isJoint: true }),
  wrapper("accumulate", accumulate, accumulateDefaults, "one update from the mean of several gradients"),
  wrapper("masked", masked, maskedDefaults, "trains some leaves of theta only"),
  wrapper("reduceOnPlateau", reduceOnPlateau, reduceOnPlateauDefaults, "smaller steps once the loss stops falling"),
  partitioned("partition", "different optimizers for different leaves"),
  wrapper("polyakAverage", polyakAverage, polyakAverageDefaults, "evaluates the mean of iterates"),
  wrapper("swa", swa, swaDefaults, "evaluates the mean of every so many iterates"),
  wrapper("emaAverage", emaAverage, emaAverageDefaults, "evaluates a running mean of iterates"),
  wrapper("lossScale", lossScale, lossScaleDefaults, "skips steps that are not finite, scales gradients for half precision"),
  wrapper("quantizedState", quantizedState, quantizedStateDefaults, "keeps moments in 8 bits per element"),
  wrapper("shardedState", shardedState, shardedStateDefaults, "state in parts, one per worker"),
]);

export const optimizers: readonly OptimizerEntry[] = registered.entries;

/** Names of all optimizers. */
export const optimizerNames: readonly string[] = registered.names;

/** The entry of a name. Throws `OptionError` with the nearest name for any other. */
export function optimizerEntry(name: string): OptimizerEntry {
  return registered.entry(name);
}

/**
 * An optimizer from data. A hyperparameter may be a record with the name of a schedule and its options; the `inner`
 * of a wrapper is a name, a record with `name` and options, or an optimizer. Default inner: sgd.
 *
 * @example
 * createOptimizer("lookahead", {
 *   k: 5,
 *   inner: { name: "adam", learningRate: { schedule: "cosineDecay", from: 0.01, steps: 500 } },
 * });
 */
export function createOptimizer(name: string, options: OptimizerConfig = {}): Optimizer {
  const entry = optimizerEntry(name);
  requireRecord(name, options, Object.keys(entry.defaults));
  return entry.create(options);
}

function rule<Options extends object>(
  name: string,
  factory: (options: Options) => Optimizer,
  defaults: Required<Options>,
  summary: string,
  traits: OptimizerTraits = {},
): OptimizerEntry {
  // The factory checks names and values of what it is given.
  const create = (options: OptimizerConfig): Optimizer => factory(withSchedules(options) as Options);
  return { name, summary, ...traits, isWrapper: false, defaults: { ...defaults }, create };
}

function wrapper<Options extends object>(
  name: string,
  factory: (inner: Optimizer, options: Options) => Optimizer,
  defaults: Required<Options>,
  summary: string,
  traits: OptimizerTraits = {},
): OptimizerEntry {
  const create = ({ inner = "sgd", ...options }: OptimizerConfig): Optimizer =>
    factory(innerOptimizer(name, inner), withSchedules(options) as Options);
  return { name, summary, ...traits, isWrapper: true, defaults: { inner: "sgd", ...defaults }, create };
}

/** `partition`, whose optimizers may be data too. */
function partitioned(name: string, summary: string): OptimizerEntry {
  const create = ({ inner = "sgd", optimizers: given = {}, ...options }: OptimizerConfig): Optimizer => {
    requireRecord(`${name}: optimizers`, given, ["matrices"]);
    const made = Object.entries(given as OptimizerConfig).map(
      ([label, optimizer]) => [label, innerOptimizer(name, optimizer, `optimizers.${label}`)] as const,
    );
    return partition(innerOptimizer(name, inner), {
      ...(options as PartitionOptions),
      optimizers: Object.fromEntries(made),
    });
  };
  return { name, summary, isWrapper: true, defaults: { inner: "sgd", ...partitionDefaults }, create };
}

/** @internal The optimizer of a name, of a record with `name` and options, or itself. */
export function innerOptimizer(where: string, inner: unknown, option = "inner"): Optimizer {
  if (typeof inner === "string") return createOptimizer(inner);
  if (typeof inner === "object" && inner !== null) {
    if ("update" in inner) return inner as Optimizer<Tree>;
    const { name, ...options } = inner as OptimizerConfig;
    if (typeof name === "string") return createOptimizer(name, options);
  }
  throw new OptionError(
    where,
    option,
    inner,
    "the name of an optimizer, or a record with `name` and options",
  );
}

/** @internal Records that name a schedule become that schedule. */
export function withSchedules(options: OptimizerConfig): OptimizerConfig {
  const created = Object.entries(options).map(([name, value]) => {
    if (typeof value !== "object" || value === null || !("schedule" in value)) return [name, value] as const;
    const { schedule, ...rest } = value as OptimizerConfig;
    return [name, createSchedule(String(schedule), rest)] as const;
  });
  return Object.fromEntries(created);
}

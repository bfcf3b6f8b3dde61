/**
 * 1-bit LAMB (Li, Awan, Tang, Rajbhandari & He, HiPC 2022, Algorithm 1): LAMB for a while; then the second moment s and the
 * layers' ratios c stay as they are, the momentum is what is compressed, and the ratios follow a fresh second moment.
 *
 *     t < warmupSteps:   m, s, of mean_w g_w;   u = m / (√s + eps) + λ θ;   c = clip(‖θ‖ / ‖u‖, ratioRange), 1 if a norm is 0
 *                        θ ← θ - learningRate · c · u;   c̄ ← ratioBeta · c̄ + (1 - ratioBeta) · c;   f = 1
 *     then:              m_w = beta1 · m + (1 - beta1) · g_w,   m' ← mean_w C(m_w)          (C with error feedback)
 *                        g = (m' - beta1 · m) / (1 - beta1);   v ← beta2 · v + (1 - beta2) · g²,   v = s at first
 *                        u = m' / (√s + eps) + λ θ;   ρ = min(1, ‖u - λ θ‖ / ‖u‖)
 *                        h = ρ · max((√s + eps) / (√v + eps)) + 1 - ρ,   held to factorRange
 *                        f ← h, held to (1 ± factorStep) · f;   θ ← θ - learningRate · c̄ · f · u
 *
 * λ is the weight decay. Moments keep the bias of their start, as the authors' code has it, which scales each momentum
 * before it is compressed too: here leaves are compressed one by one, which needs no common scale.
 */
import { type Key, type Tensor, type Tree, np, random, tree, valueAndGrad } from "../../../array/index.ts";
import { requireInteger } from "../../../errors.ts";
import type { Compressor } from "../compression/compressor.ts";
import { errorFeedback, requireCompressor } from "../compression/errorFeedback.ts";
import { forWorkers, meanOverWorkers, reduceOver } from "../compression/reduceOver.ts";
import { scaledSign } from "../compression/scaledSign.ts";
import { type ValueFor, atLeast0, atStep, belowOne, oneMinus } from "../../hyperparameter.ts";
import { requireHyperparameter, withDefaults } from "../../hyperparameter.ts";
import { advance, counter, globalNorm, isFloatLeaf, mapFloats, root, zeros } from "../../leaves.ts";
import type { ObjectiveOptimizer } from "../../objective/objective.ts";
import type { Hyperparameter } from "../../optimizer.ts";
import { type MomentOptions, momentDefaults, requireMomentOptions } from "../../rules/adamMoments.ts";
import { type NormRange, requireNormRange, trustRatio } from "../../rules/trustRatio.ts";
import { bytesOf, shardsOf } from "./shards.ts";

export interface OneBitLambOptions extends MomentOptions {
  /** Part of theta that is added to the direction, λ. Default 0. */
  weightDecay?: Hyperparameter;
  /** Parts of the batch. Default 4. */
  workers?: number;
  /** Steps of plain LAMB. Default 100; the paper takes about a sixth of all steps. */
  warmupSteps?: number;
  /** Of the momentum. Default "errorFeedback(scaledSign)". */
  compressor?: Compressor;
  /** Bounds of LAMB's ratios. Default [0.01,10]. */
  ratioRange?: NormRange;
  /** Part of the mean ratio that is kept. Default 0.9. */
  ratioBeta?: Hyperparameter;
  /** Bounds of f. Default [0.5,4]. */
  factorRange?: NormRange;
  /** Largest relative change of f in a step. Default 0.1. */
  factorStep?: Hyperparameter;
}

export type OneBitLambState = {
  step: Tensor;
  /** m. */
  firstMoment: Tree;
  /** s. */
  secondMoment: Tree;
  /** v; s until the warm-up ends. */
  fresh: Tree;
  /** c̄ of each floating-point leaf: scalars in the order of leaves. */
  ratios: Tensor[];
  /** f of each floating-point leaf: scalars. */
  factors: Tensor[];
  /** Memory of the compressor, [workers, …]. */
  compressor: Tree;
};

export const oneBitLambDefaults: Required<OneBitLambOptions> = {
  ...momentDefaults,
  weightDecay: 0,
  workers: 4,
  warmupSteps: 100,
  compressor: errorFeedback(scaledSign(), { units: "gradient" }),
  ratioRange: [0.01, 10],
  ratioBeta: 0.9,
  factorRange: [0.5, 4],
  factorStep: 0.1,
};

type Moved = Omit<OneBitLambState, "step"> & { theta: Tree; bytes: Tensor };

/**
 * LAMB with one bit per element after the warm-up, of which a compiled step has a program of its own. The metric
 * `bytesSent` is per worker and step. Cost: the gradients of the parts, three copies of theta, and per worker the
 * compressor's memory.
 */
export function oneBitLamb(options: OneBitLambOptions = {}): ObjectiveOptimizer<OneBitLambState> {
  const rule = requireOptions(withDefaults("oneBitLamb", options, oneBitLambDefaults));
  const { workers, warmupSteps, compressor } = rule;
  return {
    name: "oneBitLamb",
    init(theta) {
      const floats = tree.leaves(theta).filter(isFloatLeaf);
      return {
        step: counter(),
        firstMoment: zeros(theta),
        secondMoment: zeros(theta),
        fresh: zeros(theta),
        ratios: floats.map(({ dtype }) => np.zeros([], { dtype })),
        factors: floats.map(({ dtype }) => np.ones([], { dtype })),
        compressor: forWorkers(compressor.init(theta), workers),
      };
    },
    phaseAt: (step) => ({ warmup: step < warmupSteps }),
    step(theta, state, objective, { key, phase }) {
      const each = shardsOf("oneBitLamb", objective, workers).map((shard) => {
        const [loss, gradient] = valueAndGrad((at: typeof theta) => shard.loss(at))(theta);
        return { loss, gradient };
      }, {});
      const warm = (): Moved => warmed(rule, theta as Tree, meanOverWorkers(each.gradient), state);
      const cold = (): Moved =>
        compressed(rule, theta as Tree, each.gradient, state, random.foldIn(key, "compressor"));
      // Where the step is not known before, both are computed and one is taken.
      const isWarm = state.step.less(np.array(warmupSteps, { dtype: "int32" }));
      const {
        theta: moved,
        bytes,
        ...next
      } = phase === undefined
        ? tree.select(isWarm, warm(), cold())
        : phase["warmup"] === true
          ? warm()
          : cold();
      return {
        theta: moved as typeof theta,
        state: { step: advance(state.step), ...next },
        loss: meanOverWorkers(each.loss),
        metrics: { bytesSent: bytes },
      };
    },
  };
}

/** A step of LAMB. */
function warmed(
  rule: Required<OneBitLambOptions>,
  theta: Tree,
  gradient: unknown,
  state: OneBitLambState,
): Moved {
  const { kept1, kept2, eps, decay, rate, ratioBeta } = valuesAt(rule, state.step);
  const mix = (mean: Tree, of: unknown, kept: ValueFor): Tree =>
    mapFloats((m, g) => m.mul(kept(m)).add(g!.mul(oneMinus(kept(m)))), mean, of);
  const firstMoment = mix(state.firstMoment, gradient, kept1);
  const squares = mapFloats((g) => g.mul(g), gradient);
  const secondMoment = mix(state.secondMoment, squares, kept2);
  const ratios: Tensor[] = [];
  const moved = mapFloats(
    (x, m, s) => {
      const update = m!.div(root(s!).add(eps(x))).add(x.mul(decay(x)));
      const free = trustRatio(globalNorm(x), globalNorm(update));
      const ratio = np.clip(free, ...rule.ratioRange) as Tensor;
      const before = state.ratios[ratios.length]!;
      ratios.push(before.mul(ratioBeta(x)).add(ratio.mul(oneMinus(ratioBeta(x)))));
      return x.sub(update.mul(ratio).mul(rate(x)));
    },
    theta,
    firstMoment,
    secondMoment,
  );
  const bytes = tree.scalar(bytesOf(theta), "float64");
  const { factors, compressor } = state;
  return { theta: moved, firstMoment, secondMoment, fresh: secondMoment, ratios, factors, compressor, bytes };
}

/** A step with what is known from the warm-up. */
function compressed(
  rule: Required<OneBitLambOptions>,
  theta: Tree,
  gradients: unknown,
  state: OneBitLambState,
  key: Key,
): Moved {
  const { kept1, kept2, eps, decay, rate, factorStep } = valuesAt(rule, state.step);
  const local = mapFloats(
    (g, m) => m!.mul(kept1(m!)).add(g.mul(oneMinus(kept1(m!)))),
    gradients,
    state.firstMoment,
  );
  const sent = reduceOver(rule.compressor, local as Tree, state.compressor, key);
  const fresh = mapFloats(
    (v, now, m) => {
      const g = now!.sub(m!.mul(kept1(v))).div(oneMinus(kept1(v)));
      return v.mul(kept2(v)).add(g.mul(g).mul(oneMinus(kept2(v))));
    },
    state.fresh,
    sent.mean,
    state.firstMoment,
  );
  const factors: Tensor[] = [];
  const moved = mapFloats(
    (x, m, s, v) => {
      const [size, now] = [root(s!).add(eps(x)), root(v!).add(eps(x))];
      const adam = m!.div(size);
      const update = adam.add(x.mul(decay(x)));
      const share = np.minimum(trustRatio(globalNorm(adam), globalNorm(update)), 1) as Tensor;
      const whole = x.size === 0 ? np.ones([], { dtype: x.dtype }) : (size.div(now).max() as Tensor);
      const held = np.clip(whole.mul(share).add(share.neg().add(1)), ...rule.factorRange) as Tensor;
      const before = state.factors[factors.length]!;
      const change = before.mul(factorStep(x));
      const factor = np.minimum(np.maximum(held, before.sub(change)), before.add(change)) as Tensor;
      const ratio = state.ratios[factors.length]!;
      factors.push(factor);
      return x.sub(update.mul(ratio.mul(factor)).mul(rate(x)));
    },
    theta,
    sent.mean,
    state.secondMoment,
    fresh,
  );
  const { secondMoment, ratios } = state;
  const { states: compressor, bytes } = sent;
  return { theta: moved, firstMoment: sent.mean, secondMoment, fresh, ratios, factors, compressor, bytes };
}

type Names = "kept1" | "kept2" | "eps" | "decay" | "rate" | "ratioBeta" | "factorStep";

function valuesAt(rule: Required<OneBitLambOptions>, step: Tensor): Record<Names, ValueFor> {
  return {
    kept1: atStep(rule.beta1, step),
    kept2: atStep(rule.beta2, step),
    eps: atStep(rule.eps, step),
    decay: atStep(rule.weightDecay, step),
    rate: atStep(rule.learningRate, step),
    ratioBeta: atStep(rule.ratioBeta, step),
    factorStep: atStep(rule.factorStep, step),
  };
}

function requireOptions(rule: Required<OneBitLambOptions>): Required<OneBitLambOptions> {
  requireMomentOptions("oneBitLamb", rule);
  requireHyperparameter("oneBitLamb", "weightDecay", rule.weightDecay, atLeast0);
  requireHyperparameter("oneBitLamb", "ratioBeta", rule.ratioBeta, belowOne);
  requireHyperparameter("oneBitLamb", "factorStep", rule.factorStep, belowOne);
  requireNormRange("oneBitLamb", "ratioRange", rule.ratioRange);
  requireNormRange("oneBitLamb", "factorRange", rule.factorRange);
  requireInteger("oneBitLamb", "workers", rule.workers, 1);
  requireInteger("oneBitLamb", "warmupSteps", rule.warmupSteps, 1);
  requireCompressor("oneBitLamb", rule.compressor);
  return rule;
}

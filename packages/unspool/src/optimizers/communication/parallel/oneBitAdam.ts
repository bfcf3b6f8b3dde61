/**
 * 1-bit Adam (Tang, Gan, Awan, Rajbhandari, Li, Lian, Liu, Zhang & He, ICML 2021, Algorithm 1): Adam for a while, then
 * its second moment stays as it is, which makes it momentum SGD with a diagonal preconditioner, and the momentum is
 * what is compressed.
 *
 *     t < warmupSteps:   Adam on mean_w g_w
 *     then:              m_w = beta1 · m + (1 - beta1) · g_w,   m ← mean_w C(m_w)          (C with error feedback)
 *                        θ ← θ - learningRate · m / (√s + eps)                             (s: of the last Adam step)
 *
 * The moments keep no bias of their start: they are divided by the sums of their weights as in `adam`. 1-bit Adam
 * compresses the mean once more on its way back; here the server is not a bottleneck, and sends it whole.
 */
import { type Key, type Tensor, type Tree, np, random, tree, valueAndGrad } from "../../../array/index.ts";
import { requireInteger } from "../../../errors.ts";
import { type AdamOptions, type AdamState, adamDefaults, adamDirection } from "../../rules/adamMoments.ts";
import { initMoments, requireAdamOptions } from "../../rules/adamMoments.ts";
import type { Compressor } from "../compression/compressor.ts";
import { errorFeedback, requireCompressor } from "../compression/errorFeedback.ts";
import { forWorkers, meanOverWorkers, reduceOver } from "../compression/reduceOver.ts";
import { scaledSign } from "../compression/scaledSign.ts";
import { asType, atStep, oneMinus, withDefaults } from "../../hyperparameter.ts";
import { advance, counter, mapFloats, root } from "../../leaves.ts";
import type { ObjectiveOptimizer } from "../../objective/objective.ts";
import { bytesOf, shardsOf } from "./shards.ts";

export interface OneBitAdamOptions extends AdamOptions {
  /** Parts of the batch. Default 4. */
  workers?: number;
  /** Steps of plain Adam. Default 100; the paper takes 15 to 25 % of all steps. */
  warmupSteps?: number;
  /** Of the momentum. Default "errorFeedback(scaledSign)". */
  compressor?: Compressor;
}

export type OneBitAdamState = {
  step: Tensor;
  adam: AdamState;
  /** Memory of the compressor, [workers, …]. */
  compressor: Tree;
};

export const oneBitAdamDefaults: Required<OneBitAdamOptions> = {
  ...adamDefaults,
  workers: 4,
  warmupSteps: 100,
  compressor: errorFeedback(scaledSign(), { units: "gradient" }),
};

/**
 * One bit per element after the warm-up, of which a compiled step has a program of its own. The metric `bytesSent` is
 * per worker and step. Cost: the gradients of the parts, two copies of theta, and per worker the compressor's memory.
 */
export function oneBitAdam(options: OneBitAdamOptions = {}): ObjectiveOptimizer<OneBitAdamState> {
  const rule = withDefaults("oneBitAdam", options, oneBitAdamDefaults);
  const { workers, warmupSteps, compressor } = rule;
  requireAdamOptions("oneBitAdam", rule);
  requireInteger("oneBitAdam", "workers", workers, 1);
  requireInteger("oneBitAdam", "warmupSteps", warmupSteps, 1);
  requireCompressor("oneBitAdam", compressor);
  return {
    name: "oneBitAdam",
    init: (theta) => ({
      step: counter(),
      adam: initMoments(theta),
      compressor: forWorkers(compressor.init(theta), workers),
    }),
    phaseAt: (step) => ({ warmup: step < warmupSteps }),
    step(theta, state, objective, { key, phase }) {
      const each = shardsOf("oneBitAdam", objective, workers).map((shard) => {
        const [loss, gradient] = valueAndGrad((at: typeof theta) => shard.loss(at))(theta);
        return { loss, gradient };
      }, {});
      const rate = atStep(rule.learningRate, state.step);
      const warm = (): Moved => ({
        ...adamMoved(rule, meanOverWorkers(each.gradient), state),
        bytes: tree.scalar(bytesOf(theta), "float64"),
      });
      const cold = (): Moved => compressedMoved(rule, each.gradient, state, random.foldIn(key, "compressor"));
      // Where the step is not known before, both are computed and one is taken.
      const isWarm = state.step.less(np.array(warmupSteps, { dtype: "int32" }));
      const moved =
        phase === undefined
          ? tree.select(isWarm, warm(), cold())
          : phase["warmup"] === true
            ? warm()
            : cold();
      return {
        theta: mapFloats((x, d) => x.sub(d!.mul(rate(x))), theta, moved.direction),
        state: { step: advance(state.step), adam: moved.adam, compressor: moved.compressor },
        loss: meanOverWorkers(each.loss),
        metrics: { bytesSent: moved.bytes },
      };
    },
  };
}

interface Moved {
  direction: Tree;
  adam: AdamState;
  compressor: Tree;
  bytes: Tensor;
}

function adamMoved(rule: Required<OneBitAdamOptions>, gradient: unknown, state: OneBitAdamState) {
  const next = adamDirection<unknown>(rule, gradient, state.adam);
  return { direction: next.direction as Tree, adam: next.state, compressor: state.compressor };
}

function compressedMoved(
  rule: Required<OneBitAdamOptions>,
  gradients: unknown,
  state: OneBitAdamState,
  key: Key,
): Moved {
  const { firstMoment, secondMoment, firstWeight, secondWeight, step } = state.adam;
  const beta1 = atStep(rule.beta1, step);
  const [eps, epsRoot] = [atStep(rule.eps, step), atStep(rule.epsRoot, step)];
  const local = mapFloats(
    (g, m) => m!.mul(beta1(m!)).add(g.mul(oneMinus(beta1(m!)))),
    gradients,
    firstMoment,
  );
  const sent = reduceOver(rule.compressor, local as Tree, state.compressor, key);
  const weight = firstWeight.mul(beta1(firstWeight)).add(oneMinus(beta1(firstWeight)));
  // Before the first step of Adam, where this is computed and not taken.
  const known = np.where(secondWeight.equal(0), np.onesLike(secondWeight), secondWeight);
  const direction = mapFloats(
    (m, s) => {
      const scale = root(s!.div(asType(known, m.dtype)).add(epsRoot(m))).add(eps(m));
      return m.div(asType(weight, m.dtype)).div(scale);
    },
    sent.mean,
    secondMoment,
  );
  const adam = { ...state.adam, step: advance(step), firstMoment: sent.mean, firstWeight: weight };
  return { direction, adam, compressor: sent.states, bytes: sent.bytes };
}

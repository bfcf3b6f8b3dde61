/**
 * Flow annealed importance sampling bootstrap (Midgley, Stimper, Simm, Schölkopf and Hernández-Lobato, ICLR 2023): a flow
 * q is trained on a density p̃ that can only be evaluated, by the α-divergence, whose gradient
 *
 *     ∇ ∫ p̃^α q^(1-α) ∝ -E_g[∇ log q],    g ∝ p^α q^(1-α)
 *
 * is estimated at points that annealed importance sampling has moved from q to where q has too little mass. A buffer uses
 * each point several times: drawn ∝ w, and weighted by (q / q_old)^(1-α) for what the flow has changed since.
 */
import { type Key, Tensor, type Tree, np, random, tree } from "../../../array/index.ts";
import { NonFiniteError, ShapeError, show } from "../../../errors.ts";
import {
  type Method,
  type MethodStep,
  type StepMetrics,
  programFingerprint,
  requireFiniteValues,
  requireWholeState,
  shapes,
} from "../../../methods/index.ts";
import { compiled } from "../../../unroll/index.ts";
import type { AisResult, AisState } from "../ais/ais.ts";
import type { FlowParams } from "../flow.ts";
import { type AdaptiveClipState, adaptiveClip } from "./adaptiveClip.ts";
import { type BufferedContext, bufferedUpdates } from "./bufferedUpdates.ts";
import { type CheckedFab, type FabOptions, checkedFab, requireLogDensity } from "./fabOptions.ts";
import { type StepRecord, type Trained, gradientStep } from "./gradientStep.ts";
import { type SampleBuffer, addToBuffer, emptyBuffer } from "./sampleBuffer.ts";

export interface FabState {
  optimizer: Tree;
  /** Of losses by annealed importance sampling: a step size for each level. */
  sampler?: AisState;
  /** Where points are used again. */
  buffer?: SampleBuffer;
  /** Of adaptive clipping. */
  clip?: AdaptiveClipState;
}

/** What one outer step computes, all tensors. */
interface Outcome<Params> {
  theta: Params;
  state: FabState;
  records: StepRecord;
  chains?: ChainRecord;
}

interface ChainRecord {
  acceptance: Tensor;
  stepSizes: Tensor;
  effectiveShare: Tensor;
  validStarts: Tensor;
}

/**
 * Trains a flow on a log-density. An outer step is a batch of annealed chains and, with a buffer, several updates; while the
 * buffer holds fewer than `least` points, steps only fill it and have no loss. Metrics: `innerSteps` (evaluations of the
 * flow), `gradientNorm` (the mean before clipping), `skippedUpdates` (loss or gradient not finite), `aisShare` (effective
 * share of the chains), and `acceptance.j`, `stepSize.j` of each level. Throws `NonFiniteError` where no point of the flow
 * is valid.
 *
 * @example
 * const flow = realNvp({ dim: 2 });
 * setup: ({ steps }, key) => ({
 *   theta: flow.init(key),
 *   method: fab({ flow, logDensity: (x) => x.mul(x).sum(1).mul(-0.5) }),
 *   steps,
 * })
 */
export function fab<Params = FlowParams>(options: FabOptions<Params>): Method<Params, FabState> {
  const where = "fab";
  const checked = checkedFab(options);
  const { flow, loss, buffer, sampler, batch, optimizer } = checked;
  const isAnnealed = loss.points === "annealed" || loss.points === "annealedToP";
  const chains = (theta: Params, state: FabState, key: Key): AisResult =>
    sampler.run({
      start: flow.sampleAndLogProb(theta, random.foldIn(key, "start"), batch),
      logQ: (x) => flow.logProb(theta, x),
      logP: checked.logDensity,
      state: state.sampler!,
      key: random.foldIn(key, "chains"),
      ...(loss.points === "annealedToP" && { alpha: 1 }),
    });
  const fill = compiled(`${where}.fill`, (theta: Params, state: FabState, key: Key) => {
    const found = chains(theta, state, key);
    const next = { ...state, sampler: found.state, buffer: addToBuffer(state.buffer!, found) };
    return { state: next, chains: chainRecord(found) };
  });
  const step = compiled(`${where}.step`, (theta: Params, state: FabState, key: Key): Outcome<Params> => {
    const found = isAnnealed ? chains(theta, state, key) : undefined;
    const trained = trainedOf(theta, state);
    const next: FabState = { ...state, ...(found && { sampler: found.state }) };
    const outcome = (ended: Trained<Params>, records: StepRecord, own: FabState): Outcome<Params> => ({
      theta: ended.theta,
      state: { ...own, optimizer: ended.optimizer, ...(ended.clip && { clip: ended.clip }) },
      records,
      ...(found && { chains: chainRecord(found) }),
    });
    if (buffer === null || found === undefined) {
      const { trained: ended, record } = singleUpdate(checked, trained, found, key);
      return outcome(ended, stackOne(record), next);
    }
    const context: BufferedContext<Params> = { checked, buffer, found, key: random.foldIn(key, "buffer") };
    const done = bufferedUpdates(trained, state.buffer!, context);
    return outcome(done.trained, done.records, { ...next, buffer: done.buffer });
  });
  const costs = { fill: batch * sampler.evaluations, step: stepCost(checked, isAnnealed) };
  return {
    name: where,
    recipe: (theta, state) => ({
      target: targetRecipe(checked, tree.floatType(theta)),
      flow: { name: flow.name, dim: flow.dim },
      loss: { name: loss.name, batch, gradientClip: checked.gradientClip },
      ...(isAnnealed && { sampler: samplerRecipe(checked) }),
      ...(buffer && { buffer: { ...buffer, largestAdjustment: String(buffer.largestAdjustment) } }),
      optimizer: { name: optimizer.name, state: shapes(state.optimizer) },
    }),
    init(theta) {
      const dtype = tree.floatType(theta);
      tree.requireSame(where, "theta", flow.init(random.key(0)), theta);
      requireLogDensity(checked, dtype);
      return {
        optimizer: optimizer.init(theta),
        ...(isAnnealed && { sampler: sampler.init(dtype) }),
        ...(buffer && { buffer: emptyBuffer(buffer.most, flow.dim, dtype) }),
        ...(checked.gradientClip === "adaptive" && { clip: adaptiveClip(dtype) }),
      };
    },
    step(theta, state, key): MethodStep<Params, FabState> {
      if (buffer !== null) requireWholeState(where, state, "buffer.additions");
      if (buffer !== null && state.buffer!.additions.item() * batch < buffer.least) {
        const filled = fill(theta, state, key);
        const metrics = { innerSteps: costs.fill, ...chainMetrics(where, filled.chains) };
        return { theta, state: filled.state, loss: null, metrics };
      }
      const { theta: next, state: after, records, chains: chained } = step(theta, state, key);
      requireFiniteValues(where, "theta", next);
      const metrics: StepMetrics = {
        innerSteps: costs.step,
        ...recordMetrics(records),
        ...(chained && chainMetrics(where, chained)),
      };
      return { theta: next, state: after, loss: meanOfSound(records.loss), metrics };
    },
    evaluationTheta: (theta, state) => optimizer.evaluationTheta?.(state.optimizer, theta) ?? theta,
  };
}

/** Outer steps of `fab` that only fill its buffer. */
export function fabFillingSteps<Params>(options: FabOptions<Params>): number {
  const { buffer, batch } = checkedFab(options);
  return buffer === null ? 0 : Math.ceil(buffer.least / batch);
}

const trainedOf = <Params>(theta: Params, { optimizer, clip }: FabState): Trained<Params> => ({
  theta,
  optimizer,
  ...(clip && { clip }),
});

/** An update by a batch of points that are used once. */
function singleUpdate<Params>(
  checked: CheckedFab<Params>,
  trained: Trained<Params>,
  found: AisResult | undefined,
  key: Key,
): { trained: Trained<Params>; record: StepRecord } {
  const { flow, loss, logDensity, sampler, batch } = checked;
  const drawn = random.foldIn(key, "points");
  const points = found ?? pointsOf(checked, trained.theta, drawn);
  const of = loss.create();
  return gradientStep(trained, { optimizer: checked.optimizer, clip: checked.gradientClip }, (params) =>
    of({ flow, params, logDensity, alpha: sampler.options.alpha, batch, key: drawn, points }),
  );
}

/** Points of losses without chains. */
function pointsOf<Params>(
  { flow, loss, logDensity, batch, targetSamples }: CheckedFab<Params>,
  theta: Params,
  key: Key,
) {
  const none = np.zeros([batch]);
  if (loss.points === "target")
    return {
      x: requirePoints(targetSamples!(key, batch), [batch, flow.dim]),
      logW: none,
      logQ: none,
      logP: none,
    };
  if (loss.points === "own") return { x: none, logW: none, logQ: none, logP: none };
  const { x, logProb } = flow.sampleAndLogProb(theta, key, batch);
  return { x, logW: none, logQ: logProb, logP: logDensity(x) };
}

function requirePoints(x: Tensor, shape: readonly number[]): Tensor {
  if (Tensor.is(x) && x.shape.join() === shape.join()) return x;
  const hint = "Its second argument is how many points are wanted.";
  throw new ShapeError("fab", `targetSamples must give [${shape.join(", ")}], got ${show(x)}. ${hint}`);
}

const stackOne = (record: StepRecord): StepRecord => tree.map((leaf) => leaf.reshape([1]), record);

/** (Σ w)² / (n Σ w²). */
function chainRecord({ logW, acceptance, state, validStarts }: AisResult): ChainRecord {
  const known = np.where(np.isfinite(logW), logW, -Infinity) as Tensor;
  const w = np.exp(known.sub(known.max())) as Tensor;
  const effectiveShare = w.mean().mul(w.mean()).div(w.mul(w).mean());
  return { acceptance, stepSizes: state.stepSizes, effectiveShare, validStarts };
}

/** Evaluations of the flow. */
function stepCost<Params>({ sampler, batch, buffer, loss }: CheckedFab<Params>, isAnnealed: boolean): number {
  const drawn = isAnnealed ? sampler.evaluations : loss.points === "flow" ? 1 : 0;
  const fresh = buffer === null || buffer.draw === "age" ? 1 : 0;
  return batch * (drawn + fresh + (buffer?.updates ?? 0));
}

/** The log-density as a program, with the numbers in it. */
function targetRecipe<Params>({ flow, logDensity }: CheckedFab<Params>, dtype: "float32" | "float64") {
  try {
    const points = np.zeros([2, flow.dim], { dtype });
    const { program, numbers } = programFingerprint("logDensity", logDensity, [points]);
    return { program, numbers };
  } catch {
    // What cannot be traced has been said by `init`.
    return {};
  }
}

function samplerRecipe<Params>({ sampler: { options } }: CheckedFab<Params>) {
  const { levels, spacing, alpha, resampleBelow, transition } = options;
  return {
    levels,
    spacing,
    alpha,
    resampleBelow,
    transition: { name: transition.name, ...transition.options },
  };
}

/** Throws `NonFiniteError` where the whole batch was useless. */
function chainMetrics(where: string, chains: ChainRecord): Record<string, number> {
  if (chains.validStarts.item() === 0) {
    const hint = "Start from a flow that covers a part of the target's support, or widen `isValid`.";
    throw new NonFiniteError(
      where,
      `no point of the flow is valid: log q or log p̃ is not finite, or \`isValid\` refuses it, at all of them. ${hint}`,
      { quantity: "log-density" },
    );
  }
  const each = (name: string, values: Tensor): [string, number][] =>
    Array.from(values.data, (value, j): [string, number] => [`${name}.${j + 1}`, Number(value)]);
  const share = chains.effectiveShare.item();
  return {
    ...(Number.isFinite(share) && { aisShare: share }),
    ...Object.fromEntries([...each("acceptance", chains.acceptance), ...each("stepSize", chains.stepSizes)]),
  };
}

function recordMetrics({ gradientNorm, isSkipped }: StepRecord): {
  gradientNorm?: number;
  skippedUpdates: number;
} {
  const skippedUpdates = Array.from(isSkipped.data, Number).reduce((a, b) => a + b);
  const norm = meanOfSound(gradientNorm);
  return { ...(norm !== null && { gradientNorm: norm }), skippedUpdates };
}

/** The mean of what is finite; null of nothing. */
function meanOfSound(values: Tensor): number | null {
  const finite = Array.from(values.data, Number).filter(Number.isFinite);
  return finite.length === 0 ? null : finite.reduce((a, b) => a + b) / finite.length;
}

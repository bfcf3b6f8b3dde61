/**
 * The updates of one outer step with a buffer. By weight (Midgley et al., ICLR 2023, algorithm 1): points x are drawn ∝ w,
 *
 *     log a = (1 - α)(log q(x) - log q_old(x)),   loss = -mean(min(exp(log a), largest) log q(x)),
 *     log w += log a,   log q_old = log q(x)
 *
 * By age: one update on the fresh batch, and others on batches drawn whatever they weigh, -Σ w̄ log q(x).
 */
import { type Key, type Tensor, lax, np, random, scan, tree } from "../../../array/index.ts";
import type { AisResult } from "../ais/ais.ts";
import type { CheckedBuffer, CheckedFab } from "./fabOptions.ts";
import { type StepRecord, type Trained, gradientStep } from "./gradientStep.ts";
import { fabLosses } from "./losses.ts";
import { type SampleBuffer, type WeightedPoints, addToBuffer, adjustBuffer, drawByAge, drawByWeight, takeFromBuffer } from "./sampleBuffer.ts"; // prettier-ignore

export interface BufferedContext<Params> {
  checked: CheckedFab<Params>;
  buffer: CheckedBuffer;
  /** The fresh batch. */
  found: AisResult;
  key: Key;
}

interface Done<Params> {
  trained: Trained<Params>;
  buffer: SampleBuffer;
  /** Leaves have a first axis of updates. */
  records: StepRecord;
}

/** Adds the fresh batch and updates the flow, traced. */
export function bufferedUpdates<Params>(
  trained: Trained<Params>,
  state: SampleBuffer,
  context: BufferedContext<Params>,
): Done<Params> {
  const full = addToBuffer(state, context.found);
  return context.buffer.draw === "weight" ? byWeight(trained, full, context) : byAge(trained, full, context);
}

function byWeight<Params>(
  trained: Trained<Params>,
  full: SampleBuffer,
  { checked, buffer, key }: BufferedContext<Params>,
): Done<Params> {
  const { flow, batch, sampler, optimizer, gradientClip } = checked;
  const { alpha } = sampler.options;
  const places = drawByWeight(full, key, buffer.updates * batch);
  const drawn = takeFromBuffer(full, places.reshape([buffer.updates, batch]));
  type Row = { record: StepRecord; logQ: Tensor };
  const step = (at: Trained<Params>, points: WeightedPoints): [Trained<Params>, Row] => {
    // Points that were taken out have no weight, and are computed where nothing is infinite.
    const isThere = np.isfinite(points.logW) as Tensor;
    const x = np.where(isThere.reshape([batch, 1]), points.x, 0) as Tensor;
    const loss = (params: Params): Tensor => {
      const logQ = flow.logProb(params, x);
      const logFactor = (lax.stopGradient(logQ) as Tensor).sub(points.logQ).mul(1 - alpha);
      const factor = np.exp(
        np.minimum(logFactor, Math.min(Math.log(buffer.largestAdjustment), 80)),
      ) as Tensor;
      const isSound = np.logicalAnd(isThere, np.isfinite(logFactor)) as Tensor;
      return np.where(isSound, factor, 0).mul(logQ).mean().neg();
    };
    const { trained: next, record } = gradientStep(at, { optimizer, clip: gradientClip }, loss);
    return [next, { record, logQ: flow.logProb(buffer.adjustsAfter ? next.theta : at.theta, x) }];
  };
  const [ended, { record, logQ }] = scan(step, trained, drawn);
  const adjusted = adjustBuffer(full, places, logQ.reshape([buffer.updates * batch]), alpha);
  return { trained: ended, buffer: adjusted, records: record };
}

function byAge<Params>(
  trained: Trained<Params>,
  full: SampleBuffer,
  { checked, buffer, found, key }: BufferedContext<Params>,
): Done<Params> {
  const { batch, optimizer, gradientClip } = checked;
  const places = drawByAge(full, key, buffer.updates * batch, buffer.temperature);
  const old = takeFromBuffer(full, places.reshape([buffer.updates, batch]));
  const fresh: WeightedPoints = { x: found.x, logW: found.logW, logQ: found.logQ };
  const batches = tree.map(
    (one, others) => np.concatenate([one.reshape([1, ...one.shape]), others!], 0) as Tensor,
    fresh,
    old,
  );
  const of = fabLosses.create("fab");
  const step = (at: Trained<Params>, points: WeightedPoints): [Trained<Params>, StepRecord] => {
    const { trained: next, record } = gradientStep(at, { optimizer, clip: gradientClip }, (params) => {
      const logW = truncated(points.logW, buffer.truncatedShare);
      const { flow, logDensity, sampler } = checked;
      const own = { ...points, logW, logP: points.logQ };
      return of({
        flow,
        params,
        logDensity,
        alpha: sampler.options.alpha,
        batch,
        key: random.foldIn(key, "loss"),
        points: own,
      });
    });
    return [next, record];
  };
  const [ended, records] = scan(step, trained, batches);
  return { trained: ended, buffer: full, records };
}

/** The largest `share` of the log weights, brought down to the largest of the others. */
function truncated(logW: Tensor, share: number): Tensor {
  const n = logW.shape[0]!;
  const count = Math.floor(share * n);
  if (count === 0) return logW;
  return np.minimum(logW, (np.sort(logW) as Tensor).slice(n - 1 - count)) as Tensor;
}

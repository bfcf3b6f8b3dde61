/** Points of a density that can only be evaluated: a flow is trained by `fab`, and its points are weighted by p̃ / q. */
import { type Key, type Tensor, random } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import type { StepMetrics } from "../../methods/index.ts";
import { compiled } from "../../unroll/index.ts";
import type { LogDensity } from "./ais/annealedPoints.ts";
import { type WeightSummary, summariseWeights } from "./diagnostics/summariseWeights.ts";
import type { Flow, FlowParams } from "./flow.ts";
import { realNvp } from "./realNvp.ts";
import { splineFlow } from "./splineFlow.ts";
import { fab, fabFillingSteps } from "./training/fab.ts";
import type { FabOptions } from "./training/fabOptions.ts";

export interface SampleDensityOptions extends Omit<FabOptions, "flow" | "logDensity"> {
  /** log p̃ [n] of points [n, d], made of `np` functions; it need not be normalised. Of one point: `vmap(fn)`. */
  logDensity: LogDensity;
  /** d: numbers of a point. */
  dim: number;
  /** Points are angles from -pi to pi. Default false; not beside `flow`. */
  isCircular?: boolean;
  /** Default `realNvp({ dim, baseScale })`; of angles `splineFlow({ dim, isCircular: true })`. */
  flow?: Flow;
  /** About how far from 0 the density has mass: first deviation of the flow's points. Default 1; not beside `flow`. */
  baseScale?: number;
  /** Outer steps after the buffer is full. Default 500. */
  steps?: number;
  /** Default `random.key(0)`. */
  key?: Key;
  /** Told of each outer step. */
  onStep?(step: { step: number; steps: number; loss: number | null; metrics: StepMetrics }): void;
  /** Stops between two steps: what was trained so far is returned. */
  signal?: AbortSignal;
}

export interface DensitySampler {
  flow: Flow;
  theta: FlowParams;
  /** Outer steps that were taken. */
  steps: number;
  /** Points [count, d] and their log weights log p̃ - log q [count]. */
  draw(key: Key, count: number): { x: Tensor; logW: Tensor };
  /** log q [n] of points [n, d]. */
  logProb(x: Tensor): Tensor;
  /** Effective share and log Z by `count` points, default 10,000. */
  summary(count?: number, key?: Key): WeightSummary;
}

const own = ["dim", "isCircular", "flow", "baseScale", "steps", "key", "onStep", "signal"] as const;

/**
 * Trains a flow on a log-density and hands out its points. For a run that is logged, stopped and gone on with, use the
 * method `fab` in an experiment.
 *
 * @example
 * const sampler = sampleDensity({ logDensity: (x) => x.mul(x).sum(1).mul(-0.5), dim: 2, steps: 200 });
 * const { x, logW } = sampler.draw(random.key(1), 1000);
 * weightedMean(Array.from(x.slice([], 0).data, Number), logW);
 */
export function sampleDensity(options: SampleDensityOptions): DensitySampler {
  const where = "sampleDensity";
  requireKnownOptions(where, options, [...own, "logDensity", "sampler", "batch", "loss", "buffer", "optimizer", "gradientClip", "targetSamples"]); // prettier-ignore
  const {
    dim,
    isCircular = false,
    baseScale = 1,
    steps = 500,
    key = random.key(0),
    onStep,
    signal,
  } = options;
  requireInteger(where, "dim", dim, 1);
  requireInteger(where, "steps", steps, 1);
  for (const name of ["isCircular", "baseScale"] as const) {
    if (options.flow === undefined || options[name] === undefined) continue;
    const hint = "It makes the default flow; of angles take splineFlow({ dim, isCircular: true }).";
    throw new OptionError(where, name, options[name], "left out beside a flow of your own", hint);
  }
  const flow = options.flow ?? (isCircular ? splineFlow({ dim, isCircular }) : realNvp({ dim, baseScale }));
  if (flow.dim !== dim)
    throw new OptionError(
      where,
      "flow",
      `a flow of ${flow.dim} numbers`,
      `a flow of ${dim} numbers, as dim says`,
    );
  const names = Object.keys(options).filter((name) => !(own as readonly string[]).includes(name));
  const given = Object.fromEntries(names.map((name) => [name, options[name as keyof SampleDensityOptions]]));
  const training = { ...given, flow, logDensity: options.logDensity } as FabOptions;
  const method = fab(training);
  const all = steps + fabFillingSteps(training);
  let theta = flow.init(random.foldIn(key, "flow"));
  let state = method.init(theta, random.foldIn(key, "init"));
  let step = 0;
  while (step < all) {
    if (signal?.aborted === true) break;
    const made = method.step(theta, state, random.foldIn(random.foldIn(key, "step"), step));
    ({ theta, state } = made);
    step++;
    onStep?.({ step, steps: all, loss: made.loss, metrics: made.metrics });
  }
  return samplerOf(flow, options.logDensity, theta, step);
}

function samplerOf(flow: Flow, logDensity: LogDensity, theta: FlowParams, steps: number): DensitySampler {
  const drawing = new Map<number, (params: FlowParams, key: Key) => { x: Tensor; logW: Tensor }>();
  const draw: DensitySampler["draw"] = (key, count) => {
    requireInteger("sampleDensity", "count", count, 1);
    let program = drawing.get(count);
    if (program === undefined) {
      program = compiled("sampleDensity.draw", (params: FlowParams, at: Key) => {
        const { x, logProb } = flow.sampleAndLogProb(params, at, count);
        return { x, logW: logDensity(x).sub(logProb) };
      });
      drawing.set(count, program);
    }
    return program(theta, key);
  };
  const density = compiled("sampleDensity.logProb", (params: FlowParams, x: Tensor) =>
    flow.logProb(params, x),
  );
  return {
    flow,
    theta,
    steps,
    draw,
    logProb: (x) => density(theta, x),
    summary: (count = 10_000, key = random.key(1)) => summariseWeights(draw(key, count).logW),
  };
}

/**
 * How good a flow is, by points of its own, by exact points of the target where there are any, and by annealed importance
 * sampling to the target itself (α = 1, step sizes frozen). Points of the flow cannot see what the flow misses: a flow on one
 * of nine modes reports an effective share near 1 and a log Z that is too low by log 9. Forward measures see it.
 */
import { type Key, type Tensor, np, random } from "../../../array/index.ts";
import { requireInteger, requireKnownOptions } from "../../../errors.ts";
import { compiled } from "../../../unroll/index.ts";
import type { Ais, AisState } from "../ais/ais.ts";
import type { Flow, FlowParams } from "../flow.ts";
import type { DensityTarget } from "../targets/densityTarget.ts";
import { type Measured, meanOf } from "./measured.ts";
import { type ModeCoverage, modeCoverage } from "./modeCoverage.ts";
import { summariseWeights } from "./summariseWeights.ts";

export interface FlowDiagnosis {
  /** Effective share of points of the flow, weighted by p̃ / q. */
  effectiveShare: Measured;
  /** log of the mean of p̃ / q. */
  logZ: Measured;
  /** |log Ẑ - log Z| of batches, their mean: where log Z is known. */
  logZMiss?: Measured;
  /** The same two by annealed importance sampling to p, where a sampler is given. */
  annealedShare?: Measured;
  annealedLogZ?: Measured;
  /** E_p[log q], the log-likelihood, where p can be drawn from. */
  meanLogQ?: Measured;
  /** KL(p, q) = E_p[log p - log q], where log Z is known as well. */
  forwardKl?: Measured;
  /** 1 / E_p[p / q]. */
  forwardShare?: Measured;
  /** Where points of the flow lie, where modes are known. */
  coverage?: ModeCoverage;
}

export interface DiagnoseFlowOptions<Params = FlowParams> {
  /** What is measured. */
  flow: Flow<Params>;
  /** Its parameters. */
  theta: Params;
  /** What it should be; `logZ`, `sample` and `modes` are used where they are there. */
  target: DensityTarget;
  /** Of all points. */
  key: Key;
  /** Points of each kind; a multiple of `batch` is taken. Default 10,000. */
  samples?: number;
  /** Points of one call, and of one estimate of `logZMiss`. Default 1000. */
  batch?: number;
  /** Measures by chains too, with the step sizes of `samplerState`. */
  sampler?: Ais;
  /** Default the sampler's first. */
  samplerState?: AisState;
}

/** Measures a flow. Cost: `samples` evaluations of flow and target for points of the flow and of the target each. */
export function diagnoseFlow<Params>(options: DiagnoseFlowOptions<Params>): FlowDiagnosis {
  const where = "diagnoseFlow";
  requireKnownOptions(where, options, ["flow", "theta", "target", "key", "samples", "batch", "sampler", "samplerState"]); // prettier-ignore
  const { flow, theta, target, key, samples = 10_000, batch = 1000, sampler } = options;
  requireInteger(where, "batch", batch, 2);
  requireInteger(where, "samples", samples, 2);
  const count = Math.max(1, Math.round(samples / batch));
  const batches = <Out>(name: string, fn: (own: Params, at: Key) => Out): Out[] => {
    const program = compiled(`${where}.${name}`, fn);
    const from = random.foldIn(key, name);
    return Array.from({ length: count }, (_, i) => program(theta, random.foldIn(from, i)));
  };
  const own = batches("own", (params, at) => {
    const { x, logProb } = flow.sampleAndLogProb(params, at, batch);
    return { x, logW: target.logDensity(x).sub(logProb) };
  });
  const { effectiveShare, logZ } = summariseWeights(own.flatMap(({ logW }) => numbers(logW)));
  const { logZ: known, modes } = target;
  return {
    effectiveShare,
    logZ,
    ...(known !== undefined && {
      logZMiss: meanOf(own.map(({ logW }) => Math.abs(summariseWeights(logW).logZ.value - known))),
    }),
    ...(sampler !== undefined && annealed(options, sampler, batches)),
    ...(target.sample !== undefined && forward(options, batches)),
    ...(modes !== undefined && { coverage: modeCoverage(joined(own.map(({ x }) => x)), modes) }),
  };
}

type Batches<Params> = <Out>(name: string, fn: (own: Params, at: Key) => Out) => Out[];

function annealed<Params>(
  { flow, target, theta, batch = 1000, samplerState }: DiagnoseFlowOptions<Params>,
  sampler: Ais,
  batches: Batches<Params>,
): Pick<FlowDiagnosis, "annealedShare" | "annealedLogZ"> {
  const state =
    samplerState ?? sampler.init(flow.sample(theta, random.key(0), 1).dtype as "float32" | "float64");
  const runs = batches("annealed", (params, at) =>
    sampler.run({
      start: flow.sampleAndLogProb(params, random.foldIn(at, "start"), batch),
      logQ: (x) => flow.logProb(params, x),
      logP: target.logDensity,
      ...{ state, key: random.foldIn(at, "chains"), alpha: 1, isTuned: false },
    }),
  );
  const { effectiveShare, logZ } = summariseWeights(runs.flatMap(({ logW }) => numbers(logW)));
  return { annealedShare: effectiveShare, annealedLogZ: logZ };
}

function forward<Params>(
  { flow, target, batch = 1000 }: DiagnoseFlowOptions<Params>,
  batches: Batches<Params>,
): Pick<FlowDiagnosis, "meanLogQ" | "forwardKl" | "forwardShare"> {
  const found = batches("forward", (params, at) => {
    const x = target.sample!(at, batch);
    return { logQ: flow.logProb(params, x), logP: target.logDensity(x) };
  });
  const logQ = found.flatMap((one) => numbers(one.logQ));
  const meanLogQ = meanOf(logQ);
  const { logZ } = target;
  if (logZ === undefined) return { meanLogQ };
  const logRatio = found.flatMap((one) => numbers(one.logP)).map((log, i) => log - logZ - logQ[i]!);
  // Of E_p[p / q], whose inverse is the share: their relative errors are one.
  const { logZ: logMean } = summariseWeights(logRatio);
  const share = Math.exp(-logMean.value);
  return {
    meanLogQ,
    forwardKl: meanOf(logRatio),
    forwardShare: { value: share, error: share * logMean.error },
  };
}

const numbers = (x: Tensor): number[] => Array.from(x.data, Number);

const joined = (parts: readonly Tensor[]): Tensor => np.concatenate([...parts], 0) as Tensor;

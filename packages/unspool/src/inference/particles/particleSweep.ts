/**
 * One sweep of sequential Monte Carlo with twisted targets (Lawson, Raventós, Warrington and Linderman, NeurIPS 2022):
 *
 *     gamma_t(x_0 … x_t) = p(x_0 … x_t, y_0 … y_t) r_t(x_t),   r_{T-1} = 1
 *     w_t += log p(x_t | x_{t-1}) + log p(y_t | x_t) - log q_t(x_t) + log r_t(x_t) - log r_{t-1}(x_{t-1})
 *     log Z = sum over steps that resample, and the last, of  log mean exp w_t
 *
 * exp(log Z) is an unbiased estimate of p(y) for every twist. Steps 1 … T-1 are one loop of the compiled program.
 */
import { type Key, type ScanOptions, type Tensor, np, scan, tree } from "../../array/index.ts";
import { ShapeError } from "../../errors.ts";
import type { StateSpaceModel } from "../stateSpace/stateSpaceModel.ts";
import { logSumExp } from "./logSumExp.ts";
import type { Proposal } from "./proposals/proposal.ts";
import type { ResamplingCriterion } from "./resampling/criteria.ts";
import type { Resampler } from "./resampling/resampler.ts";
import { type ObservedSeries, hasFuture, knownObservations, presence } from "./series.ts";
import { type SweepState, type SweepRecord, type SweepRow, sweepStep } from "./sweepStep.ts";
import type { Twist } from "./twists/twist.ts";

/** What a sweep is made of. */
export interface SweepSettings<Model = unknown, ProposalParams = unknown, TwistParams = unknown> {
  readonly model: StateSpaceModel<Model>;
  readonly proposal: Proposal<Model, ProposalParams>;
  /** Without one all r_t are 1. */
  readonly twist?: Twist<Model, TwistParams> | undefined;
  /** K. */
  readonly particles: number;
  readonly resampler: Resampler;
  readonly criterion: ResamplingCriterion;
  /** Steps whose particles the way back keeps; see `scan`. Default "all". */
  readonly checkpoints?: ScanOptions["checkpoints"];
}

/** Parameters of the three parts, `{}` where a part has none. */
export interface ParticleTheta<Model = unknown, ProposalParams = unknown, TwistParams = unknown> {
  model: Model;
  proposal: ProposalParams;
  twist: TwistParams;
}

/** What a sweep has seen. */
export interface Sweep {
  /** log Z, scalar. */
  logEvidence: Tensor;
  /** x_t before resampling, [T, K, dx]. */
  states: Tensor;
  /** Log-weights w_t before resampling, [T, K]. */
  logWeights: Tensor;
  /** After step t place k is held by particle `ancestors[t, k]`, int32 [T, K]. */
  ancestors: Tensor;
  /** Whether step t has resampled, bool [T]. The last never does: it would change nothing. */
  resampled: Tensor;
  /** What each step adds to log Z, [T]: 0 where it has not resampled, except in the last row, which closes the sum. */
  logIncrements: Tensor;
  /** Log-probabilities of the ancestors that were drawn, [T], differentiable; 0 where nothing was drawn. */
  logAncestors: Tensor;
  /** Log-densities of draws that carry no derivatives, summed over particles, [T]; 0 where they do. */
  logDraws: Tensor;
}

/**
 * A sweep over one series; traced or not. Throws `ShapeError` where a twist does not give one number per particle and where
 * the rows of a proposal or twist are not as many as the steps.
 *
 * Cost: T · K draws and densities, and K^2 comparisons in each step that may resample.
 */
export function particleSweep<Model, ProposalParams, TwistParams>(
  settings: SweepSettings<Model, ProposalParams, TwistParams>,
  theta: ParticleTheta<Model, ProposalParams, TwistParams>,
  series: ObservedSeries,
  key: Key,
): Sweep {
  const length = series.y.shape[0]!;
  const clean: ObservedSeries = { ...series, y: knownObservations(series) };
  const rows = sweepRows(settings, theta, clean);
  const step = sweepStep(settings, theta, clean, key);
  const rowOf = (pick: (leaf: Tensor) => Tensor): SweepRow => tree.map(pick, rows);
  const [begun, first] = step(
    undefined,
    rowOf((leaf) => leaf.slice(0)),
    tree.scalar(0, "int32"),
  );
  const records = tree.map((leaf: Tensor) => leaf.reshape([1, ...leaf.shape]), first);
  if (length === 1) return finished(begun, records);
  const [end, rest] = scan(
    (carry: SweepState, row: SweepRow, k: Tensor): [SweepState, SweepRecord] =>
      step(carry, row, k.add(tree.scalar(1, "int32"))),
    begun,
    rowOf((leaf) => leaf.slice([1, null])),
    { length: length - 1, checkpoints: settings.checkpoints ?? "all" },
  );
  return finished(
    end,
    tree.map((a: Tensor, b) => np.concatenate([a, b!], 0) as Tensor, records, rest),
  );
}

/** The increments with the last one, and their sum. A last step that comes after resampling closes with 0 by itself. */
function finished({ logWeights }: SweepState, records: SweepRecord): Sweep {
  const closing = logSumExp(logWeights).sub(Math.log(logWeights.shape[0]!));
  const logIncrements = np.concatenate(
    [records.logIncrements.slice([0, -1]), closing.reshape([1])],
    0,
  ) as Tensor;
  return { ...records, logIncrements, logEvidence: logIncrements.sum() };
}

/** What is computed of the series once, by step. The twist is not asked about the last step: its row is the one before. */
function sweepRows<Model, ProposalParams, TwistParams>(
  { proposal, twist }: SweepSettings<Model, ProposalParams, TwistParams>,
  theta: ParticleTheta<Model, ProposalParams, TwistParams>,
  series: ObservedSeries,
): SweepRow {
  const length = series.y.shape[0]!;
  const ofTwist = twist?.rows?.(theta.twist, series, theta.model) ?? {};
  const ofProposal = proposal.rows?.(theta.proposal, series, theta.model) ?? {};
  requireRows(`twist "${twist?.name}"`, ofTwist, length);
  requireRows(`proposal "${proposal.name}"`, ofProposal, length);
  const asked = (leaf: Tensor): Tensor =>
    np.concatenate([leaf.slice([0, -1]), leaf.slice([length - 2, length - 1])], 0) as Tensor;
  const observed = presence(series);
  return {
    y: series.y,
    ...(observed === undefined ? {} : { observed, isAhead: hasFuture(series) }),
    proposal: ofProposal,
    twist: length === 1 ? ofTwist : tree.map(asked, ofTwist),
  };
}

function requireRows(what: string, rows: unknown, length: number): void {
  for (const [path, leaf] of tree.entries(rows)) {
    if (leaf.shape[0] === length) continue;
    const at = path === "" ? "" : ` at "${path}"`;
    const wanted = `rows${at} of the ${what} must have the ${length} steps of the series as their first axis`;
    throw new ShapeError("particleSweep", `${wanted}, got ${leaf.toString()}.`);
  }
}

/**
 * Annealed importance sampling (Neal 2001) from a flow q towards p^α q^(1-α), as FAB uses it (Midgley et al., ICLR 2023,
 * section 3). With levels β_1 … β_n between 0 and 1:
 *
 *     x ~ q;   log w = log f_β₁(x) - log q(x);   for j = 1 … n:  x ← move at f_βⱼ,  log w += log f_βⱼ₊₁(x) - log f_βⱼ(x)
 *
 * Since log f_β moves from log q to log f_1 linearly in β, each term is α (β_{j+1} - β_j)(log p̃ - log q). The mean of w is
 * ∫ f_1 for any number of levels and any transition that leaves f_β as it is. α = 1 has the target p itself.
 */
import { type Key, type Tensor, lax, nn, np, random, scan } from "../../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../../errors.ts";
import { type AisSpacing, aisBetas } from "./aisBetas.ts";
import { type AnnealedPath, type AnnealedPoints, type LogDensity, annealedPath, selectPoints, takePoints } from "./annealedPoints.ts"; // prettier-ignore
import { hmc } from "./hmc.ts";
import type { Transition } from "./transition.ts";

export interface AisOptions {
  /** Distributions between flow and target, n of at least 1. Default 4. */
  levels?: number;
  /** Where they lie, see `aisBetas`. Default "linear". */
  spacing?: AisSpacing;
  /** What moves the chains at each level. Default `hmc()`. */
  transition?: Transition;
  /** α of the target p^α q^(1-α), above 0. Default 2. */
  alpha?: number;
  /**
   * Chains are drawn anew by their weights where the effective share of the batch falls below this before a level
   * (sequential Monte Carlo; fab-jax has 0.3). Default 0: never.
   */
  resampleBelow?: number;
  /** Which points the target allows, bool [n]: others are never moved to. Default: all that are finite. */
  isValid?(x: Tensor): Tensor;
}

/** Step sizes, one for each level: tuned as chains are run, and frozen where they are evaluated. */
export interface AisState {
  /** [n]. */
  stepSizes: Tensor;
}

export interface AisRun {
  /** Points of q, and log q there; both are looked at as numbers, without derivatives. */
  start: { x: Tensor; logProb: Tensor };
  logQ: LogDensity;
  logP: LogDensity;
  state: AisState;
  key: Key;
  /** Default that of the options. */
  alpha?: number;
  /** Whether step sizes are tuned. Default true. */
  isTuned?: boolean;
}

export interface AisResult {
  /** [n, d]. */
  x: Tensor;
  /** log w, [n]. */
  logW: Tensor;
  /** log q(x), [n]. */
  logQ: Tensor;
  /** log p̃(x), [n]. */
  logP: Tensor;
  state: AisState;
  /** Mean acceptance probability of each level, [levels]. */
  acceptance: Tensor;
  /** Points of q that were valid, int32: others were replaced by valid ones; 0 makes the whole batch useless. */
  validStarts: Tensor;
}

export interface Ais {
  readonly options: Readonly<Required<Omit<AisOptions, "isValid">>>;
  readonly betas: readonly number[];
  /** Evaluations of flow and target per chain, that of the start included. */
  readonly evaluations: number;
  init(dtype?: "float32" | "float64"): AisState;
  /** A batch of chains; made of `np` functions, to be compiled. */
  run(parts: AisRun): AisResult;
}

/** A sampler by annealed importance sampling. Cost: levels · (the transition's evaluations) + 1 per chain. */
export function ais(options: AisOptions = {}): Ais {
  requireKnownOptions("ais", options, [
    "levels",
    "spacing",
    "transition",
    "alpha",
    "resampleBelow",
    "isValid",
  ]);
  const { levels = 4, spacing = "linear", transition = hmc(), alpha = 2, resampleBelow = 0 } = options;
  const { isValid } = options;
  requireInteger("ais", "levels", levels, 1);
  requireAlpha("ais", alpha);
  requireTransition(transition);
  if (!(resampleBelow >= 0 && resampleBelow <= 1))
    throw new OptionError("ais", "resampleBelow", resampleBelow, "a share of the batch, from 0 to 1");
  const betas = aisBetas(levels, spacing);
  return {
    options: { levels, spacing, transition, alpha, resampleBelow },
    betas,
    evaluations: 1 + levels * transition.evaluations,
    init: (dtype = "float32") => ({ stepSizes: np.full([levels], transition.stepSize, { dtype }) }),
    run(parts) {
      const { needsGradients } = transition;
      const { logQ, logP, start, state, key, isTuned = true } = parts;
      const path = annealedPath({ alpha: parts.alpha ?? alpha, logQ, logP, needsGradients, isValid });
      const { points: first, count } = validPoints(path, start, random.foldIn(key, "replace"));
      const { dtype } = first.x;
      const { gap, rise } = weightsAlong(path);
      const at = (from: number): Tensor => np.array(betas.slice(from, from + levels), { dtype });
      const xs = {
        beta: at(1),
        next: at(2),
        stepSize: state.stepSizes,
        key: random.split(random.foldIn(key, "levels"), levels),
      };
      type Carry = { points: AnnealedPoints; logW: Tensor };
      const step = (carry: Carry, level: typeof xs): [Carry, { acceptance: Tensor; stepSize: Tensor }] => {
        const { points, logW } =
          resampleBelow > 0 ? resampled(carry, resampleBelow, random.foldIn(level.key, "resample")) : carry;
        const { beta, stepSize } = level;
        const moved = transition.move({ path, points, beta, stepSize, key: level.key });
        const weight = logW.add(rise(moved.points, level.next.sub(beta)));
        const next = isTuned ? tuned(transition, stepSize, moved.acceptance) : stepSize;
        return [
          { points: moved.points, logW: weight },
          { acceptance: moved.acceptance, stepSize: next },
        ];
      };
      const begin = { points: first, logW: gap(first).mul(path.alpha * betas[1]!) };
      const [end, each] = scan(step, begin, xs);
      const { x, logQ: atQ, logP: atP } = end.points;
      return {
        ...{ x, logQ: atQ, logP: atP, logW: end.logW },
        state: { stepSizes: each.stepSize },
        acceptance: each.acceptance,
        validStarts: count,
      };
    },
  };
}

/** Terms of the log weight. */
function weightsAlong({ alpha }: AnnealedPath) {
  const gap = ({ logP, logQ }: AnnealedPoints): Tensor => logP.sub(logQ);
  return { gap, rise: (points: AnnealedPoints, by: Tensor): Tensor => gap(points).mul(by.mul(alpha)) };
}

function tuned({ tuning }: Transition, stepSize: Tensor, acceptance: Tensor): Tensor {
  if (tuning === undefined) return stepSize;
  const isEasy = acceptance.greater(tuning.target);
  return np.where(isEasy, stepSize.mul(tuning.factor), stepSize.div(tuning.factor)) as Tensor;
}

/** The start, with points that are not valid replaced by valid ones, drawn uniformly; and how many were valid. */
function validPoints(
  path: AnnealedPath,
  { x, logProb }: AisRun["start"],
  key: Key,
): { points: AnnealedPoints; count: Tensor } {
  const still = lax.stopGradient(x) as Tensor;
  const found = { ...path.at(still), logQ: lax.stopGradient(logProb) as Tensor };
  const isValid = path.isValid(found);
  const n = x.shape[0]!;
  // The place of the k-th valid point for k = 1 … count.
  const rank = np.cumsum(isValid.astype("int32")) as Tensor;
  const count = rank.slice(n - 1);
  const wanted = np.floor(random.uniform(key, [n]).mul(count.astype("float32"))) as Tensor;
  const place = np.searchsorted(rank, wanted.astype("int32").add(np.array(1, { dtype: "int32" }))) as Tensor;
  const chosen = np.minimum(place, n - 1) as Tensor;
  const others = takePoints(found, chosen.astype("int32"));
  return { points: selectPoints(isValid, found, others), count };
}

/** Multinomial resampling where the effective share is below `least`: log w ← logsumexp(log w) - log n. */
function resampled(
  { points, logW }: { points: AnnealedPoints; logW: Tensor },
  least: number,
  key: Key,
): { points: AnnealedPoints; logW: Tensor } {
  const n = logW.shape[0]!;
  const total = nn.logsumexp(logW);
  const logShare = total
    .mul(2)
    .sub(nn.logsumexp(logW.mul(2)))
    .sub(Math.log(n));
  const isPoor = logShare.less(Math.log(least));
  const cumulative = np.cumsum(nn.softmax(logW)) as Tensor;
  const u = random
    .uniform(key, [n])
    .astype(logW.dtype)
    .mul(cumulative.slice(n - 1));
  const drawn = np.minimum(np.searchsorted(cumulative, u), n - 1) as Tensor;
  const indices = np.where(isPoor, drawn.astype("int32"), np.arange(n)) as Tensor;
  return {
    points: takePoints(points, indices),
    logW: np.where(isPoor, np.broadcastTo(total.sub(Math.log(n)), [n]), logW) as Tensor,
  };
}

/** Throws `OptionError` unless α is a finite number above 0. */
export function requireAlpha(where: string, alpha: unknown): void {
  if (typeof alpha === "number" && Number.isFinite(alpha) && alpha > 0) return;
  const hint =
    "At 0 the target would be q itself; below 1 modes may be missed, and 2 has the least variance of importance weights.";
  throw new OptionError(where, "alpha", alpha, "a finite number above 0", hint);
}

function requireTransition(given: unknown): void {
  if (typeof given === "object" && given !== null && "move" in given && "stepSize" in given) return;
  const hint = typeof given === "function" ? `Call it: ${given.name}().` : undefined;
  throw new OptionError("ais", "transition", given, "a transition, such as hmc() or metropolis()", hint);
}

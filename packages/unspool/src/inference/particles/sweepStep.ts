/** One step of a sweep: draw, weigh, resample. The same function makes the first step, which has no carry, and all others. */
import { type Key, type Tensor, lax, np, random, tree } from "../../array/index.ts";
import { ShapeError } from "../../errors.ts";
import type { ParticleTheta, SweepSettings } from "./particleSweep.ts";
import { resampleStep } from "./resampling/resampleStep.ts";
import type { ObservedSeries } from "./series.ts";

/** What goes from one step to the next. log r of the parent is resampled with it. */
export interface SweepState {
  /** [K, dx]. */
  x: Tensor;
  /** [K]. */
  logTwist: Tensor;
  /** [K]. */
  logWeights: Tensor;
}

/** What a step leaves behind; `Sweep` says what each is. */
export interface SweepRecord {
  states: Tensor;
  logWeights: Tensor;
  ancestors: Tensor;
  resampled: Tensor;
  logIncrements: Tensor;
  logAncestors: Tensor;
  logDraws: Tensor;
}

/** What a step is told besides the particles. */
export interface SweepRow {
  y: Tensor;
  /** bool scalars: whether this step is observed, and whether a later one is. Left out where all are. */
  observed?: Tensor;
  isAhead?: Tensor;
  proposal: unknown;
  twist: unknown;
}

/** The step for a series in which what is not observed is 0. */
export function sweepStep<Model, ProposalParams, TwistParams>(
  settings: SweepSettings<Model, ProposalParams, TwistParams>,
  theta: ParticleTheta<Model, ProposalParams, TwistParams>,
  series: ObservedSeries,
  key: Key,
): (carry: SweepState | undefined, row: SweepRow, t: Tensor) => [SweepState, SweepRecord] {
  const { model, proposal, particles } = settings;
  const last = series.steps?.sub(1) ?? tree.scalar(series.y.shape[0]! - 1, "int32");
  const drawKey = random.foldIn(key, "particles");
  const ancestorKey = random.foldIn(key, "ancestors");
  const dtype = tree.floatType([theta, series.y]);
  return (carry, row, t) => {
    const isWithin = series.steps === undefined ? undefined : t.lessEqual(last);
    const prior =
      carry === undefined ? model.initial(theta.model) : model.transition(theta.model, carry.x, t);
    const parent = carry?.x ?? np.zeros([particles, model.stateSize], { dtype });
    const place = { prior, x: parent, t, row: row.proposal, model: theta.model, series };
    const q = proposal.propose(theta.proposal, place);
    const drawn = q.sample(random.foldIn(drawKey, t), q.batchShape.length === 0 ? [particles] : []);
    const x = q.isReparameterised ? drawn : (lax.stopGradient(drawn) as Tensor);

    const seen = model.emission(theta.model, x, t).logProb(row.y);
    let weight = row.observed === undefined ? seen : (np.where(row.observed, seen, 0) as Tensor);
    const logDensity = proposal.isPrior === true && q.isReparameterised ? undefined : q.logProb(x);
    if (proposal.isPrior !== true) weight = weight.add(prior.logProb(x)).sub(logDensity!);
    requireParticles(
      `the weights of model "${model.name}" and proposal "${proposal.name}"`,
      weight,
      particles,
    );
    const twisted = logTwist(settings, theta, { x, t, row }, { last, series });
    if (twisted !== undefined) weight = weight.add(twisted);
    if (twisted !== undefined && carry !== undefined) weight = weight.sub(carry.logTwist);
    if (isWithin !== undefined) weight = np.where(isWithin, weight, 0) as Tensor;

    const logWeights = carry === undefined ? weight : carry.logWeights.add(weight);
    const own = { logWeights, t, isAllowed: t.less(last), key: random.foldIn(ancestorKey, t) };
    const { move, ...after } = resampleStep(settings, own);
    const zero = np.zeros([], { dtype: logWeights.dtype });
    const logDraws = q.isReparameterised ? zero : logDensity!.sum();
    return [
      {
        x: move(x),
        logTwist: twisted === undefined ? np.zeros([particles], { dtype: logWeights.dtype }) : move(twisted),
        logWeights: after.logWeights,
      },
      {
        states: x,
        logWeights,
        ancestors: after.ancestors,
        resampled: after.resampled,
        logIncrements: after.logIncrement,
        logAncestors: after.logAncestor,
        logDraws: isWithin === undefined ? logDraws : (np.where(isWithin, logDraws, 0) as Tensor),
      },
    ];
  };
}

/** log r_t of the particles, 0 where nothing is observed any more; undefined without a twist. */
function logTwist<Model, ProposalParams, TwistParams>(
  { twist, particles }: SweepSettings<Model, ProposalParams, TwistParams>,
  theta: ParticleTheta<Model, ProposalParams, TwistParams>,
  { x, t, row }: { x: Tensor; t: Tensor; row: SweepRow },
  { last, series }: { last: Tensor; series: ObservedSeries },
): Tensor | undefined {
  const length = series.y.shape[0]!;
  if (twist === undefined || length === 1) return undefined;
  // At the last step it is asked about the one before: what it says there is finite, and not used.
  const asked = np.minimum(t, tree.scalar(length - 2, "int32")) as Tensor;
  const made = twist.logTwist(theta.twist, { x, t: asked, row: row.twist, model: theta.model, series });
  requireParticles(`twist "${twist.name}"`, made, particles);
  return np.where(row.isAhead ?? t.less(last), made, 0) as Tensor;
}

function requireParticles(what: string, made: unknown, particles: number): void {
  const shape = (made as Partial<Tensor> | undefined)?.shape;
  if (shape?.length === 1 && shape[0] === particles) return;
  throw new ShapeError(
    "particleSweep",
    `${what} must be one number per particle, [${particles}], got ${shape === undefined ? typeof made : String(made)}.`,
  );
}

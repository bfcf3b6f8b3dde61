/**
 * Evolution strategies over what is continuous, and a combinatorial search over what is discrete, with the same evaluations
 * (Song et al., "ES-ENAS: Efficient Evolutionary Optimization for Large Hybrid Search Spaces", arXiv:2101.07415). Of
 * f(m, theta), m discrete, one theta is shared by all m:
 *
 *     m_i proposed, g_i drawn;    f_i± = f(m_i, theta ± sigma g_i);    theta by the ES gradient of f_i±,
 *     and the controller is told (m_i, (f_i⁺ + f_i⁻) / 2)
 *
 * Both members of a pair have one choice: with two, their difference would hold that of the choices, and the variance of the
 * gradient would grow by Var_m(f) / (2 sigma²) |g|² a pair. The authors' code draws two (`shareWithinPair: false`).
 */
import {
  type Key,
  type Tensor,
  type Tree,
  random,
  randomStream,
  requireKey,
  tensorOf,
} from "../../array/index.ts";
import { NonFiniteError, OptionError, ShapeError } from "../../errors.ts";
import { vectorNorm } from "../../numerics/index.ts";
import { lossNumbers } from "../lossNumbers.ts";
import { requireSearchState } from "../requireSearchState.ts";
import type { Search } from "../search.ts";
import { inOrder } from "./choiceSpace.ts";
import { type CheckedEsEnasOptions, type EsEnasOptions, checkedEsEnasOptions } from "./esEnasOptions.ts";
import { type Rows, toldRows } from "./esEnasRows.ts";
import { floats, floatsOf, integers, integersOf } from "./hostTensors.ts";
import { type HybridPoint, requirePoint } from "./hybridSpace.ts";

export interface EsEnasState {
  /** Where it started: shapes and dtypes of candidates. */
  start: HybridPoint;
  /** float64 [d]. */
  theta: Tensor;
  /** Of the optimizer of theta. */
  optimizer: Tree;
  /** Of the estimator of gradients. */
  gradient: Tree;
  controller: Tree;
  /** Steps so far. */
  step: number;
  /** Choices of the last proposals, as they were proposed, int32 [rows, k]. */
  choices: Tensor | null;
  /** Directions that were asked for and not told of yet, float64 [n, d]. */
  asked: Tensor | null;
  /** Least loss of a candidate so far, with the constraint; Infinity before the first. */
  bestLoss: number;
}

const where = "esEnas";

/** Share of the evaluations of a step that may fail. */
const mostFailures = 0.4;

/**
 * ES-ENAS. Candidates are `{ choice: int32 [k], theta: float [d] }`: pairs in turn, theta + sigma g and theta - sigma g, and
 * then those of theta itself. Recommends the controller's best choice with theta. A pair with a loss that is not finite is
 * left out, and where more than 40 % of the evaluations of a step fail, that is a `NonFiniteError`.
 *
 * Metrics: `bestLoss`, `gradientNorm`, `exactLoss` (mean at theta itself, where it was measured), `failed` (evaluations,
 * where there were any), and those of the controller and the estimator.
 *
 * Cost: 2 · pairs + exactEvaluations evaluations a step; besides them d numbers per direction.
 *
 * @example
 * const space = hybridSpace({ discrete: choose(20, 200), continuous: 200 });
 * const method = askTell({ search: esEnas({ space, pairs: 32 }), evaluate: hybridLosses(loss) });
 */
export function esEnas(options: EsEnasOptions): Search<HybridPoint, EsEnasState> {
  const checked = checkedEsEnasOptions(options);
  const { space, optimizer, gradient, controller, proposalInterval } = checked;
  const { discrete, continuous: size } = space;
  return {
    name: where,
    recipe: checked.recipe,
    init(start) {
      requirePoint(where, space, start);
      const theta = floats(clipped(checked, Float64Array.from(start.theta.data)));
      return {
        start,
        theta,
        optimizer: optimizer.init(theta),
        gradient: gradient.init(size),
        controller: controller.init(discrete),
        ...{ step: 0, choices: null, asked: null, bestLoss: Infinity },
      };
    },
    ask(state, key) {
      requireState(state);
      requireKey(`${where}.ask`, key);
      const directions = drawn(checked, state, random.foldIn(key, "directions"));
      const rows = rowsOf(checked, directions.length / size);
      const isFresh = isProposing(checked, state, rows.proposals);
      const proposed = isFresh
        ? proposals(checked, state, random.foldIn(key, "choices"), rows.proposals)
        : { choices: state.choices!, controller: state.controller };
      return {
        candidates: candidates(checked, state, rows, directions, integersOf(proposed.choices)),
        state: {
          ...state,
          ...proposed,
          asked: floats(directions, [directions.length / size, size]),
        },
      };
    },
    tell(state, given) {
      requireState(state);
      const { asked, choices } = state;
      if (asked === null || choices === null)
        throw new OptionError(where, "tell", "losses", "called after ask", "Ask for candidates first.");
      const rows = rowsOf(checked, asked.shape[0]!);
      const told = toldRows(rows, constrained(checked, rows, integersOf(choices), given));
      requireFewFailures(told.failed, rows.candidates);
      const estimated = gradient.estimate(state.gradient, {
        directions: pickedRows(floatsOf(asked), told.kept, size),
        ...{ size, sigma: checked.sigma, plus: told.plus, minus: told.minus, current: told.exact },
      });
      const next = optimizer.update(floats(estimated.gradient), state.optimizer, state.theta);
      const isFeedback = state.step % proposalInterval === 0;
      const ofChoices = pickedRows(integersOf(choices), told.proposals, discrete.size);
      const bestLoss = told.losses.reduce((least, x) => Math.min(least, x), state.bestLoss);
      const after: EsEnasState = {
        ...state,
        theta: floats(clipped(checked, floatsOf(next.theta).slice())),
        optimizer: next.state,
        gradient: estimated.state,
        controller: isFeedback
          ? controller.feedback(discrete, state.controller, ofChoices, told.feedback)
          : state.controller,
        step: state.step + 1,
        asked: null,
        bestLoss,
      };
      return {
        state: after,
        metrics: {
          bestLoss,
          gradientNorm: vectorNorm(estimated.gradient),
          ...(told.exact !== undefined && { exactLoss: told.exact }),
          ...(told.failed > 0 && { failed: told.failed }),
          ...estimated.metrics,
          ...controller.stats?.(discrete, after.controller),
        },
      };
    },
    incumbent(state) {
      requireState(state);
      const { start, theta, controller: own } = state;
      const best = controller.best(discrete, own);
      return {
        choice: best === undefined ? start.choice : integers(inOrder(discrete, best)),
        theta: theta.astype(start.theta.dtype),
      };
    },
  };
}

const stateNames = ["start", "theta", "optimizer", "gradient", "controller", "step", "choices", "asked"];

function requireState(state: EsEnasState): void {
  requireSearchState(where, state, stateNames, ["theta", "start.theta", "start.choice"]);
}

function rowsOf({ entry, shareWithinPair, exactEvaluations }: CheckedEsEnasOptions, n: number): Rows {
  const members = entry.isPaired ? 2 : 1;
  const choicesPerDirection = shareWithinPair ? 1 : members;
  return {
    ...{ n, members, choicesPerDirection, exact: exactEvaluations },
    proposals: n * choicesPerDirection + exactEvaluations,
    candidates: n * members + exactEvaluations,
  };
}

function drawn(
  { gradient, ensemble, pairs, space: { continuous: size } }: CheckedEsEnasOptions,
  { gradient: state }: EsEnasState,
  key: Key,
): Float64Array {
  const stream = randomStream(key.data);
  return gradient.directions?.(state, stream, pairs, size) ?? ensemble.create(stream, pairs, size);
}

/** Between proposals choices stay, unless there are more candidates than before. */
function isProposing(
  { proposalInterval }: CheckedEsEnasOptions,
  { step, choices }: EsEnasState,
  count: number,
): boolean {
  return step % proposalInterval === 0 || choices === null || choices.shape[0]! !== count;
}

function proposals(
  { controller, space: { discrete } }: CheckedEsEnasOptions,
  state: EsEnasState,
  key: Key,
  count: number,
): { choices: Tensor; controller: Tree } {
  const proposed = controller.propose(discrete, state.controller, randomStream(key.data), count);
  if (proposed.choices.length !== count * discrete.size) {
    throw new ShapeError(
      where,
      `controller "${controller.name}" proposed ${proposed.choices.length} numbers for ${count} choices of ${discrete.size}.`,
    );
  }
  return { choices: integers(proposed.choices, [count, discrete.size]), controller: proposed.state };
}

function candidates(
  checked: CheckedEsEnasOptions,
  { start, theta }: EsEnasState,
  rows: Rows,
  directions: Float64Array,
  proposed: Int32Array,
): HybridPoint {
  const { sigma, space } = checked;
  const { discrete, continuous: size } = space;
  const center = floatsOf(theta);
  const thetas = new (start.theta.dtype === "float32" ? Float32Array : Float64Array)(rows.candidates * size);
  const choices = new Int32Array(rows.candidates * discrete.size);
  for (let i = 0; i < rows.candidates; i++) {
    const direction = Math.floor(i / rows.members);
    const isExact = direction >= rows.n;
    const step = isExact ? 0 : i % rows.members === 0 ? sigma : -sigma;
    const point = center.map((x, j) => (isExact ? x : x + step * directions[direction * size + j]!));
    thetas.set(clipped(checked, point), i * size);
    const from = proposalOf(rows, i) * discrete.size;
    choices.set(inOrder(discrete, proposed.subarray(from, from + discrete.size)), i * discrete.size);
  }
  return {
    choice: integers(choices, [rows.candidates, discrete.size]),
    theta: tensorOf(thetas, [rows.candidates, size], start.theta.dtype),
  };
}

/** Which proposal candidate i has. */
function proposalOf({ n, members, choicesPerDirection }: Rows, i: number): number {
  const paired = n * members;
  if (i >= paired) return n * choicesPerDirection + i - paired;
  return choicesPerDirection === members ? i : Math.floor(i / members);
}

/** Moved into the box, in place. */
function clipped({ space: { box } }: CheckedEsEnasOptions, theta: Float64Array): Float64Array {
  if (box === undefined) return theta;
  for (let j = 0; j < theta.length; j++) theta[j] = Math.min(Math.max(theta[j]!, box.low[j]!), box.high[j]!);
  return theta;
}

/** Losses with the constraint. */
function constrained(
  { constraint, space: { discrete } }: CheckedEsEnasOptions,
  rows: Rows,
  proposed: Int32Array,
  losses: ArrayLike<number>,
): Float64Array {
  const told = lossNumbers(where, losses, rows.candidates);
  if (constraint === undefined) return told;
  return told.map((loss, i) => {
    const from = proposalOf(rows, i) * discrete.size;
    return constraint.apply(inOrder(discrete, proposed.subarray(from, from + discrete.size)), loss);
  });
}

function requireFewFailures(failed: number, count: number): void {
  if (failed <= mostFailures * count) return;
  throw new NonFiniteError(
    where,
    `${failed} of the ${count} losses of this step are not finite, more than 40 %. Start nearer to where they are, or with a smaller sigma.`,
    { quantity: "loss", candidates: count, failed },
  );
}

/** Some rows, one after the other. */
function pickedRows<Numbers extends Float64Array | Int32Array>(
  all: Numbers,
  indices: readonly number[],
  size: number,
): Numbers {
  const picked = all.slice(0, indices.length * size) as Numbers;
  indices.forEach((row, i) => picked.set(all.subarray(row * size, (row + 1) * size), i * size));
  return picked;
}

/**
 * Integration of ds/dt = f(s, t) over a given time by steps whose sizes follow from an estimate of their error, as one scan
 * of a given number of attempts.
 *
 *     e = rms over all numbers of error / (absolute + relative · max(|s|, |s'|))
 *     accepted if e <= 1;   h <- h · clip(0.9 e^(-1/(q + 1)), 0.2, 5),   q the order of the embedded method
 *
 * Dormand and Prince 1980; control of the step and its first size: Hairer, Nørsett and Wanner, "Solving Ordinary
 * Differential Equations I", 1993, section II.4.
 */
import { type Tensor, lax, np, scan, tree } from "../../array/index.ts";
import {
  OptionError,
  requireInteger,
  requireKnownOptions,
  requireOneOf,
  requirePositive,
} from "../../errors.ts";
import { type Field, along, asTime, checkedField, weightedRates } from "./field.ts";
import { type Tableau, tableaux } from "./tableaux.ts";

export interface AdaptiveRungeKuttaOptions {
  /** Time over which is integrated, above 0: a number or a scalar. */
  duration: number | Tensor;
  /** Error that a step may have, as a share of each number of the state. Default 1e-6. */
  relativeTolerance?: number;
  /** The same for numbers near 0, in their own units. Default 1e-9. */
  absoluteTolerance?: number;
  /** Steps that are computed, rejected ones and those after the end (which do nothing) included. Default 64. */
  attempts?: number;
  /** "bogackiShampine" (order 3, for low accuracy) or "dormandPrince" (5). Default "dormandPrince". */
  method?: "bogackiShampine" | "dormandPrince";
  /** Size of the first step. Default: from the size of the field and of its change. */
  firstStep?: number | Tensor;
  /** t at the state, for a field that depends on it. Default 0. */
  time?: number | Tensor;
}

export interface AdaptiveResult<State> {
  /** The state at the end; NaN in all numbers where the attempts did not reach it. */
  state: State;
  /** bool scalar: the end was reached. */
  isComplete: Tensor;
  /** Time that was reached: the end, or how far the attempts led. */
  time: Tensor;
  /** int32 scalars: steps. */
  accepted: Tensor;
  rejected: Tensor;
  /** What the next step would be: `firstStep` of a call that goes on. */
  nextStep: Tensor;
}

interface Carry<State> {
  state: State;
  /** f at the state: the last stage of the step before. */
  rate: State;
  time: Tensor;
  step: Tensor;
  accepted: Tensor;
  rejected: Tensor;
}

const safety = 0.9;
const [largestFall, largestRise] = [0.2, 5];

/**
 * The state after a time. Differentiable: derivatives are those of the accepted steps with their sizes held fixed, exact to
 * the tolerance. Reverse mode needs a field whose derivatives are finite at rejected states, too. Cost: 6 evaluations of
 * the field per attempt (3 by "bogackiShampine"), all attempts whether needed or not.
 *
 * @example
 * const { state } = adaptiveRungeKutta((x) => x.neg(), np.array(1), { duration: 2 }); // exp(-2)
 */
export function adaptiveRungeKutta<State>(
  given: Field<State>,
  state: State,
  options: AdaptiveRungeKuttaOptions,
): AdaptiveResult<State> {
  const { attempts, method, duration, ...rule } = requireOptions(options);
  const field = checkedField("adaptiveRungeKutta", given, state);
  const dtype = tree.floatType(state);
  const tolerance = { relative: rule.relativeTolerance, absolute: rule.absoluteTolerance };
  const tableau = tableaux[method];
  const start = asTime(rule.time, dtype);
  const end = start.add(asTime(duration, dtype));
  const rate = field(state, start);
  const none = tree.scalar(0, "int32");
  const first: Carry<State> = {
    state,
    rate,
    time: start,
    step: asTime(
      rule.firstStep ??
        lax.stopGradient(firstStepOf(field, { state, rate, time: start }, tableau, tolerance)),
      dtype,
    ),
    accepted: none,
    rejected: none,
  };
  const attempt = (carry: Carry<State>): [Carry<State>, undefined] => [
    attempted(field, carry, end, tableau, tolerance),
    undefined,
  ];
  const [last] = scan(attempt, first, null, { length: attempts });
  const isComplete = last.time.greaterEqual(end);
  return {
    state: tree.map((leaf: Tensor) => np.where(isComplete, leaf, tree.scalar(NaN, leaf.dtype)), last.state),
    isComplete,
    time: last.time,
    accepted: last.accepted,
    rejected: last.rejected,
    nextStep: last.step,
  };
}

interface Tolerance {
  relative: number;
  absolute: number;
}

function attempted<State>(
  field: Field<State>,
  { state, rate, time, step, accepted, rejected }: Carry<State>,
  end: Tensor,
  { stages, times, errors, order }: Tableau,
  tolerance: Tolerance,
): Carry<State> {
  const left = end.sub(time);
  const isRunning = left.greater(0);
  const isLast = step.greaterEqual(left);
  // 0 once the end is reached: what follows then leaves the state as it is.
  const h = np.where(isLast, left, step);
  const rates = [rate];
  let next = state;
  for (let i = 1; i < stages.length; i++) {
    // The last stage is at the next state: its row of the tableau are the weights.
    next = along(state, weightedRates(stages[i]!, rates), h);
    rates.push(field(next, time.add(h.mul(times[i]!))));
  }
  const error = along(
    tree.map((leaf: Tensor) => leaf.mul(0), state),
    weightedRates(errors!, rates),
    h,
  );
  const size = lax.stopGradient(errorNorm(error, [state, next], tolerance));
  const isFinite = size.less(Infinity);
  const isAccepted = np.logicalAnd(isRunning, size.lessEqual(1));
  const wish = np.power(np.maximum(np.where(isFinite, size, tree.scalar(1, size.dtype)), 1e-10), -1 / order);
  const factor = np.where(isFinite, np.clip(wish.mul(safety), largestFall, largestRise), largestFall);
  // A last step may have been cut short: it says little about the next one.
  const wanted = np.where(np.logicalAnd(isLast, isAccepted), np.maximum(step, h.mul(factor)), h.mul(factor));
  const count = (isCounted: Tensor): Tensor => isCounted.astype("int32");
  const chosen = (fresh: State, old: State): State =>
    tree.map((a: Tensor, b: Tensor) => np.where(isAccepted, a, b), fresh, old);
  return {
    state: chosen(next, state),
    rate: chosen(rates.at(-1)!, rate),
    time: np.where(isAccepted, np.where(isLast, end, time.add(h)), time),
    step: np.where(isRunning, lax.stopGradient(wanted), step),
    accepted: accepted.add(count(isAccepted)),
    rejected: rejected.add(count(np.logicalAnd(isRunning, np.logicalNot(isAccepted)))),
  };
}

/** Root of the mean square over all numbers, each in units of what it may be. */
function errorNorm<State>(error: State, states: readonly State[], { relative, absolute }: Tolerance): Tensor {
  const sizes = states.map((state) => tree.map((leaf: Tensor) => np.abs(leaf), state));
  const largest = sizes.reduce((a, b) => tree.map((x: Tensor, y: Tensor) => np.maximum(x, y), a, b));
  const shares = tree.map(
    (e: Tensor, size: Tensor) => np.square(e.div(size.mul(relative).add(absolute))).sum(),
    error,
    largest,
  );
  const sum = tree.leaves(shares).reduce((total, share) => total.add(share));
  return np.sqrt(sum.div(tree.size(error)));
}

/** A step at which an explicit Euler step has an error of about a hundredth, by the change of the field along it. */
function firstStepOf<State>(
  field: Field<State>,
  { state, rate, time }: Pick<Carry<State>, "state" | "rate" | "time">,
  { order }: Tableau,
  tolerance: Tolerance,
): Tensor {
  const norm = (x: State): Tensor => errorNorm(x, [state], tolerance);
  const [size, speed] = [norm(state), norm(rate)];
  const isTiny = np.logicalOr(size.less(1e-5), speed.less(1e-5));
  const guess = np.where(isTiny, 1e-6, size.mul(0.01).div(np.maximum(speed, 1e-5)));
  const there = field(along(state, rate, guess), time.add(guess));
  const change = tree.map((a: Tensor, b: Tensor) => a.sub(b), there, rate);
  const largest = np.maximum(speed, norm(change).div(guess));
  const byError = np.where(
    largest.lessEqual(1e-15),
    np.maximum(guess.mul(1e-3), 1e-6),
    np.power(np.maximum(largest, 1e-15).mul(100), -1 / order),
  );
  return np.minimum(guess.mul(100), byError);
}

const defaults = {
  relativeTolerance: 1e-6,
  absoluteTolerance: 1e-9,
  attempts: 64,
  method: "dormandPrince",
  time: 0,
} as const;

function requireOptions(
  options: AdaptiveRungeKuttaOptions,
): Required<Omit<AdaptiveRungeKuttaOptions, "firstStep">> & Pick<AdaptiveRungeKuttaOptions, "firstStep"> {
  const where = "adaptiveRungeKutta";
  requireKnownOptions(where, options, [
    "duration",
    "relativeTolerance",
    "absoluteTolerance",
    "attempts",
    "method",
    "firstStep",
    "time",
  ]);
  const rule = { ...defaults, ...options };
  for (const name of ["duration", "firstStep"] as const) {
    const value = rule[name];
    if (typeof value === "number") requirePositive(where, name, value);
    else if (value === undefined && name === "duration")
      throw new OptionError(where, name, value, "a number above 0 or a scalar");
  }
  requirePositive(where, "relativeTolerance", rule.relativeTolerance);
  requirePositive(where, "absoluteTolerance", rule.absoluteTolerance);
  requireInteger(where, "attempts", rule.attempts, 1);
  requireOneOf(where, "method", rule.method, ["bogackiShampine", "dormandPrince"]);
  return rule;
}

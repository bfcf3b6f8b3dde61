/**
 * One step of a fixed size along ds/dt = f(s, t), by an explicit Runge-Kutta method of order p: the error over a given
 * time falls as h^p.
 *
 *     k_i = f(s + h Σ_j a_ij k_j, t + c_i h),   s' = s + h Σ_i b_i k_i
 *
 * Hairer, Nørsett and Wanner, "Solving Ordinary Differential Equations I", 1993, chapter II.
 */
import { type Tensor, tree } from "../../array/index.ts";
import { requireKnownOptions, requireOneOf } from "../../errors.ts";
import { classicalRungeKutta } from "./classicalRungeKutta.ts";
import { type Field, along, asTime, checkedField, requireTime, weightedRates } from "./field.ts";
import { type Tableau, type TableauName, tableaux } from "./tableaux.ts";

export type RungeKuttaMethod = TableauName | "classical";

export interface RungeKuttaOptions {
  /** h, in units of time; negative to go back. A number or a scalar. */
  timeStep: number | Tensor;
  /**
   * "euler" (order 1, one evaluation of the field), "midpoint" and "heun" (2, two), "bogackiShampine" (3, three), "classical"
   * (4, four) or "dormandPrince" (5, six). Default "classical".
   */
  method?: RungeKuttaMethod;
  /** t at the state, for a field that depends on it. Default 0. */
  time?: number | Tensor;
}

/**
 * The state one time step later: a tree like `state`, whose leaves are tensors of floating-point numbers. Differentiable in
 * the state, in what the field holds, and in the time step. Throws `ShapeError` where the field returns another tree or
 * other shapes or dtypes, `OptionError` for a state of integers.
 *
 * @example
 * const oscillator = ({ x, v }) => ({ x: v, v: x.neg() });
 * const later = rungeKutta(oscillator, { x: np.array(1), v: np.array(0) }, { timeStep: 0.1 });
 * // later.x is cos 0.1, later.v is -sin 0.1, to seven digits.
 */
export function rungeKutta<State>(field: Field<State>, state: State, options: RungeKuttaOptions): State {
  const where = "rungeKutta";
  requireKnownOptions(where, options, ["timeStep", "method", "time"]);
  const { timeStep, method = "classical", time = 0 } = options;
  requireOneOf(where, "method", method, ["classical", ...Object.keys(tableaux)]);
  requireTime(where, "timeStep", timeStep);
  requireTime(where, "time", time);
  const checked = checkedField(where, field, state);
  const now = asTime(time, tree.floatType(state));
  if (method === "classical") return classicalRungeKutta(checked, state, now, timeStep);
  const tableau = tableaux[method];
  const rates = stagesOf(tableau, checked, state, now, timeStep);
  return along(state, weightedRates(tableau.weights, rates), timeStep);
}

/** k_1, …, k_n; the last of those that do not enter the result is left out. */
function stagesOf<State>(
  { stages, times, weights }: Tableau,
  field: Field<State>,
  state: State,
  time: Tensor,
  timeStep: number | Tensor,
): State[] {
  const rates: State[] = [];
  const used = weights.findLastIndex((weight) => weight !== 0) + 1;
  for (let i = 0; i < used; i++) {
    const at = i === 0 ? state : along(state, weightedRates(stages[i]!, rates), timeStep);
    const after = typeof timeStep === "number" ? timeStep * times[i]! : timeStep.mul(times[i]!);
    rates.push(field(at, time.add(after)));
  }
  return rates;
}

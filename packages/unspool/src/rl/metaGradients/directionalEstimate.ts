/**
 * Derivatives of any order of the expected return from trajectories, along one direction v of the logits: gradients of
 * D_v^k of the objective of Loaded DiCE,
 *
 *     sum_h A_h [ box(w_h) - box(w_h - l_h) ],   w_h = d w_{h-1} + l_h,   l_h = log pi_h,   box(x) = exp(x - stop(x)).
 *
 * `dice`: d = 1, A the discounted returns. `loadedDice`: d = `decay`, A by GAE(tau). `lvc`: d = 0.
 * Farquhar, Whiteson, Foerster, "Loaded DiCE", NeurIPS 2019.
 */
import { requireOneOf, requireKnownOptions } from "../../errors.ts";
import { type AdvantageOptions, advantages } from "./advantages.ts";
import { type DirectionalOptions, directionOf } from "./exactDirectional.ts";
import { type Jet, type JetShape, derivativesOf, logPolicyJets, writeBoxSeries, zeroJet } from "./jets.ts";
import { type PolicyTable, type TabularMdp, type Trajectory } from "../environments/tabularMdp.ts";

export interface DirectionalEstimateOptions extends DirectionalOptions, Omit<AdvantageOptions, "method"> {
  method: "dice" | "loadedDice" | "lvc";
}

/**
 * Estimates of orders 1, 2, …, each [d], averaged over trajectories: of what `exactDirectional` gives.
 * Cost: actions · order² operations per action.
 *
 * @example
 * const [gradient, second, third] = directionalEstimate(mdp, logits, trajectories, { method: "loadedDice", tau: 0, direction });
 */
export function directionalEstimate(
  mdp: TabularMdp,
  logits: PolicyTable,
  trajectories: readonly Trajectory[],
  options: DirectionalEstimateOptions,
): Float64Array[] {
  requireKnownOptions("directionalEstimate", options, [
    "method",
    "direction",
    "order",
    "decay",
    "tau",
    "values",
  ]);
  const name = "directionalEstimate";
  requireOneOf(name, "method", options.method, ["dice", "loadedDice", "lvc"]);
  const { direction, shape } = directionOf(name, mdp, options);
  const { carried, of } = advantages(name, mdp, logits, options);
  const logChances = logPolicyJets(logits, direction, shape);
  const sum = zeroJet(shape);
  const add = objective({
    actions: mdp.transitions.length,
    horizon: mdp.horizon,
    carried,
    logChances,
    shape,
  });
  for (const trajectory of trajectories) add(sum, trajectory, of(trajectory));
  return derivativesOf(sum, shape).map((values) => values.map((x) => x / trajectories.length));
}

interface Objective {
  actions: number;
  horizon: number;
  carried: number;
  logChances: Jet[][];
  shape: JetShape;
}

/**
 * Adds the gradients of one trajectory's objective. Forward, the power series of w_h and of both boxes; backward, the
 * weight of each grad l_h, which is the sum of the boxes that depend on it.
 */
function objective({ actions, horizon, carried, logChances, shape: { size, order } }: Objective) {
  const row = size + 1;
  const rows = () => Array.from({ length: horizon }, () => new Float64Array(order));
  const [after, before, running] = [rows(), rows(), new Float64Array(order)];
  return (to: Jet, trajectory: Trajectory, weights: Float64Array): void => {
    running.fill(0);
    for (let h = 0; h < horizon; h++) {
      const logChance = logChances[trajectory.states[h]!]![trajectory.actions[h]!]!;
      for (let k = 0; k < order; k++) running[k]! *= carried;
      writeBoxSeries(before[h]!, running, -weights[h]!);
      for (let k = 0; k < order; k++) running[k]! += logChance[k * row]!;
      writeBoxSeries(after[h]!, running, weights[h]!);
    }
    const weight = running.fill(0);
    for (let h = horizon - 1; h >= 0; h--) {
      const s = trajectory.states[h]!;
      const logChance = logChances[s]![trajectory.actions[h]!]!;
      const [first, own, earlier] = [1 + s * actions, after[h]!, before[h]!];
      for (let k = 0; k < order; k++) weight[k]! += own[k]!;
      for (let k = 0; k < order; k++) {
        for (let j = 0; j <= k; j++) {
          const factor = weight[k - j]!;
          for (let b = 0; b < actions; b++) {
            to[k * row + first + b]! += factor * logChance[j * row + first + b]!;
          }
        }
      }
      for (let k = 0; k < order; k++) weight[k] = carried * (weight[k]! + earlier[k]!);
    }
  };
}

/**
 * Derivatives of any order of the expected return from trajectories, along one direction v of the logits: gradients of
 * D_v^k of the objective of Loaded DiCE,
 *
 *     sum_h A_h [ box(w_h) - box(w_h - l_h) ],   w_h = d w_{h-1} + l_h,   l_h = log pi_h,   box(x) = exp(x - stop(x)).
 *
 * `dice`: d = 1, A the discounted returns. `loadedDice`: d = `decay`, A by GAE(tau). `lvc`: d = 0.
 * Farquhar, Whiteson, Foerster, "Loaded DiCE", NeurIPS 2019.
 */
import { requireOneOf } from "../errors.ts";
import { type AdvantageOptions, advantages } from "./advantages.ts";
import { type DirectionalOptions, directionOf } from "./exactDirectional.ts";
import {
  type Jet,
  type JetShape,
  addBoxJet,
  addScaledJet,
  derivativesOf,
  logPolicyJets,
  zeroJet,
} from "./jets.ts";
import { type PolicyTable, type TabularMdp, type Trajectory } from "./tabularMdp.ts";

export interface DirectionalEstimateOptions extends DirectionalOptions, Omit<AdvantageOptions, "method"> {
  method: "dice" | "loadedDice" | "lvc";
}

/**
 * Estimates of orders 1, 2, …, each [d], averaged over trajectories: of what `exactDirectional` gives.
 * Cost: d · order² operations per action.
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
  const name = "directionalEstimate";
  requireOneOf(name, "method", options.method, ["dice", "loadedDice", "lvc"]);
  const { direction, shape } = directionOf(name, mdp, options);
  const { carried, of } = advantages(name, mdp, logits, options);
  const logChances = logPolicyJets(logits, direction, shape);
  const sum = zeroJet(shape);
  for (const trajectory of trajectories) {
    addObjective(sum, trajectory, of(trajectory), { carried, logChances, shape });
  }
  return derivativesOf(sum, shape).map((values) => values.map((x) => x / trajectories.length));
}

function addObjective(
  to: Jet,
  { states, actions }: Trajectory,
  weights: Float64Array,
  { carried, logChances, shape }: { carried: number; logChances: Jet[][]; shape: JetShape },
): void {
  const running = zeroJet(shape);
  states.forEach((s, h) => {
    for (let i = 0; i < running.length; i++) running[i]! *= carried;
    addBoxJet(to, running, shape, -weights[h]!);
    addScaledJet(running, logChances[s]![actions[h]!]!, 1);
    addBoxJet(to, running, shape, weights[h]!);
  });
}

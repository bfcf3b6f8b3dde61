/**
 * Derivatives of any order of a softmax policy's return in a finite MDP, exactly: the gradients of D_v^k R for
 * k = 0 … order - 1 along one direction v of the logits, by dynamic programming on power series,
 *
 *     V_h(s) = sum_a p(a | s) (r(s, a) + g sum P V_{h+1}).
 */
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import {
  type JetShape,
  addBoxJet,
  addProductJet,
  addScaledJet,
  derivativesOf,
  logPolicyJets,
  zeroJet,
} from "./jets.ts";
import { type PolicyTable, type TabularMdp, policyOf } from "../environments/tabularMdp.ts";

export interface DirectionalOptions {
  /** v, [d], over logits flattened as state · actions + action. */
  direction: readonly number[];
  /** Highest order of derivative. Default 3. */
  order?: number;
}

/**
 * Derivatives of orders 1, 2, …, each [d]: gradient, Hessian times v, third derivative times v twice, ….
 * Cost: horizon · states² · actions · d · order operations and horizon · states · actions · d · order².
 *
 * @example
 * const [gradient, second, third] = exactDirectional(mdp, logits, { direction });
 */
export function exactDirectional(
  mdp: TabularMdp,
  logits: PolicyTable,
  options: DirectionalOptions,
): Float64Array[] {
  requireKnownOptions("exactDirectional", options, ["direction", "order"]);
  const { direction, shape } = directionOf("exactDirectional", mdp, options);
  const { transitions, rewards, start, horizon, discount } = mdp;
  const policy = policyOf(logits);
  const chances = logPolicyJets(logits, direction, shape).map((row, s) =>
    row.map((logChance, a) => {
      const jet = zeroJet(shape);
      addBoxJet(jet, logChance, shape, policy[s]![a]!);
      return jet;
    }),
  );
  let later = rewards.map(() => zeroJet(shape));
  for (let h = 0; h < horizon; h++) {
    later = rewards.map((row, s) => {
      const now = zeroJet(shape);
      row.forEach((reward, a) => {
        const q = zeroJet(shape);
        q[0] = reward;
        transitions[a]![s]!.forEach((p, to) => addScaledJet(q, later[to]!, discount * p));
        addProductJet(now, chances[s]![a]!, q, shape);
      });
      return now;
    });
  }
  const total = zeroJet(shape);
  start.forEach((p, s) => addScaledJet(total, later[s]!, p));
  return derivativesOf(total, shape);
}

/** Checked direction and the shape of its jets. */
export function directionOf(
  name: string,
  mdp: TabularMdp,
  { direction, order = 3 }: DirectionalOptions,
): { direction: Float64Array; shape: JetShape } {
  requireInteger(name, "order", order, 1);
  const size = mdp.rewards.length * mdp.transitions.length;
  if (direction.length !== size || !direction.every(Number.isFinite)) {
    throw new OptionError(name, "direction", direction, `${size} finite numbers`);
  }
  return { direction: Float64Array.from(direction), shape: { size, order } };
}

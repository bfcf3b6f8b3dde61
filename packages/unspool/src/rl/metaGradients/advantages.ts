/** Advantages of sampled actions and how far their dependencies reach, for estimates of derivatives of the return. */
import { OptionError, requireOneOf } from "../../errors.ts";
import { type PolicyTable, type TabularMdp, type Trajectory, valuesOf } from "../environments/tabularMdp.ts";

export interface AdvantageOptions {
  method: "dice" | "loadedDice" | "lvc" | "sampled";
  /** Of dependencies in "loadedDice", d. Default 1: unbiased. */
  decay?: number;
  /** Of generalised advantages: 1 (default) sums all residuals, 0 takes one. Without values, 1 is the return. */
  tau?: number;
  /**
   * Values V[h][state] that advantages subtract. Default: none for "dice", the exact ones for the others. "none": 0,
   * so that with tau 1 advantages are returns.
   */
  values?: "exact" | "none" | readonly (readonly number[])[];
}

export interface Advantages {
  /** What earlier actions keep of their weight at each step, d of the running sum. */
  carried: number;
  /** discount^h times the generalised advantage of each action. */
  of(trajectory: Trajectory): Float64Array;
}

/** Checked options as a function of trajectories; `name` is the function that errors speak of. */
export function advantages(
  name: string,
  mdp: TabularMdp,
  logits: PolicyTable,
  options: AdvantageOptions,
): Advantages {
  const { method, decay = 1, tau = 1, values = method === "dice" ? "none" : "exact" } = options;
  requireOneOf(name, "method", method, ["dice", "loadedDice", "lvc", "sampled"]);
  for (const [option, value] of Object.entries({ decay, tau })) {
    if (!(value >= 0 && value <= 1)) throw new OptionError(name, option, value, "a number from 0 to 1");
  }
  if (method === "dice" && (values !== "none" || tau !== 1)) {
    throw new OptionError(name, "values", values, '"none" with tau 1 for "dice"', 'Use "loadedDice".');
  }
  const zeros = Array.from({ length: mdp.horizon + 1 }, () => mdp.rewards.map(() => 0));
  const table = values === "exact" ? valuesOf(mdp, logits) : values === "none" ? zeros : values;
  return {
    carried: method === "dice" ? 1 : method === "loadedDice" ? decay : 0,
    of: (trajectory) => generalised(mdp, table, tau, trajectory),
  };
}

function generalised(
  { rewards, discount, horizon }: TabularMdp,
  values: readonly (readonly number[])[],
  tau: number,
  { states, actions, last }: Trajectory,
): Float64Array {
  const result = new Float64Array(horizon);
  let later = 0;
  for (let h = horizon - 1; h >= 0; h--) {
    const s = states[h]!;
    const next = h + 1 < horizon ? states[h + 1]! : last;
    const residual = rewards[s]![actions[h]!]! + discount * values[h + 1]![next]! - values[h]![s]!;
    later = residual + discount * tau * later;
    result[h] = later * discount ** h;
  }
  return result;
}

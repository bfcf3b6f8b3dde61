/** Finite Markov decision processes with a finite horizon as plain tables, and softmax policies over them. */
import { OptionError, requireInteger } from "../../errors.ts";

export interface TabularMdp {
  /** P[action][state][next state]. */
  readonly transitions: readonly (readonly (readonly number[])[])[];
  /** R[state][action]. */
  readonly rewards: readonly (readonly number[])[];
  /** Probabilities of the first state. */
  readonly start: readonly number[];
  /** Actions of a trajectory, H. */
  readonly horizon: number;
  /** Of rewards, per action. */
  readonly discount: number;
}

/** Logits [state][action] of a softmax policy. */
export type PolicyTable = readonly (readonly number[])[];

/** A trajectory, and its probability where it stands for all its like. */
export interface Trajectory {
  states: readonly number[];
  actions: readonly number[];
  /** After the last action. */
  last: number;
}

/** A checked MDP. */
export function tabularMdp(mdp: TabularMdp): TabularMdp {
  const { transitions, rewards, start, horizon, discount } = mdp;
  const [states, actions] = [rewards.length, transitions.length];
  requireInteger("tabularMdp", "horizon", horizon, 1);
  if (!(discount >= 0 && discount <= 1))
    throw new OptionError("tabularMdp", "discount", discount, "in [0, 1]");
  requireChances("start", start, states);
  transitions.forEach((table, a) => {
    if (table.length !== states)
      throw new OptionError("tabularMdp", `transitions[${a}]`, table, `a table of ${states} states`);
    table.forEach((row, s) => requireChances(`transitions[${a}][${s}]`, row, states));
  });
  rewards.forEach((row, s) => {
    if (row.length !== actions || !row.every(Number.isFinite))
      throw new OptionError("tabularMdp", `rewards[${s}]`, row, `${actions} finite numbers`);
  });
  return mdp;
}

function requireChances(path: string, row: readonly number[], count: number): void {
  const sum = row.reduce((total, p) => total + p, 0);
  if (row.length !== count || row.some((p) => !(p >= 0)) || Math.abs(sum - 1) > 1e-9) {
    throw new OptionError("tabularMdp", path, row, `${count} probabilities that sum to 1`);
  }
}

/** Probabilities [state][action] of logits. */
export function policyOf(logits: PolicyTable): number[][] {
  return logits.map((row) => {
    const largest = Math.max(...row);
    const weights = row.map((x) => Math.exp(x - largest));
    const sum = weights.reduce((total, w) => total + w, 0);
    return weights.map((w) => w / sum);
  });
}

/** Every trajectory that can occur, with the log-probability of its start and transitions (not of its actions). */
export function everyTrajectory({ transitions, start, horizon }: TabularMdp): {
  trajectory: Trajectory;
  logChance: number;
}[] {
  const found: { trajectory: Trajectory; logChance: number }[] = [];
  const visit = (states: number[], actions: number[], state: number, logChance: number): void => {
    if (actions.length === horizon) {
      found.push({ trajectory: { states, actions, last: state }, logChance });
      return;
    }
    transitions.forEach((table, action) =>
      table[state]!.forEach((p, next) => {
        if (p > 0) visit([...states, state], [...actions, action], next, logChance + Math.log(p));
      }),
    );
  };
  start.forEach((p, state) => {
    if (p > 0) visit([], [], state, Math.log(p));
  });
  return found;
}

/** Expected discounted rewards from each step on: V[h][state] for h = 0 … H, with V[H] = 0. */
export function valuesOf(mdp: TabularMdp, logits: PolicyTable): number[][] {
  const { transitions, rewards, horizon, discount } = mdp;
  const policy = policyOf(logits);
  const values = [rewards.map(() => 0)];
  for (let h = 0; h < horizon; h++) {
    const next = values[0]!;
    const after = (s: number, a: number) =>
      transitions[a]![s]!.reduce((sum, p, to) => sum + p * next[to]!, 0);
    values.unshift(
      rewards.map((row, s) =>
        row.reduce((sum, r, a) => sum + policy[s]![a]! * (r + discount * after(s, a)), 0),
      ),
    );
  }
  return values;
}

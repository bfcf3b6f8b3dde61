/** What is due at a step of K-FAC: known before it, or chosen by counters within a program. */
import { type Tensor, tree } from "../../array/index.ts";
import type { Phase } from "../objective/objective.ts";
import { type KfacRule, usesGamma } from "./kfacOptions.ts";

/** True or false where it is known while a step is traced, else a bool scalar. */
export type Flag = boolean | Tensor;

export interface Due {
  /** Inverses are recomputed. */
  refresh: Flag;
  /** Candidates for γ are tried. */
  adaptGamma: Flag;
  /** λ is adapted. */
  adaptDamping: Flag;
}

/** For the step after `step` steps. */
export function phaseOf(rule: KfacRule, step: number): Phase & { [K in keyof Due]: boolean } {
  const k = step + 1;
  return {
    refresh: k <= 3 || k % rule.inverseInterval === 0,
    adaptGamma: usesGamma(rule) && rule.adaptGamma && k % rule.gammaInterval === 0,
    adaptDamping: rule.adaptDamping && k % rule.dampingInterval === 0,
  };
}

/** The same from a phase or, without one, from the counter in the state. */
export function dueAt(rule: KfacRule, step: Tensor, phase: Phase | undefined): Due {
  if (phase !== undefined) {
    const { refresh, adaptGamma, adaptDamping } = phase;
    return { refresh: refresh!, adaptGamma: adaptGamma!, adaptDamping: adaptDamping! };
  }
  const k = step.add(tree.scalar(1, "int32"));
  const every = (interval: number): Flag =>
    interval === 1 ? true : k.mod(tree.scalar(interval, "int32")).equal(tree.scalar(0, "int32"));
  const isStart = k.lessEqual(tree.scalar(3, "int32"));
  const refresh = every(rule.inverseInterval);
  return {
    refresh:
      refresh === true
        ? true
        : asNumber(isStart)
            .add(asNumber(refresh as Tensor))
            .greater(0),
    adaptGamma: usesGamma(rule) && rule.adaptGamma && every(rule.gammaInterval),
    adaptDamping: rule.adaptDamping && every(rule.dampingInterval),
  };
}

/** `yes` where the flag holds, computed only if it can; else `no`. */
export function when<T>(flag: Flag, yes: () => T, no: T): T {
  if (typeof flag === "boolean") return flag ? yes() : no;
  return tree.select(flag, yes(), no);
}

function asNumber(flag: Tensor): Tensor {
  return flag.astype("int32");
}

/**
 * What Lookahead does to the state of its inner optimizer at a synchronisation.
 *
 *     keep:   nothing, also where it holds positions: the slow weights of a Lookahead inside stay where they are
 *     reset:  as new at the slow weights; schedule counters (`step`) go on
 *     pull:   first moment m ← m_slow + alpha · (m - m_slow), m_slow ← m; second moment and counters are kept
 */
import { type Tree, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import type { Optimizer } from "../optimizer.ts";

export type InnerStateAtSync = "keep" | "reset" | "pull";

type TreeRecord = { readonly [name: string]: Tree };

export interface Pull {
  slowMomentum: Tree | undefined;
  /** From the slow value a part of the way to the one of now. */
  towards(slow: Tree, now: Tree): Tree;
}

/** The inner state after a synchronisation at which theta became `slow`. */
export function innerStateAtSync<State extends Tree>(
  inner: Optimizer<State>,
  policy: InnerStateAtSync,
  state: State,
  slow: Tree,
  pull: Pull,
): { inner: State; slowMomentum?: Tree } {
  if (policy === "reset") return { inner: keepSteps(inner.init(slow), state) };
  if (policy === "keep") return { inner: state };
  const path = inner.momentum!.split(".");
  const slowMomentum = pull.towards(pull.slowMomentum!, at(state, path));
  return { inner: replace(state, path, slowMomentum) as State, slowMomentum };
}

/** Throws `OptionError` for "pull" around an optimizer that has no first moment. */
export function requireMomentum(inner: Optimizer): void {
  if (inner.momentum !== undefined) return;
  throw new OptionError(
    "lookahead",
    "innerState",
    "pull",
    `"keep" or "reset" around ${inner.name}, which has no momentum to pull`,
  );
}

/** The record that an optimizer's `momentum` names. */
export function momentumOf(state: Tree, path: string): Tree {
  return at(state, path.split("."));
}

/** `fresh` with the counters of `old` that drive schedules: `step`, `inner.step`, `inner.inner.step` … */
function keepSteps<State extends Tree>(fresh: State, old: State): State {
  return tree.mapWithPath((path, leaf, kept) => (/^(inner\.)*step$/.test(path) ? kept! : leaf), fresh, old);
}

function at(state: Tree, path: readonly string[]): Tree {
  return path.reduce((node, name) => (node as TreeRecord)[name]!, state);
}

function replace(state: Tree, [name, ...rest]: readonly string[], value: Tree): Tree {
  if (name === undefined) return value;
  const node = state as TreeRecord;
  return { ...node, [name]: replace(node[name]!, rest, value) };
}

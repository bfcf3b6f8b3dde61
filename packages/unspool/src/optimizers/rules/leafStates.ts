/**
 * States of which a leaf of theta has several tensors: an array in the order of the leaves, with a tree for each
 * floating-point leaf and an empty array for the others.
 */
import { type Tensor, type Tree, tree } from "../../array/index.ts";
import { isFloatLeaf, thetaEntries } from "../leaves.ts";

/** State of every leaf. */
export type LeafStates<State extends Tree> = readonly (State | readonly [])[];

export function initLeafStates<State extends Tree>(
  theta: unknown,
  init: (leaf: Tensor) => State,
): LeafStates<State> {
  return thetaEntries("optimizer", theta).map(([, leaf]) => (isFloatLeaf(leaf) ? init(leaf) : []));
}

/** The results of `fn` for all floating-point leaves: one in the structure of theta, and the next states. */
export function mapLeafStates<Theta, State extends Tree>(
  fn: (leaf: Tensor, state: State, ...rest: Tensor[]) => { result: Tensor; state: State },
  theta: Theta,
  states: LeafStates<State>,
  ...rest: unknown[]
): { result: Theta; states: LeafStates<State> } {
  const next: (State | readonly [])[] = [];
  const result = tree.map(
    (leaf, ...others) => {
      const state = states[next.length]!;
      const made = isFloatLeaf(leaf) ? fn(leaf, state as State, ...others) : { result: leaf, state };
      next.push(made.state);
      return made.result;
    },
    theta,
    ...rest,
  );
  return { result, states: next };
}

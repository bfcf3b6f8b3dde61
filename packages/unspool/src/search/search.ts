/**
 * The interface of search methods: asked for candidates, told their losses, and nothing else. What evaluates a
 * candidate (a whole trajectory, a simulator, a person) is not theirs to know. `methods/askTell.ts` makes a method of
 * one.
 */
import type { Key } from "../array/index.ts";
import type { Json } from "../json.ts";

/**
 * A search for the least loss over theta. Pure: state in, state out. State is data (tensors, numbers, strings, booleans
 * and null in records and arrays), so that a checkpoint can hold it; the arithmetic in it is float64, whatever theta's
 * dtypes, which the candidates have.
 *
 * @example
 * let state = search.init(theta, random.key(0));
 * for (let i = 0; i < 100; i++) {
 *   const asked = search.ask(state, random.foldIn(random.key(1), i));
 *   state = search.tell(asked.state, lossesOf(asked.candidates)).state;
 * }
 * const best = search.incumbent(state);
 */
export interface Search<Theta = unknown, State = unknown> {
  readonly name: string;
  /** Its options as data, compared when a run is resumed. */
  readonly recipe: { readonly [option: string]: Json };
  init(start: Theta, key: Key): State;
  /** Candidates stacked: every leaf has a first axis of `n` candidates. n may change from call to call. */
  ask(state: State, key: Key): { candidates: Theta; state: State };
  /** One loss per candidate, in their order. What is not finite has failed, and ranks last. */
  tell(state: State, losses: ArrayLike<number>): { state: State; metrics?: Record<string, number> };
  /** The point that it would recommend now. */
  incumbent(state: State): Theta;
}

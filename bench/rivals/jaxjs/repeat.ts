/** The loop around a compiled jax-js function, with a new start now and then. */
import * as jax from "@jax-js/jax";
import type { Runner } from "../../contestant.ts";

export type State = jax.JsTree<jax.Array>;

export interface Loop<S extends State> {
  start(): S;
  /** One outer update, number `index` since the start. Consumes the state. */
  update(state: S, index: number): S;
  restartEvery: number;
}

/** Waits for the results after every update: jax-js is lazy, and a queue that grows makes it slower. */
export function repeat<S extends State>({ start, update, restartEvery }: Loop<S>): Runner {
  let state = start();
  let index = 0;
  return {
    async run(updates) {
      for (let i = 0; i < updates; i++) {
        if (index === restartEvery) {
          jax.tree.dispose(state);
          state = start();
          index = 0;
        }
        state = update(state, index++);
        await jax.blockUntilReady(state);
      }
    },
  };
}

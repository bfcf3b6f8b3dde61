/** The loop around one outer update in TensorFlow.js, with a new start now and then. It computes eagerly. */
import * as tf from "@tensorflow/tfjs-core";
import type { Runner } from "../../contestant.ts";

export interface Loop {
  start(): tf.Tensor[];
  /** One outer update, number `index` since the start. What it does not return is disposed. */
  update(state: tf.Tensor[], index: number): tf.Tensor[];
  restartEvery: number;
}

export function repeat({ start, update, restartEvery }: Loop): Runner {
  let state = tf.tidy(start);
  let index = 0;
  return {
    run(updates) {
      for (let i = 0; i < updates; i++) {
        if (index === restartEvery) {
          tf.dispose(state);
          state = tf.tidy(start);
          index = 0;
        }
        const next = tf.tidy(() => update(state, index));
        tf.dispose(state.filter((old) => !next.includes(old)));
        state = next;
        index++;
      }
      // WebAssembly is synchronous: reading one result is only a formality.
      state[0]!.dataSync();
    },
  };
}

/** Steps that one machine takes, and all bits of what steps have come to, for tests. */
import type { Setup, StepRecord } from "./experiment.ts";
import { encodeState } from "./stateCodec.ts";
import { type TrainState, trainSteps } from "./trainSteps.ts";

export interface Taken {
  records: StepRecord[];
  state: TrainState;
}

export function takeAlone(setup: Setup, from: TrainState, steps: number): Taken {
  const records: StepRecord[] = [];
  let state = from;
  while (records.length < steps) {
    const done = trainSteps(setup, state, steps - records.length);
    records.push(...done.records);
    state = done.state;
  }
  return { records, state };
}

/** As text: a matcher takes seconds for the tensors of a state. */
export function bitsOf({ records, state }: Taken): string {
  const { structure, tensors } = encodeState(state, "state");
  const bytes = [...tensors].map(([name, { data, dtype, shape }]) => {
    const words = [...new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4)];
    return `${name} ${dtype}[${shape.join()}] ${words.map((word) => word.toString(16)).join()}`;
  });
  const told = records.map((record) => JSON.stringify({ ...record, durationMs: 0 }));
  return [JSON.stringify(structure), ...bytes.toSorted(), ...told].join("\n");
}

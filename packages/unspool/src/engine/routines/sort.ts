/** Sorts a vector in ascending order; -0 is before 0, and NaN is last. */
import { type Keys, keyBytes, keysOf, loadKey, mergeSort, storeKey } from "./mergeSort.ts";
import { type Routine, type RoutineShape, declare } from "./routine.ts";
import { pointTo, repeat } from "./scalar.ts";

export const sort: Routine = {
  name: "sort",
  coreRanks: () => ({ inputs: [1], outputs: [1] }),
  scratchBytes: (shape) => keyBytes(keysFor(shape)),
  emit(module, shape) {
    const { f, inputs, outputs, scratch } = declare(module, sort, shape);
    const [x, y] = [inputs[0]!, outputs[0]!];
    const keys = keysFor(shape);
    if (keys.length === 0) return f;
    const from = pointTo(f, x, 0, 0);
    const key = f.get(scratch).save("i32");
    const reading = [
      [from, x.stride],
      [key, keys.size],
    ] as const;
    repeat(f, keys.length, reading, () => {
      loadKey(f.get(key, from), shape.dtype, false).mem(`${keys.type}.store`);
    });

    const sorted = mergeSort(f, keys, scratch);
    const to = pointTo(f, y, 0, 0);
    const writing = [
      [to, y.stride],
      [sorted, keys.size],
    ] as const;
    repeat(f, keys.length, writing, () => {
      storeKey(f.get(to, sorted).mem(`${keys.type}.load`), shape.dtype);
    });
    return f;
  },
};

function keysFor(shape: RoutineShape): Keys {
  return keysOf(shape.dtype, shape.inputs[0]![0]!, false);
}

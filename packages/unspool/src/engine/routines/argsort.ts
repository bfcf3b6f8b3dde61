/**
 * Sorts a vector stably in ascending order with NaN last. Outputs: the sorted elements, and the index (int32) that each
 * had. Equal elements, among them -0 and 0, and NaNs stay in order.
 */
import { type Keys, keyBytes, keysOf, loadKey, mergeSort } from "./mergeSort.ts";
import { type Routine, type RoutineShape, declare } from "./routine.ts";
import { pointTo, repeat } from "./scalar.ts";

export const argsort: Routine = {
  name: "argsort",
  coreRanks: () => ({ inputs: [1], outputs: [1, 1] }),
  scratchBytes: (shape) => keyBytes(keysFor(shape)),
  emit(module, shape) {
    const { f, inputs, outputs, scratch } = declare(module, argsort, shape);
    const [x, y, order] = [inputs[0]!, outputs[0]!, outputs[1]!];
    const keys = keysFor(shape);
    if (keys.length === 0) return f;
    const behind = 2 * keys.region;
    const [from, index] = [pointTo(f, x, 0, 0), f.i32(0).save("i32")];
    const key = f.get(scratch).save("i32");
    const reading = [
      [from, x.stride],
      [key, keys.size],
      [index, 1],
    ] as const;
    repeat(f, keys.length, reading, () => {
      loadKey(f.get(key, from), shape.dtype, true).mem(`${keys.type}.store`);
      f.get(key, index).mem("i32.store", behind);
    });

    const sorted = mergeSort(f, keys, scratch);
    const [value, position] = [pointTo(f, y, 0, 0), pointTo(f, order, 0, 0)];
    const writing = [
      [value, y.stride],
      [position, order.stride],
      [sorted, keys.size],
    ] as const;
    repeat(f, keys.length, writing, () => {
      f.get(sorted).mem("i32.load", behind).set(index).get(position, index).mem("i32.store");
      // Not from the key, which has lost the sign of 0.
      f.get(value, x.pointer, index).i32(x.stride).op("i32.mul").op("i32.add");
      f.mem(`${keys.type}.load`).mem(`${keys.type}.store`);
    });
    return f;
  },
};

function keysFor(shape: RoutineShape): Keys {
  return keysOf(shape.dtype, shape.inputs[0]![0]!, true);
}

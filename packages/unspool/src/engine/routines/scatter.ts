/**
 * Writes updates into an array of zeros at indexed places. Parameters, as in jax-js: `shape` of the output; `axis`, the
 * output axes that the index inputs (int32 or uint32, broadcast against each other) stand for; `outDim`, where the axes
 * of the broadcast indices are among those of the updates; `op`, "add" or "update"; and `uniqueIndices`, which
 * promises that no place is met twice, so that nothing is added. Updates of which a coordinate is out of range are
 * dropped; of several for one place the last one stays, or they are added in order (bool: or). The whole arrays are one
 * item, batch axes among them: `vmap` gives a batch an index of its own.
 */
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { type Routine, type RoutineShape, type Shape, declare } from "./routine.ts";
import { type View, clear } from "./scalar.ts";

type ScatterParams = {
  op: "add" | "update";
  shape: Shape;
  axis: readonly number[];
  outDim: number;
  uniqueIndices: boolean;
};

/** One index input. */
interface IndexInput {
  view: View;
  /** Update axis and elements to the next index, for each axis that it varies along. */
  terms: { axis: number; step: number }[];
  size: number;
  /** Bytes of the output from one value of the index to the next. */
  outputStep: number;
}

/** The loops over the axes of the updates. */
interface Nest {
  f: FunctionBuilder;
  updates: View;
  sizes: Shape;
  /** Bytes of the updates, and of the output if the axis is one of its own, to the next element. */
  updateSteps: number[];
  outputSteps: number[];
  /** Inputs of which the index is known inside loop d are in [d + 1]; scalars in [0]. */
  indices: IndexInput[][];
  counters: Local[];
  isAdded: boolean;
}

export const scatter: Routine = {
  name: "scatter",
  coreRanks: (inputs, { shape }) => ({
    inputs: inputs.map((input) => input.length),
    outputs: [(shape as Shape).length],
  }),
  scratchBytes: () => 0,
  emit(module, shape, params) {
    const { f, inputs, outputs } = declare(module, scatter, shape);
    const [updates, output] = [inputs[0]!, outputs[0]!];
    clear(f, output, stepsOf(shape.outputs[0]!, 1).total);
    if (shape.inputs[0]!.includes(0)) return f;
    const nest = nestOf(f, shape, params as ScatterParams, inputs, output);
    f.block(() => emitLevel(nest, 0, updates.pointer, output.pointer));
    return f;
  },
};

function nestOf(
  f: FunctionBuilder,
  shape: RoutineShape,
  { op, shape: outputShape, axis, outDim, uniqueIndices }: ScatterParams,
  [updates, ...indexViews]: View[],
  output: View,
): Nest {
  const [sizes, ...indexShapes] = shape.inputs as [Shape, ...Shape[]];
  const indexRank = Math.max(...indexShapes.map((of) => of.length));
  const outputBytes = stepsOf(outputShape, output.stride).steps;
  const outputSteps = sizes.map(() => 0);
  const freeAxes = outputShape.map((_, i) => i).filter((i) => !axis.includes(i));
  freeAxes.forEach((outputAxis, i) => {
    outputSteps[i < outDim ? i : i + indexRank] = outputBytes[outputAxis]!;
  });
  const indices: IndexInput[][] = Array.from({ length: sizes.length + 1 }, () => []);
  indexViews.forEach((view, i) => {
    const of = indexShapes[i]!;
    const { steps } = stepsOf(of, 1);
    const first = outDim + indexRank - of.length;
    const terms = of.flatMap((size, d) => (size === 1 ? [] : [{ axis: first + d, step: steps[d]! }]));
    const depth = Math.max(0, ...terms.map((term) => term.axis + 1));
    const outputAxis = axis[i]!;
    indices[depth]!.push({
      view,
      terms,
      size: outputShape[outputAxis]!,
      outputStep: outputBytes[outputAxis]!,
    });
  });
  return {
    f,
    updates: updates!,
    sizes,
    updateSteps: stepsOf(sizes, updates!.stride).steps,
    outputSteps,
    indices,
    counters: sizes.map(() => f.local("i32")),
    isAdded: op !== "update" && !uniqueIndices,
  };
}

/** Row-major steps of a shape, in units of `step`. */
function stepsOf(shape: Shape, step: number): { steps: number[]; total: number } {
  const steps = Array<number>(shape.length);
  let total = step;
  for (let i = shape.length - 1; i >= 0; i--) {
    steps[i] = total;
    total *= shape[i]!;
  }
  return { steps, total };
}

/** Inside of `depth` loops and of a block: adds the indices known there to the output pointer, and goes deeper. */
function emitLevel(nest: Nest, depth: number, update: Local, output: Local): void {
  const { f, sizes, counters } = nest;
  const place = f.get(output).save("i32");
  const index = f.local("i32");
  for (const { view, terms, size, outputStep } of nest.indices[depth]!) {
    f.get(view.pointer);
    for (const { axis, step } of terms) {
      f.get(counters[axis]!)
        .i32(step * view.stride)
        .op("i32.mul")
        .op("i32.add");
    }
    // Unsigned: a negative index is a large one.
    f.mem("i32.load").tee(index).i32(size).op("i32.ge_u").brIf(0);
    f.get(index).i32(outputStep).op("i32.mul").get(place).op("i32.add").set(place);
  }
  if (depth === sizes.length) emitWrite(nest, update, place);
  else {
    const counter = counters[depth]!;
    const from = f.get(update).save("i32");
    f.forLoop(counter, 0, sizes[depth]!, 1, () => {
      f.block(() => emitLevel(nest, depth + 1, from, place));
      f.get(from).i32(nest.updateSteps[depth]!).op("i32.add").set(from);
      f.get(place).i32(nest.outputSteps[depth]!).op("i32.add").set(place);
    });
    f.release(from);
  }
  f.release(place, index);
}

function emitWrite({ f, updates, isAdded }: Nest, update: Local, place: Local): void {
  const { dtype } = updates;
  const type = dtype === "float32" ? "f32" : dtype === "float64" ? "f64" : "i32";
  f.get(place);
  if (isAdded) f.get(place).mem(`${type}.load`);
  f.get(update).mem(`${type}.load`);
  if (isAdded) f.op(dtype === "bool" ? "i32.or" : `${type}.add`);
  f.mem(`${type}.store`);
}

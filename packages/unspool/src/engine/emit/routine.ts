/** Calls of routines (sorting, factorisations, …): one matrix of one lane after the other. */
import type { DType } from "../../array/index.ts";
import type { Node } from "../graph/node.ts";
import { sizeOf } from "../graph/node.ts";
import type { Schedule } from "../graph/schedule.ts";
import { type RoutineShape, routines, splitBatch } from "../routines/index.ts";
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { kernelFunction } from "./kernelFunction.ts";
import { type EmitContext, type Location, bytesOf } from "./location.ts";

interface RoutineOutput {
  shape: readonly number[];
  dtype: DType;
}

export const outputsOf = (node: Node): RoutineOutput[] => node.params.detail!["outputs"] as RoutineOutput[];

const align = (bytes: number): number => Math.ceil(bytes / 16) * 16;

/** Bytes that a routine needs besides its results: room to work in, and for results that nobody reads. */
export function routineScratchBytes(node: Node, lanes: number): number {
  const spare = outputsOf(node).reduce(
    (sum, one) => sum + align(sizeOf(one.shape) * lanes * bytesOf(one.dtype)),
    0,
  );
  return spare + scratchOf(node, lanes);
}

function scratchOf(node: Node, lanes: number): number {
  const { routine, items } = describe(
    node,
    node.inputs.map((one) => lanes * bytesOf(one.dtype)),
    outputsOf(node).map((one) => lanes * bytesOf(one.dtype)),
  );
  return align(routine.scratchBytes(items, node.params.detail!));
}

function describe(node: Node, inputStrides: number[], outputStrides: number[]) {
  const routine = routines[node.params.routine as keyof typeof routines];
  const inputShapes = node.inputs.map((one) => one.shape);
  const outputShapes = outputsOf(node).map((one) => one.shape);
  const { count, inputs, outputs } = splitBatch(routine, inputShapes, outputShapes, node.params.detail!);
  const items: RoutineShape = { dtype: node.inputs[0]!.dtype, inputs, outputs, inputStrides, outputStrides };
  return { routine, count, items };
}

export interface RoutinePlaces {
  /** The routine's own memory: room to work in, then one place per result. */
  own: Location;
  /** Results that are read. */
  results: ReadonlyMap<number, Location>;
}

export function emitRoutine(
  context: EmitContext,
  schedule: Schedule,
  node: Node,
  name: string,
  places: RoutinePlaces,
  table: (data: Float32Array | Float64Array | Int32Array) => number,
): FunctionBuilder {
  const lanes = node.level === 0 ? 1 : context.lanes;
  const inputs = node.inputs.map((input) => ({
    location: context.locate(schedule.accesses.of(input).base),
    dtype: input.dtype,
  }));
  let spare = places.own.offset + scratchOf(node, lanes);
  const outputs = outputsOf(node).map(({ shape, dtype }, i) => {
    // What nobody reads has one place, for all members.
    const location: Location = places.results.get(i) ?? { base: places.own.base, offset: spare, lanes };
    spare += align(sizeOf(shape) * lanes * bytesOf(dtype));
    return { location, dtype };
  });
  const stride = ({ location, dtype }: { location: Location; dtype: DType }): number =>
    location.lanes * bytesOf(dtype);
  const { routine, count, items } = describe(node, inputs.map(stride), outputs.map(stride));
  const inner = routine.emit(context.module, items, node.params.detail!);
  const tableAt = routine.table === undefined ? undefined : table(routine.table(items, node.params.detail!));

  const f = kernelFunction(context.module, name);
  const arrays = [...inputs, ...outputs];
  const cores = [...items.inputs, ...items.outputs].map((shape) => sizeOf(shape));
  const bases: Record<Location["base"], Local | undefined> = {
    absolute: undefined,
    scratch: 0,
    tile: 1,
    first: 2,
    second: 3,
  };
  const [lane, batch] = [f.local("i32"), f.local("i32")];
  const push = ({ base }: Location, offset: number): void => {
    const pointer = bases[base];
    if (pointer === undefined) f.i32(offset);
    else f.get(pointer).i32(offset).op("i32.add");
  };
  const members = node.level === 2 ? context.members : 1;
  for (let member = 0; member < members; member++) {
    f.forLoop(lane, 0, node.level === 0 ? 1 : context.lanes, 1, () => {
      f.forLoop(batch, 0, count, 1, () => {
        arrays.forEach(({ location, dtype }, i) => {
          const bytes = bytesOf(dtype);
          push(location, location.offset + member * (location.memberBytes ?? 0));
          if (location.lanes > 1) f.get(lane).i32(bytes).op("i32.mul").op("i32.add");
          if (count > 1)
            f.get(batch)
              .i32(cores[i]! * location.lanes * bytes)
              .op("i32.mul")
              .op("i32.add");
        });
        push(places.own, places.own.offset);
        if (tableAt !== undefined) f.i32(tableAt);
        f.call(inner);
      });
    });
  }
  return f;
}

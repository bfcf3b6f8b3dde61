/**
 * Scalar code over strided matrices of one lane: addresses, loads and stores, loops that advance pointers. Floats of
 * either dtype are f64 on the stack, as they are numbers in jax-js; float32 is rounded by the store.
 */
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import type { RoutineDtype } from "./routine.ts";

/** A row-major matrix, or a vector as its one row. */
export interface View {
  pointer: Local;
  /** Bytes from one element to the next. */
  stride: number;
  columns: number;
  dtype: RoutineDtype;
}

/** A number that is known at emission, or the content of an i32 local plus a number. */
export type Index = number | readonly [local: Local, plus?: number];

export function pushIndex(f: FunctionBuilder, index: Index): FunctionBuilder {
  if (typeof index === "number") return f.i32(index);
  const [local, plus = 0] = index;
  f.get(local);
  return plus === 0 ? f : f.i32(plus).op("i32.add");
}

/** Pushes the address of an element. */
export function address(f: FunctionBuilder, view: View, row: Index, column: Index): FunctionBuilder {
  f.get(view.pointer);
  for (const [index, bytes] of [
    [row, view.columns * view.stride],
    [column, view.stride],
  ] as const) {
    if (index === 0) continue;
    pushIndex(f, index).i32(bytes).op("i32.mul").op("i32.add");
  }
  return f;
}

/** The address of an element in a new local. */
export function pointTo(f: FunctionBuilder, view: View, row: Index, column: Index): Local {
  return address(f, view, row, column).save("i32");
}

/** Pops an address, pushes the element: f64 for floats, i32 for the rest. */
export function load(f: FunctionBuilder, { dtype }: View): FunctionBuilder {
  if (dtype === "float64") return f.mem("f64.load");
  if (dtype === "float32") return f.mem("f32.load").op("f64.promote_f32");
  return f.mem("i32.load");
}

/** Pops an address and an element. */
export function store(f: FunctionBuilder, { dtype }: View): FunctionBuilder {
  if (dtype === "float64") return f.mem("f64.store");
  if (dtype === "float32") return f.op("f32.demote_f64").mem("f32.store");
  return f.mem("i32.store");
}

/** Runs the body `count` times; after each, pointers advance by their bytes. */
export function repeat(
  f: FunctionBuilder,
  count: Index,
  pointers: readonly (readonly [pointer: Local, bytes: number])[],
  body: () => void,
): void {
  if (typeof count === "number" && count <= 0) return;
  const left = f.local("i32");
  const loop = () =>
    f.loop(() => {
      body();
      for (const [pointer, bytes] of pointers) f.get(pointer).i32(bytes).op("i32.add").set(pointer);
      f.get(left).i32(1).op("i32.sub").tee(left).brIf(0);
    });
  pushIndex(f, count).tee(left);
  if (typeof count === "number") {
    f.op("drop");
    loop();
  } else f.i32(0).op("i32.gt_s").if(loop);
  f.release(left);
}

/** Runs the body for `from <= i < to`. */
export function count(f: FunctionBuilder, from: Index, to: Index, body: (i: Local) => void): void {
  if (typeof from === "number" && typeof to === "number" && from >= to) return;
  const i = f.local("i32");
  const loop = () =>
    f.loop(() => {
      body(i);
      f.get(i).i32(1).op("i32.add").tee(i);
      pushIndex(f, to).op("i32.lt_s").brIf(0);
    });
  pushIndex(f, from).tee(i);
  pushIndex(f, to).op("i32.lt_s").if(loop);
  f.release(i);
}

/** Sets `size` elements to 0. */
export function clear(f: FunctionBuilder, view: View, size: number): void {
  const pointer = pointTo(f, view, 0, 0);
  repeat(f, size, [[pointer, view.stride]], () => {
    f.get(pointer);
    if (view.dtype === "float64" || view.dtype === "float32") f.f64(0);
    else f.i32(0);
    store(f, view);
  });
  f.release(pointer);
}

/** `accumulator -= sum of a[k] b[k]` in order of k; both pointers end behind the last element. */
export function subtractProducts(
  f: FunctionBuilder,
  accumulator: Local,
  length: Index,
  [a, aView]: readonly [Local, View],
  [b, bView]: readonly [Local, View],
): void {
  repeat(
    f,
    length,
    [
      [a, aView.stride],
      [b, bView.stride],
    ],
    () => {
      f.get(accumulator);
      load(f.get(a), aView);
      load(f.get(b), bView).op("f64.mul").op("f64.sub").set(accumulator);
    },
  );
}

/**
 * Arrays that stay on the device between calls: what executors need and nobody else. Each `DeviceTree` owns one
 * reference per leaf; `run` consumes its arguments unless they are kept by `keep`.
 */
import { type Device, type Raw, download, onDevice } from "./backend.ts";
import type { DType } from "./dtype.ts";
import { concrete, toRaw } from "./lift.ts";
import type { Tensor } from "./tensor.ts";
import { type RawProgram, compileRaw, deviceOf } from "./transforms.ts";
import * as tree from "./tree.ts";

/** The leaves of one tree on the device. */
export type DeviceTree = Raw[];

/** Functions that pass device arrays to each other, compiled for one common device. */
export interface Pipeline {
  device: Device;
  stages: Stage[];
}

export interface Stage {
  /** Structure, shapes and dtypes of the result. */
  output: unknown;
  /** Consumes one reference of each argument leaf. */
  run(...args: DeviceTree[]): DeviceTree;
}

/** One function of a pipeline, and arguments that have the shapes of what it will be given. */
export interface StageSource {
  fn: (...args: never[]) => unknown;
  /** Given the outputs of the stages before it. */
  args(outputs: unknown[]): unknown[];
}

/** Compiles a chain of functions so that all of them run on one device. */
export function compilePipeline(sources: readonly StageSource[]): Pipeline {
  const traced: { fn: StageSource["fn"]; args: unknown[]; output: unknown }[] = [];
  let device: Device = "wasm";
  for (const { fn, args } of sources) {
    const examples = args(traced.map((stage) => stage.output));
    const inspected = deviceOf(fn, examples);
    if (inspected.device === "cpu") device = "cpu";
    traced.push({ fn, args: examples, output: inspected.output });
  }
  const stages = traced.map(({ fn, args, output }) => {
    let program: RawProgram | undefined;
    return {
      output,
      run: (...inputs: DeviceTree[]) => (program ??= compileRaw(fn, args, device)).run(inputs.flat()),
    };
  });
  return { device, stages };
}

/** Uploads a concrete tree; the caller owns the references. */
export function toDevice(device: Device, value: unknown): DeviceTree {
  return onDevice(device, () => tree.leaves(value).map(toRaw));
}

/** The same arrays with one more reference each. */
export function keep(leaves: DeviceTree): DeviceTree {
  return leaves.map((raw) => raw.ref);
}

export function release(leaves: DeviceTree): void {
  for (const raw of leaves) raw.dispose();
}

/** Computes what is still pending (jax-js is lazy, and a growing queue slows down superlinearly). */
export function flush(leaves: DeviceTree): void {
  const smallest = leaves.reduce<Raw | undefined>(
    (best, raw) => (best && best.size <= raw.size ? best : raw),
    undefined,
  );
  if (smallest !== undefined) download(smallest.ref);
}

/** Downloads leaves, consuming them, into the structure of `like`. */
export function fromDevice(leaves: DeviceTree, like: unknown): unknown {
  return tree.unflatten(like, leaves.map(tensorOf));
}

function tensorOf(raw: Raw): Tensor {
  const { shape } = raw;
  const dtype = raw.dtype as DType;
  const isWeak = raw.weakType && shape.length === 0;
  return concrete(download(raw), shape, dtype, isWeak);
}

/**
 * The seam to jax-js: devices, and moving typed arrays in and out.
 *
 * jax-js computes transcendental functions of float64 on its WebAssembly device in float32 precision
 * (measured: exp 3e-8, sin 6e-7 relative), and exactly on its `cpu` device, which is an interpreter and about
 * 100 times slower. So float64 programs with transcendental functions go to `cpu`, everything else to `wasm`.
 */
import * as jax from "@jax-js/jax";
import { type DType, type TensorData, dtypeOf } from "./dtype.ts";
import { hashTextsAtOnce } from "./hashes.ts";
import { repairCompiler, repairNumbers } from "./repairs.ts";

export type Raw = jax.Array;
export type Device = "wasm" | "cpu";

// `init()` without arguments reads `navigator`, which Node 20 does not have.
await jax.init("wasm", "cpu");
jax.defaultDevice("wasm");

let current: Device = "wasm";

export function currentDevice(): Device {
  return current;
}

hashTextsAtOnce();
repairNumbers();
repairCompiler();

/** Runs `body` with `device` as the place where jax-js puts new arrays. */
export function onDevice<T>(device: Device, body: () => T): T {
  const before = current;
  current = device;
  jax.defaultDevice(device);
  try {
    return body();
  } finally {
    current = before;
    jax.defaultDevice(before);
  }
}

/**
 * A jax-js array with a copy of `data`; the caller owns its one reference. It names its device: a program runs where
 * its first argument lies unless one is bound to a device, and the first may be a constant made elsewhere.
 */
export function upload(data: TensorData, shape: readonly number[], dtype: DType, isWeak: boolean): Raw {
  const options = { dtype: dtype as jax.DType, device: current as jax.Device };
  if (data.length === 1 && shape.length === 0) {
    const value = dtype === "bool" ? data[0] !== 0 : data[0]!;
    return jax.numpy.array(value, isWeak ? { device: options.device } : options);
  }
  return uploadElements(data, shape, options);
}

/** The same for an argument of one eager call: a strong scalar is an array too, and not a constant of a kernel. */
export function uploadArgument(
  data: TensorData,
  shape: readonly number[],
  dtype: DType,
  isWeak: boolean,
): Raw {
  if (isWeak) return upload(data, shape, dtype, isWeak);
  return uploadElements(asOperand(data), shape, { dtype: dtype as jax.DType, device: current as jax.Device });
}

/** Below so many elements, equal ones are a constant for jax-js 0.1.25. */
const leastInMemory = 128;

/**
 * Elements that jax-js keeps in memory. It makes constants of few equal ones, compiles a kernel for each, and simplifies
 * 0 times anything to 0, also beside infinity and NaN. It asks for the length in order to decide; the elements it takes
 * are those of the view.
 */
function asOperand(data: TensorData): TensorData {
  if (data.length === 0 || data.length >= leastInMemory) return data;
  const own = data.buffer instanceof ArrayBuffer ? data.subarray(0) : data.slice();
  return Object.defineProperty(own, "length", { value: leastInMemory }) as TensorData;
}

function uploadElements(
  data: TensorData,
  shape: readonly number[],
  options: { dtype: jax.DType; device: jax.Device },
): Raw {
  if (data.length === 0) return jax.numpy.zeros([...shape], options);
  // jax-js reads the memory of the array it is given, which must not be shared.
  const own = (data.buffer instanceof ArrayBuffer ? data : data.slice()) as Float32Array<ArrayBuffer>;
  const make = (): Raw => jax.numpy.array(own, { shape: [...shape], ...options });
  return data instanceof Float64Array ? withFloat16(make) : make();
}

/** A jax-js array of zeros that takes no memory as long as nothing reads it; the caller owns its one reference. */
export function placeholder(shape: readonly number[], dtype: DType): Raw {
  return jax.numpy.zeros([...shape], { dtype: dtype as jax.DType, device: current as jax.Device });
}

/** The elements of a jax-js array, which loses one reference. */
export function download(raw: Raw): TensorData {
  const data = raw.dataSync();
  if (dtypeOf(data) === undefined) throw new Error(`internal: jax-js returned ${data.constructor.name}`);
  return data as TensorData;
}

/**
 * jax-js tests `data instanceof Float16Array` before it comes to Float64Array; Node 20 has no such class.
 * A stand-in exists only while jax-js runs, so that no feature test of the host sees it.
 */
export function withFloat16<T>(body: () => T): T {
  const host = globalThis as { Float16Array?: unknown };
  if (host.Float16Array !== undefined) return body();
  host.Float16Array = function Float16Array() {};
  try {
    return body();
  } finally {
    delete host.Float16Array;
  }
}

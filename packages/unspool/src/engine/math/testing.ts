/** Compiles emitters into functions over typed arrays, for tests and measurements. */
import { ModuleBuilder } from "../wasm/index.ts";
import type { FloatLanes, MathOptions, UnaryEmitter } from "./lanes.ts";

/** Whether the host has relaxed SIMD, after asking V8 for it where that is needed. */
export function enableRelaxedSimd(): boolean {
  const module = new ModuleBuilder();
  const f = module.function("f", [], ["v128"]);
  const one = f.constant("f32x4", 1);
  f.get(one, one, one).op("f32x4.relaxed_madd");
  const bytes = module.encode();
  if (WebAssembly.validate(bytes)) return true;
  process.getBuiltinModule("node:v8").setFlagsFromString("--experimental-wasm-relaxed-simd");
  return WebAssembly.validate(bytes);
}

export type ArrayMap<A> = (values: A) => A;

function compile(emit: UnaryEmitter, options: MathOptions) {
  const module = new ModuleBuilder({ initial: 1, maximum: 1024 });
  const f = module.function("map", ["i32", "i32", "i32"]);
  const [from, to, bytes] = [0, 1, 2];
  const offset = f.local("i32");
  f.forLoop(offset, 0, [bytes], 16, () => {
    const x = f.get(from, offset).op("i32.add").mem("v128.load").save("v128");
    f.get(to, offset).op("i32.add");
    emit(f, x, options);
    f.mem("v128.store");
    f.release(x);
  });
  module.export("map", f);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1024 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
  const map = exports["map"] as (from: number, to: number, bytes: number) => void;
  return { memory, map, instructions: module.instructions };
}

/** The emitter as a function of an array, padded to whole vectors. */
export function compileMap<A extends Float32Array | Float64Array>(
  type: FloatLanes,
  emit: UnaryEmitter,
  options: MathOptions,
): ArrayMap<A> {
  const { memory, map } = compile(emit, options);
  return (values) => {
    const bytes = Math.ceil(values.byteLength / 16) * 16;
    const missing = 2 * bytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65536));
    const Kind = type === "f32x4" ? Float32Array : Float64Array;
    const window = new Kind(memory.buffer);
    window.set(values);
    map(0, bytes, bytes);
    const first = bytes / Kind.BYTES_PER_ELEMENT;
    return window.slice(first, first + values.length) as A;
  };
}

/** Compiles emitters into functions over typed arrays, for tests and measurements. */
import { type FunctionBuilder, type Local, ModuleBuilder } from "../wasm/index.ts";
import type { FloatLanes, MathOptions, UnaryEmitter } from "./lanes.ts";

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

type ThreefryEmitter = (f: FunctionBuilder, k0: Local, k1: Local, c0: Local, c1: Local) => [Local, Local];

/** Runs a block on [k0..., k1..., c0..., c1...], a multiple of four of each; gives the two output words. */
export function compileThreefry(emit: ThreefryEmitter, words: Uint32Array): [Uint32Array, Uint32Array] {
  const module = new ModuleBuilder();
  const f = module.function("run", []);
  const quarter = words.byteLength / 4;
  const offset = f.local("i32");
  f.forLoop(offset, 0, quarter, 16, () => {
    const operand = (part: number) =>
      f
        .get(offset)
        .mem("v128.load", part * quarter)
        .save("v128");
    const [k0, k1, c0, c1] = [operand(0), operand(1), operand(2), operand(3)];
    const [x0, x1] = emit(f, k0, k1, c0, c1);
    f.get(offset, x0).mem("v128.store", 0).get(offset, x1).mem("v128.store", quarter);
    f.release(x0, x1, k0, k1, c0, c1);
  });
  module.export("run", f);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
  new Uint32Array(memory.buffer).set(words);
  (exports["run"] as () => void)();
  const lanes = quarter / 4;
  const result = new Uint32Array(memory.buffer);
  return [result.slice(0, lanes), result.slice(lanes, 2 * lanes)];
}

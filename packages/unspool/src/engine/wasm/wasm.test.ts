/** Every instruction of the tables must be known to the host under the stack effect that its name says. */
import { expect, test } from "vitest";
import { ModuleBuilder } from "./index.ts";

function instantiate(module: ModuleBuilder, imports: Record<string, WebAssembly.ImportValue> = {}) {
  const { initial, maximum, isShared } = module.memory;
  const memory = new WebAssembly.Memory({ initial, maximum, shared: isShared });
  const compiled = new WebAssembly.Module(module.encode());
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory, ...imports } });
  return { memory, call: exports as Record<string, (...args: number[]) => number> };
}

test("loops, locals, calls and imports", () => {
  const module = new ModuleBuilder();
  const twice = module.import("twice", ["i32"], ["i32"]);
  const sum = module.function("sum", ["i32"], ["i32"]);
  const [i, total] = [sum.local("i32"), sum.local("i32")];
  sum.forLoop(i, 0, [0], 1, () => sum.get(total, i).call(twice).op("i32.add").set(total));
  sum.get(total);
  module.export("sum", sum);
  const { call } = instantiate(module, { twice: (x: number) => 2 * x });
  expect(call["sum"]!(10)).toBe(90);
});

test("vectors: loads, arithmetic, lanes, shuffles, constants", () => {
  const module = new ModuleBuilder();
  const f = module.function("f", ["i32"]);
  f.get(0).get(0).mem("v128.load", 16).splat("f32x4", 2).op("f32x4.mul");
  f.get(0).mem("v128.load32_splat", 0).op("f32x4.add").mem("v128.store", 32);
  f.get(0)
    .get(0)
    .mem("v128.load", 32)
    .get(0)
    .mem("v128.load", 16)
    .shuffle32(0, 7, 2, 5)
    .mem("v128.store", 48);
  module.export("f", f);
  const { call, memory } = instantiate(module);
  const floats = new Float32Array(memory.buffer);
  floats.set([100, 0, 0, 0, 1, 2, 3, 4]);
  call["f"]!(0);
  expect([...floats.slice(8, 16)]).toEqual([102, 104, 106, 108, 102, 4, 106, 2]);
});

test("integers of all sizes are encoded as the host reads them", () => {
  const values = [0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, -8192, 2 ** 31 - 1, -(2 ** 31)];
  const module = new ModuleBuilder();
  values.forEach((value, i) => {
    const f = module.function(`f${i}`, [], ["i32"]);
    f.i64(BigInt(value)).op("i32.wrap_i64");
    f.i32(value).op("i32.and");
    module.export(`f${i}`, f);
  });
  const { call } = instantiate(module);
  expect(values.map((_, i) => call[`f${i}`]!())).toEqual(values);
});

test("shared memory and atomics validate", () => {
  const module = new ModuleBuilder({ isShared: true, maximum: 4 });
  const f = module.function("f", ["i32"], ["i32"]);
  f.get(0).i32(5).mem("i32.atomic.rmw.add").op("drop").get(0).mem("i32.atomic.load");
  module.export("f", f);
  const { call } = instantiate(module);
  expect(call["f"]!(64)).toBe(5);
});

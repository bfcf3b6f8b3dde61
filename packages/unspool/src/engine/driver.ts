/** The functions that call kernels: one tile from begin to finish, and the loop over a thread's tiles. */
import { bytesOf } from "./emit/location.ts";
import { sizeOf } from "./graph/node.ts";
import type { CompiledSection, Slot } from "./section.ts";
import type { FunctionBuilder, Local, ModuleBuilder } from "./wasm/index.ts";

export interface Driven {
  sections: {
    begin: CompiledSection;
    invariants?: CompiledSection | undefined;
    step?: CompiledSection | undefined;
    record?: CompiledSection | undefined;
    finish: CompiledSection;
  };
  length: number;
  counter: Slot;
  units: number;
  count: number;
  tiles: number;
  tileStart: number;
  tileBytes: number;
  scratchStart: number;
  scratchBytes: number;
  recordStart: number;
  recordStepBytes: number;
  /** Per unit, to be summed over the tile's units into `mean`. */
  meanParts: readonly Slot[];
  mean: readonly Slot[];
}

/** Adds and exports `run(thread, threads)`: thread i takes tiles i, i + threads, … */
export function emitDriver(module: ModuleBuilder, driven: Driven): void {
  const { tiles, tileStart, tileBytes, scratchStart, scratchBytes } = driven;
  const tile = emitTile(module, driven);
  const run = module.function("run", ["i32", "i32"]);
  const index = run.local("i32");
  run.get(0).set(index);
  run.block(() => {
    run.loop(() => {
      run.get(index).i32(tiles).op("i32.ge_s").brIf(1);
      run.get(0).i32(scratchBytes).op("i32.mul").i32(scratchStart).op("i32.add");
      run.get(index).i32(tileBytes).op("i32.mul").i32(tileStart).op("i32.add");
      run.get(index).call(tile);
      run.get(index, 1).op("i32.add").set(index).br(0);
    });
  });
  module.export("run", run);
}

/** tile(scratch, block, index) */
function emitTile(module: ModuleBuilder, driven: Driven): FunctionBuilder {
  const { sections, length, counter, recordStart, recordStepBytes, units, count, tiles } = driven;
  const f = module.function("tile", ["i32", "i32", "i32"]);
  const call = (section: CompiledSection | undefined, first?: Local): void => {
    for (const kernel of section?.kernels ?? []) {
      f.get(0, 1);
      if (first === undefined) f.i32(0);
      else f.get(first);
      f.i32(0).call(kernel);
    }
  };
  call(sections.begin);
  if (length > 0) {
    call(sections.invariants);
    const k = f.local("i32");
    const record = f.local("i32");
    if (sections.record !== undefined)
      f.get(2)
        .i32(recordStepBytes * length)
        .op("i32.mul")
        .i32(recordStart)
        .op("i32.add")
        .set(record);
    f.forLoop(k, 0, length, 1, () => {
      f.get(0, k).mem("i32.store", counter.location.offset);
      call(sections.step);
      if (sections.record === undefined) return;
      call(sections.record, record);
      f.get(record).i32(recordStepBytes).op("i32.add").set(record);
    });
  }
  call(sections.finish);
  // The last tile may hold fewer units.
  const valid = f.local("i32");
  f.i32(count - (tiles - 1) * units)
    .i32(units)
    .get(2)
    .i32(tiles - 1)
    .op("i32.eq")
    .op("select")
    .set(valid);
  for (const [i, part] of driven.meanParts.entries()) sumUnits(f, part, driven.mean[i]!, units, valid);
  return f;
}

/** Adds the values of a tile's units in their order, in float64. */
function sumUnits(f: FunctionBuilder, part: Slot, sum: Slot, units: number, valid: Local): void {
  const bytes = bytesOf(part.dtype);
  const [from, to, lane, element] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  const total = f.local("f64");
  f.get(0).i32(part.location.offset).op("i32.add").set(from);
  f.get(1).i32(sum.location.offset).op("i32.add").set(to);
  f.forLoop(element, 0, sizeOf(part.shape), 1, () => {
    f.f64(0).set(total);
    const at = f.local("i32");
    f.get(from).set(at);
    f.forLoop(lane, 0, [valid], 1, () => {
      f.get(total, at);
      if (part.dtype === "float64") f.mem("f64.load");
      else if (part.dtype === "float32") f.mem("f32.load").op("f64.promote_f32");
      else f.mem("i32.load").op(part.dtype === "uint32" ? "f64.convert_i32_u" : "f64.convert_i32_s");
      f.op("f64.add").set(total);
      f.get(at).i32(bytes).op("i32.add").set(at);
    });
    f.release(at);
    f.get(to, total).mem("f64.store");
    f.get(from)
      .i32(units * bytes)
      .op("i32.add")
      .set(from);
    f.get(to).i32(8).op("i32.add").set(to);
  });
  f.release(from, to, lane, element, total);
}

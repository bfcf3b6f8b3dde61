/** The functions that call kernels: one tile from begin to finish, and the loop over a thread's tiles. */
import { bytesOf } from "./emit/location.ts";
import { sizeOf } from "./graph/node.ts";
import type { CompiledSection, Slot } from "./section.ts";
import { emitBarrier } from "./threads/index.ts";
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
  lanes: number;
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
  eachStart: number;
  eachBytes: number;
  outer: DrivenOuter | undefined;
}

/** What happens around windows where one call runs several of them. */
export interface DrivenOuter {
  restart: DrivenChange | undefined;
  settle: DrivenChange | undefined;
  share: CompiledSection | undefined;
  update: CompiledSection | undefined;
  /** Where the update finds the means over all units. */
  means: readonly Slot[];
  recordStart: number;
  recordBytes: number;
  barrier: number;
}

export interface DrivenChange {
  when: CompiledSection;
  apply: CompiledSection;
  /** Where `when` leaves its truth values. */
  flags: Slot;
}

/**
 * Adds and exports `run(thread, threads, windows)`: thread i takes tiles i, i + threads, … of each window. Between
 * windows thread 0 averages over the tiles and makes what units share next, while the others wait.
 *
 * Of programs of several windows their parts are exported too, for whoever has only some of the tiles: `share()`,
 * `tiles(from, to)`, and `update()`, which averages over all tiles' sums and writes the first record.
 */
export function emitDriver(module: ModuleBuilder, driven: Driven): void {
  const { tiles, scratchStart, scratchBytes, outer } = driven;
  const someTiles = emitTiles(module, driven, emitTile(module, driven));
  const run = module.function("run", ["i32", "i32", "i32"]);
  const [window, scratch] = [run.local("i32"), run.local("i32")];
  run.get(0).i32(scratchBytes).op("i32.mul").i32(scratchStart).op("i32.add").set(scratch);
  const serial = (body: () => void): void => void run.get(0).op("i32.eqz").if(body);
  const barrier = outer === undefined ? undefined : emitBarrier(module);
  const wait = (): void => void (outer === undefined ? run : run.i32(outer.barrier).get(1).call(barrier!));
  run.forLoop(window, 0, outer === undefined ? 1 : [2], 1, () => {
    if (outer?.share !== undefined) serial(() => callKernels(run, outer.share!, scratch));
    wait();
    run.get(scratch, 0).i32(tiles).get(1).call(someTiles);
    wait();
    if (outer === undefined) return;
    serial(() => emitUpdate(run, driven, outer, scratch, window));
  });
  module.export("run", run);
  if (outer !== undefined) exportParts(module, driven, outer, someTiles);
}

/** tiles(scratch, first, end, stride) */
function emitTiles(
  module: ModuleBuilder,
  { tileStart, tileBytes }: Driven,
  tile: FunctionBuilder,
): FunctionBuilder {
  const f = module.function("tiles", ["i32", "i32", "i32", "i32"]);
  const index = f.local("i32");
  f.get(1).set(index);
  f.block(() => {
    f.loop(() => {
      f.get(index, 2).op("i32.ge_s").brIf(1);
      f.get(0);
      f.get(index).i32(tileBytes).op("i32.mul").i32(tileStart).op("i32.add");
      f.get(index).call(tile);
      f.get(index, 3).op("i32.add").set(index).br(0);
    });
  });
  return f;
}

function emitUpdate(
  f: FunctionBuilder,
  driven: Driven,
  { means, update, recordStart, recordBytes }: DrivenOuter,
  scratch: Local,
  window: Local,
): void {
  const record = f.local("i32");
  driven.mean.forEach((sum, i) => averageTiles(f, sum, means[i]!, driven));
  f.get(window).i32(recordBytes).op("i32.mul").i32(recordStart).op("i32.add").set(record);
  callKernels(f, update!, scratch, undefined, record);
  f.release(record);
}

function exportParts(
  module: ModuleBuilder,
  driven: Driven,
  outer: DrivenOuter,
  someTiles: FunctionBuilder,
): void {
  const ofFirstThread = (
    name: string,
    params: "i32"[],
    body: (f: FunctionBuilder, scratch: Local) => void,
  ) => {
    const f = module.function(name, params);
    const scratch = f.local("i32");
    f.i32(driven.scratchStart).set(scratch);
    body(f, scratch);
    module.export(name, f);
  };
  ofFirstThread("share", [], (f, scratch) => callKernels(f, outer.share, scratch));
  ofFirstThread("tiles", ["i32", "i32"], (f, scratch) => {
    f.get(scratch, 0, 1).i32(1).call(someTiles);
  });
  ofFirstThread("update", [], (f, scratch) => {
    const window = f.local("i32");
    f.i32(0).set(window);
    emitUpdate(f, driven, outer, scratch, window);
  });
}

export function callKernels(
  f: FunctionBuilder,
  section: CompiledSection | undefined,
  scratch: Local,
  block?: Local,
  first?: Local,
  second?: Local,
): void {
  const push = (pointer: Local | undefined): void => void (pointer === undefined ? f.i32(0) : f.get(pointer));
  for (const kernel of section?.calls ?? []) {
    for (const pointer of [scratch, block, first, second]) push(pointer);
    f.call(kernel);
  }
}

/** The tiles' sums, added in their order, divided by the number of units. */
function averageTiles(
  f: FunctionBuilder,
  sum: Slot,
  mean: Slot,
  { tiles, tileStart, tileBytes, count }: Driven,
): void {
  const [element, at, tile] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const total = f.local("f64");
  f.forLoop(element, 0, sizeOf(sum.shape), 1, () => {
    f.f64(0).set(total);
    f.get(element)
      .i32(3)
      .op("i32.shl")
      .i32(tileStart + sum.location.offset)
      .op("i32.add")
      .set(at);
    f.forLoop(tile, 0, tiles, 1, () => {
      f.get(total, at).mem("f64.load").op("f64.add").set(total);
      f.get(at).i32(tileBytes).op("i32.add").set(at);
    });
    f.get(element)
      .i32(3)
      .op("i32.shl")
      .get(total)
      .f64(count)
      .op("f64.div")
      .mem("f64.store", mean.location.offset);
  });
  f.release(element, at, tile, total);
}

/** tile(scratch, block, index) */
function emitTile(module: ModuleBuilder, driven: Driven): FunctionBuilder {
  const { sections, length, counter, recordStart, recordStepBytes, lanes, count, tiles, outer } = driven;
  const f = module.function("tile", ["i32", "i32", "i32"]);
  const call = (section: CompiledSection | undefined, first?: Local, second?: Local): void =>
    callKernels(f, section, 0, 1, first, second);
  const change = (one: DrivenChange | undefined): void => {
    if (one === undefined) return;
    call(one.when);
    anyTrue(f, one.flags);
    f.if(() => call(one.apply));
  };
  change(outer?.restart);
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
  const results = f.local("i32");
  f.get(2).i32(driven.eachBytes).op("i32.mul").i32(driven.eachStart).op("i32.add").set(results);
  call(sections.finish, undefined, results);
  // The last tile may hold fewer units.
  const valid = f.local("i32");
  f.i32(count - (tiles - 1) * lanes)
    .i32(lanes)
    .get(2)
    .i32(tiles - 1)
    .op("i32.eq")
    .op("select")
    .set(valid);
  for (const [i, part] of driven.meanParts.entries()) sumUnits(f, part, driven.mean[i]!, lanes, valid);
  change(outer?.settle);
  return f;
}

/** Pushes whether a truth value in a slot of scratch memory holds for any lane. */
function anyTrue(f: FunctionBuilder, { location }: Slot): void {
  if (location.lanes === 1) {
    f.get(0).mem("i32.load", location.offset);
    return;
  }
  for (let lane = 0; lane < location.lanes; lane += 4) {
    f.get(0).mem("v128.load", location.offset + 4 * lane, 2);
    if (lane > 0) f.op("v128.or");
  }
  f.op("v128.any_true");
}

/**
 * Adds the values of a tile's units in float64: four sums of every fourth unit, so that none waits for the one before,
 * then these. Units past the last whole four of the last tile are added to the result one by one.
 */
export function sumUnits(f: FunctionBuilder, part: Slot, sum: Slot, lanes: number, valid: Local): void {
  const bytes = bytesOf(part.dtype);
  const [from, to, at, lane, element] = Array.from({ length: 5 }, () => f.local("i32")) as [
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const [total, sums] = [f.local("f64"), [f.local("v128"), f.local("v128")] as const];
  f.get(0).i32(part.location.offset).op("i32.add").set(from);
  f.get(1).i32(sum.location.offset).op("i32.add").set(to);
  f.forLoop(element, 0, sizeOf(part.shape), 1, () => {
    for (const one of sums) f.get(f.constant("f64x2", 0)).set(one);
    f.get(from).set(at).i32(0).set(lane);
    f.block(() => {
      f.loop(() => {
        f.get(lane).i32(4).op("i32.add").get(valid).op("i32.gt_s").brIf(1);
        sums.forEach((one, half) => {
          pushPair(f, at, part, half);
          f.get(one).op("f64x2.add").set(one);
        });
        f.get(at)
          .i32(4 * bytes)
          .op("i32.add")
          .set(at);
        f.get(lane).i32(4).op("i32.add").set(lane).br(0);
      });
    });
    f.get(sums[0], sums[1]).op("f64x2.add").set(sums[0]);
    f.get(sums[0])
      .lane("f64x2.extract_lane", 0)
      .get(sums[0])
      .lane("f64x2.extract_lane", 1)
      .op("f64.add")
      .set(total);
    f.block(() => {
      f.loop(() => {
        f.get(lane, valid).op("i32.ge_s").brIf(1);
        f.get(total, at);
        if (part.dtype === "float64") f.mem("f64.load");
        else if (part.dtype === "float32") f.mem("f32.load").op("f64.promote_f32");
        else f.mem("i32.load").op(part.dtype === "uint32" ? "f64.convert_i32_u" : "f64.convert_i32_s");
        f.op("f64.add").set(total);
        f.get(at).i32(bytes).op("i32.add").set(at);
        f.get(lane).i32(1).op("i32.add").set(lane).br(0);
      });
    });
    f.get(to, total).mem("f64.store");
    f.get(from)
      .i32(lanes * bytes)
      .op("i32.add")
      .set(from);
    f.get(to).i32(8).op("i32.add").set(to);
  });
  f.release(from, to, at, lane, element, total, ...sums);
}

/** Pushes two neighbouring values as float64: the first or second two of four. */
function pushPair(f: FunctionBuilder, at: Local, { dtype }: Slot, half: number): void {
  if (dtype === "float64") {
    f.get(at).mem("v128.load", 16 * half, 3);
    return;
  }
  f.get(at).mem("v128.load64_zero", 8 * half);
  if (dtype === "float32") f.op("f64x2.promote_low_f32x4");
  else f.op(dtype === "uint32" ? "f64x2.convert_low_i32x4_u" : "f64x2.convert_low_i32x4_s");
}

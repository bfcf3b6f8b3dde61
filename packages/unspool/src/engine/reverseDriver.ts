/** The functions that walk the plan of a reverse pass: one tile forward and backward, and the loop over tiles. */
import { callKernels, sumUnits } from "./driver.ts";
import type { ReverseMemory } from "./reverseProgram.ts";
import { type ReverseStates, rowKind, rowWords } from "./reverseStates.ts";
import type { CompiledSection, Slot } from "./section.ts";
import type { FunctionBuilder, Local, ModuleBuilder } from "./wasm/index.ts";

export interface ReverseDriven {
  memory: ReverseMemory;
  sections: Record<"begin" | "invariants" | "forward" | "tally" | "back" | "first", CompiledSection>;
  states: ReverseStates;
  /** Whether residuals lie with the states; otherwise the forward step makes them right before the backward one. */
  keepsResiduals: boolean;
  counter: Slot;
  /** Gradients per unit, to be summed over the tile's units. */
  sums: readonly { part: Slot; sum: Slot }[];
}

/** Adds and exports `run(thread, threads)`: thread i takes tiles i, i + threads, … */
export function emitReverseDriver(module: ModuleBuilder, driven: ReverseDriven): void {
  const { tiles, tileStart, tileBytes, scratchStart, scratchBytes, stackStart, stackBytes } = driven.memory;
  const tile = emitTile(module, driven);
  const run = module.function("run", ["i32", "i32"]);
  const at = (index: Local, bytes: number, start: number): FunctionBuilder =>
    run.get(index).i32(bytes).op("i32.mul").i32(start).op("i32.add");
  const index = run.local("i32");
  run.get(0).set(index);
  run.block(() => {
    run.loop(() => {
      run.get(index).i32(tiles).op("i32.ge_s").brIf(1);
      at(0, scratchBytes, scratchStart);
      at(index, tileBytes, tileStart);
      at(0, stackBytes, stackStart);
      run.get(index).call(tile);
      run.get(index, 1).op("i32.add").set(index).br(0);
    });
  });
  module.export("run", run);
}

const [scratch, block, stack, tileIndex]: readonly Local[] = [0, 1, 2, 3];

/** tile(scratch, block, stack, index) */
function emitTile(module: ModuleBuilder, driven: ReverseDriven): FunctionBuilder {
  const { memory, sections, states, counter } = driven;
  const f = module.function("tile", ["i32", "i32", "i32", "i32"]);
  const call = (section: CompiledSection, first?: Local, second?: Local): void =>
    callKernels(f, section, scratch!, block!, first, second);
  const locals = Array.from({ length: 7 }, () => f.local("i32"));
  const [row, k, end, state, target, reached, motion] = locals as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const count = (): void => void f.get(scratch!, k).mem("i32.store", counter.location.offset);
  call(sections.begin, undefined, stack!);
  call(sections.invariants);
  f.i32(0).set(reached);
  f.get(stack!)
    .i32(memory.stateBytes * states.held)
    .op("i32.add")
    .set(motion);
  const place = (word: number, result: Local): void => {
    f.get(row).mem("i32.load", 4 * word);
    f.i32(memory.stateBytes).op("i32.mul").get(stack!).op("i32.add").set(result);
  };
  const advance = (): void => {
    const reachedNext = f.local("i32");
    f.get(row).mem("i32.load", 16).i32(0).op("i32.lt_s");
    f.if(
      () => f.get(block!).i32(memory.lastOffset).op("i32.add").set(target),
      () => place(4, target),
    );
    f.loop(() => {
      count();
      // The last of these steps goes to the target, others to the place of the state in motion and back.
      f.get(target, motion, end, k).op("i32.sub").i32(1).op("i32.and").op("select").set(reachedNext);
      call(sections.forward, state, reachedNext);
      f.get(reachedNext).set(state);
      f.get(k, reached)
        .op("i32.ge_s")
        .if(() => {
          call(sections.tally);
          f.get(k).i32(1).op("i32.add").set(reached);
        });
      f.get(k).i32(1).op("i32.add").tee(k).get(end).op("i32.lt_s").brIf(0);
    });
  };
  const back = (): void => {
    count();
    if (!driven.keepsResiduals) call(sections.forward, state, motion);
    call(sections.back, state);
  };
  const lastRow = memory.tableStart + 4 * rowWords * states.rows;
  f.forLoop(row, memory.tableStart, lastRow, 4 * rowWords, () => {
    f.get(row).mem("i32.load", 4).set(k);
    f.get(row).mem("i32.load", 8).set(end);
    place(3, state);
    f.get(row).mem("i32.load").i32(rowKind.advance).op("i32.eq").if(advance, back);
  });
  call(sections.first);
  const valid = f.local("i32");
  f.i32(memory.count - (memory.tiles - 1) * memory.lanes)
    .i32(memory.lanes)
    .get(tileIndex!)
    .i32(memory.tiles - 1)
    .op("i32.eq")
    .op("select")
    .set(valid);
  for (const { part, sum } of driven.sums) sumUnits(f, part, sum, memory.lanes, valid);
  return f;
}

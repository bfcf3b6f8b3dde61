/** A compiled program as plain data: what runs in which order, where it lies in memory, how much work a step is. */
import type { CompiledReverseProgram } from "../reverseProgram.ts";
import type { UnitProgram } from "../unitProgram.ts";
import { type KernelExplanation, explainKernels } from "./kernels.ts";
import { type MemoryPart, type ProgramParts, type SectionOccasion, partsOf } from "./parts.ts";
import { type Work, addWork, noWork, timesWork } from "./work.ts";

export interface SectionExplanation {
  name: string;
  occasion: SectionOccasion;
  /** How often a window runs it, if it runs. */
  times: number;
  kernels: readonly KernelExplanation[];
  /** One pass for one unit, without what a tile does once for all its units; and one pass for all units. */
  perUnit: Work;
  allUnits: Work;
}

export interface ProgramExplanation {
  name: string;
  units: number;
  /** A multiple of 4, or 1 for a single unit of a reverse program. */
  unitsPerTile: number;
  tiles: number;
  members: number;
  /** Steps of a window, and windows that one call may run. */
  length: number;
  windows: number;
  threads: number;
  /** Fused multiply-adds, or bits that are the same on every machine. */
  fma: boolean;
  memory: readonly MemoryPart[];
  /** Bytes of linear memory: whole pages. */
  memoryBytes: number;
  /** Bytes that a thread works on while it steps one tile. */
  workingBytes: number;
  sections: readonly SectionExplanation[];
  /** One step, for one unit and for all; and a whole window of all units, without changes that may not happen. */
  stepPerUnit: Work;
  stepAllUnits: Work;
  windowAllUnits: Work;
  /** WebAssembly instructions, and bytes of the module. */
  instructions: number;
  moduleBytes: number;
  traceMs: number;
  emitMs: number;
}

export function explainProgram(program: UnitProgram | CompiledReverseProgram): ProgramExplanation {
  const parts = partsOf(program);
  const { name, count, lanes, tiles, members, length, windows, options, memory, workingBytes } = parts;
  const sections = explainSections(parts);
  const perStep = (work: (section: SectionExplanation) => Work): Work =>
    addWork(
      ...sections
        .filter(({ occasion }) => occasion === "step")
        .map((section) => timesWork(work(section), section.times / length)),
    );
  const certain = sections.filter(({ occasion }) => occasion !== "change");
  return {
    ...{ name, units: count, unitsPerTile: lanes, tiles, members, length, windows },
    ...{ threads: options.threads, fma: options.fma, memory, workingBytes, sections },
    memoryBytes: 65536 * parts.layout.pages,
    stepPerUnit: perStep(({ perUnit }) => perUnit),
    stepAllUnits: perStep(({ allUnits }) => allUnits),
    windowAllUnits: addWork(...certain.map(({ allUnits, times }) => timesWork(allUnits, times))),
    instructions: program.instructions,
    moduleBytes: program.bytes.length,
    traceMs: program.traceMs,
    emitMs: program.emitMs,
  };
}

function explainSections({ sections, members, count, tiles }: ProgramParts): SectionExplanation[] {
  return sections.map(({ section, occasion, times }) => {
    const explained = explainKernels(section, { members, fma: section.fma });
    const kernels = count === 1 ? explained.map(ofOneUnit) : explained;
    const perUnit = addWork(noWork, ...kernels.map((kernel) => kernel.perUnit));
    const perTile = addWork(noWork, ...kernels.map((kernel) => kernel.perTile));
    const all = timesWork(perTile, occasion === "between windows" ? 1 : tiles);
    return {
      name: section.name,
      occasion,
      times,
      kernels,
      perUnit,
      allUnits: addWork(timesWork(perUnit, count), all),
    };
  });
}

/** Where there is one unit, what is done for all is done for it. */
function ofOneUnit(kernel: KernelExplanation): KernelExplanation {
  return { ...kernel, perUnit: addWork(kernel.perUnit, kernel.perTile), perTile: noWork };
}

/** What programs of units and reverse programs have in common to be explained. */
import { bytesOf } from "../emit/location.ts";
import { sizeOf } from "../graph/node.ts";
import type { MemoryLayout } from "../memory.ts";
import type { CompiledReverseProgram } from "../reverseProgram.ts";
import type { CompiledSection, Slot } from "../section.ts";
import type { UnitProgram, UnitProgramOptions } from "../unitProgram.ts";

/**
 * When a section runs: every step; once per window; once per window if the condition before it holds for a unit of the
 * tile; once between windows, for all tiles together.
 */
export type SectionOccasion = "step" | "window" | "change" | "between windows";

export interface MemoryPart {
  name: string;
  bytes: number;
  /** How `bytes` comes about. */
  formula: string;
}

export interface ProgramParts {
  readonly name: string;
  readonly count: number;
  readonly lanes: number;
  readonly tiles: number;
  readonly members: number;
  readonly length: number;
  readonly windows: number;
  readonly options: UnitProgramOptions;
  readonly memory: readonly MemoryPart[];
  readonly layout: MemoryLayout;
  readonly workingBytes: number;
  /** In the order in which they run; how often in a window. */
  readonly sections: readonly { section: CompiledSection; occasion: SectionOccasion; times: number }[];
}

export function partsOf(program: UnitProgram | CompiledReverseProgram): ProgramParts {
  return "states" in program ? reverseParts(program) : unitParts(program);
}

const unitOrder = [
  "share",
  "restart condition",
  "restart",
  "begin",
  "invariants",
  "step",
  "record",
  "finish",
  "settle condition",
  "settle",
  "update",
];

function unitOccasion(name: string): SectionOccasion {
  if (name === "step" || name === "record") return "step";
  if (name === "share" || name === "update") return "between windows";
  return name === "restart" || name === "settle" ? "change" : "window";
}

function unitParts(program: UnitProgram): ProgramParts {
  const { name, count, lanes, tiles, members, length, options, outer, layout } = program;
  const { tileBytes, scratchBytes } = program;
  const sections = program.sections
    .map((section) => {
      const occasion = unitOccasion(section.name);
      return { section, occasion, times: occasion === "step" ? length : 1 };
    })
    .toSorted((a, b) => unitOrder.indexOf(a.section.name) - unitOrder.indexOf(b.section.name));
  const records = [tilesOf(tiles), [length, "steps"], [program.recordStepBytes, "bytes"]] as const;
  const windows = [
    [outer?.capacity ?? 0, "windows"],
    [outer?.recordBytes ?? 0, "bytes of records"],
  ] as const;
  const memory = [
    ...fixedParts(layout, [...program.shared, ...(outer?.state ?? [])]),
    part("tiles", tilesOf(tiles), [tileBytes, "bytes of their units' state"]),
    part("results", tilesOf(tiles), [program.eachBytes, "bytes of results per unit"]),
    part("records", ...records),
    part("windows", ...windows),
    part("scratch", threadsOf(options), [scratchBytes, "bytes of a step's own values"]),
  ];
  const workingBytes = tileBytes + scratchBytes;
  return {
    ...{ name, count, lanes, tiles, members, length, options, layout, sections, workingBytes },
    windows: outer?.capacity ?? 1,
    memory: memory.filter(({ bytes }) => bytes > 0),
  };
}

const reverseOrder = ["begin", "invariants", "forward", "tally", "back", "first"];
const backSteps: ReadonlySet<string> = new Set(["forward", "tally", "back"]);

function reverseParts(program: CompiledReverseProgram): ProgramParts {
  const { name, length, options, states, layout, keepsResiduals } = program;
  const { count, lanes, tiles, tileBytes, scratchBytes, stackBytes, stateBytes } = program.memory;
  const forwardSteps = states.forwardSteps + (keepsResiduals ? 0 : length);
  const sections = program.sections
    .map((section) => {
      const occasion: SectionOccasion = backSteps.has(section.name) ? "step" : "window";
      const times = section.name === "forward" ? forwardSteps : occasion === "step" ? length : 1;
      return { section, occasion, times };
    })
    .toSorted((a, b) => reverseOrder.indexOf(a.section.name) - reverseOrder.indexOf(b.section.name));
  const held = stackBytes / stateBytes;
  const stack = [
    [held, held === 1 ? "state" : "states"],
    [stateBytes, "bytes"],
  ] as const;
  const memory = [
    ...fixedParts(layout, [...program.theta, ...program.shared]),
    part("tiles", tilesOf(tiles), [tileBytes, "bytes of units, last states, gradient"]),
    part("states", threadsOf(options), ...stack),
    part("scratch", threadsOf(options), [scratchBytes, "bytes of cotangents and a step's own values"]),
  ];
  const workingBytes = tileBytes + scratchBytes + stackBytes;
  return {
    ...{ name, count, lanes, tiles, members: 1, length, options, layout, sections, workingBytes, windows: 1 },
    memory: memory.filter(({ bytes }) => bytes > 0),
  };
}

type Factor = readonly [count: number, of: string];

function part(name: string, ...factors: readonly Factor[]): MemoryPart {
  const bytes = factors.reduce((product, [count]) => product * count, 1);
  return { name, bytes, formula: factors.map(([count, of]) => `${count} ${of}`).join(" x ") };
}

const tilesOf = (tiles: number): Factor => [tiles, tiles === 1 ? "tile" : "tiles"];
const threadsOf = ({ threads }: UnitProgramOptions): Factor => [
  threads,
  threads === 1 ? "thread" : "threads",
];

function fixedParts(layout: MemoryLayout, shared: readonly Slot[]): MemoryPart[] {
  const bytes = [...new Set(shared)].reduce(
    (sum, { shape, dtype }) => sum + sizeOf(shape) * bytesOf(dtype),
    0,
  );
  return [
    part("constants", [layout.constantBytes, "bytes known when compiling"]),
    part("shared", [bytes, "bytes that all units read"]),
  ];
}

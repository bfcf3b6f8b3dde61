/** An explained program as text of 100 columns: what it is, its memory, its kernels in order, what it costs. */
import type {
  KernelExplanation,
  MemoryPart,
  ProgramExplanation,
  ProgramMeasurement,
  SectionExplanation,
  Work,
} from "unspool/engine";
import { formatBytes, formatCount, formatTable, formatTime, wrapText } from "@unspool/report/format";

const width = 100;

export function explanationLines(program: ProgramExplanation, measured: ProgramMeasurement): string[] {
  return [
    ...headLines(program),
    "",
    "Memory",
    ...memoryLines(program),
    ...program.sections.filter(({ kernels }) => kernels.length > 0).flatMap(sectionLines(program)),
    "",
    ...costLines(program, measured),
  ];
}

const many = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`;

function headLines(program: ProgramExplanation): string[] {
  const { name, units, members, tiles, unitsPerTile, length, windows, threads, fma } = program;
  const padding = tiles * unitsPerTile - units;
  const shape = [
    many(units, "unit"),
    ...(members > 1 ? [`of ${members} members`] : []),
    `in ${many(tiles, "tile")} of ${unitsPerTile}${padding > 0 ? ` (${padding} lanes idle)` : ""}`,
  ].join(" ");
  const steps = `${many(length, "step")} a window${windows > 1 ? `, up to ${windows} windows a call` : ""}`;
  const bits = fma ? "fused multiply-adds" : "portable bits";
  return [name, ...[shape, steps, `${many(threads, "thread")}, ${bits}`].map((line) => `  ${line}`)];
}

function memoryLines({ memory, memoryBytes, workingBytes }: ProgramExplanation): string[] {
  const row = (name: string, bytes: number, rest: string): string =>
    `  ${name.padEnd(10)}${formatBytes(bytes).padStart(9)}  ${rest}`;
  return [
    ...memory.map(({ name, bytes, formula }: MemoryPart) => row(name, bytes, formula)),
    row(
      "all",
      memoryBytes,
      `whole pages; a thread works on ${formatBytes(workingBytes)} at a time, ${cacheOf(workingBytes)}`,
    ),
  ];
}

/** Where so much memory usually stays: 32 KiB of first level and 512 KiB of second level are the least in use. */
function cacheOf(bytes: number): string {
  if (bytes <= 32768) return "which fits the first cache";
  return bytes <= 524288 ? "which fits the second cache" : "more than the second cache";
}

const bytesIn = ({ bytesRead, bytesWritten }: Work): number => bytesRead + bytesWritten;

const occasions: Record<SectionExplanation["occasion"], (times: number) => string> = {
  step: (times) => (times === 1 ? "once a window" : `${times} times a window`),
  window: () => "once a window",
  change: () => "once a window, if a unit wants it",
  "between windows": () => "between windows, for all units together",
};

const [titleWidth, spaceWidth, levelWidth, numberWidth] = [24, 18, 8, 11];

/** How many units a pass of a section is for, and how many tiles. */
interface Pass {
  units: number;
  tiles: number;
}

function sectionLines({ units, tiles }: ProgramExplanation): (section: SectionExplanation) => string[] {
  return (section) => {
    const { name, occasion, times, kernels } = section;
    const each: Pass = { units, tiles: occasion === "between windows" ? 1 : tiles };
    const head = `${name[0]!.toUpperCase()}${name.slice(1)}: ${occasions[occasion](times)}, ${many(kernels.length, "kernel")}`;
    const columns = ["flops/unit", "bytes/unit", "flops", "bytes"].map((text) => text.padStart(numberWidth));
    const headings = `${"".padEnd(titleWidth)}${"space".padEnd(spaceWidth)}${"level".padEnd(levelWidth)}`;
    return [
      "",
      head,
      `     ${headings}${columns.join("")}`.slice(0, width),
      ...kernels.flatMap((kernel, i) => kernelLines(kernel, i, each)),
      numbers(
        `${"".padStart(5)}${"one pass".padEnd(titleWidth + spaceWidth + levelWidth)}`,
        section.perUnit,
        section.allUnits,
      ),
    ];
  };
}

function numbers(head: string, one: Work | undefined, all: Work): string {
  const cells = [one?.flops, one && bytesIn(one), all.flops, bytesIn(all)];
  const text = cells.map((cell) => (cell === undefined ? "" : formatCount(cell)).padStart(numberWidth));
  return `${head}${text.join("")}`;
}

/** A kernel in one line, and its operations in as many as they need. */
function kernelLines(kernel: KernelExplanation, index: number, { units, tiles }: Pass): string[] {
  const { title, space, level, perUnit, perTile, note } = kernel;
  const one = bytesIn(perUnit) === 0 ? undefined : perUnit;
  const names = Object.entries(kernel.operations).map(([name, count]) =>
    count === 1 ? name : `${count} ${name}`,
  );
  const isOne = kernel.kind === "fused" && names.length === 1;
  const place = space.length === 0 ? "one number" : space.join(" x ");
  const shown = isOne ? names[0]! : title;
  const columns = [shown.padEnd(titleWidth - 1), place.padEnd(spaceWidth - 1), level.padEnd(levelWidth)].join(
    " ",
  );
  const whole = titleWidth + spaceWidth + levelWidth;
  const details =
    kernel.kind === "product" ? note : isOne || kernel.kind === "routine" ? "" : names.join(", ");
  const lines = details === "" ? [] : wrapText(details, width - 7).map((line) => `       ${line}`);
  const label = String(index).padStart(3);
  const costs = total(perUnit, units, perTile, tiles);
  return columns.length <= whole
    ? [numbers(`${label}  ${columns}`, one, costs), ...lines]
    : [`${label}  ${columns}`.trimEnd(), numbers("".padEnd(5 + whole), one, costs), ...lines];
}

function total(perUnit: Work, units: number, perTile: Work, tiles: number): Work {
  const sum = (name: keyof Work): number => units * perUnit[name] + tiles * perTile[name];
  return {
    flops: sum("flops"),
    integerOps: sum("integerOps"),
    bytesRead: sum("bytesRead"),
    bytesWritten: sum("bytesWritten"),
  };
}

function costLines(program: ProgramExplanation, measured: ProgramMeasurement): string[] {
  const { stepPerUnit, stepAllUnits, windowAllUnits, instructions, moduleBytes, traceMs, emitMs } = program;
  const row = (what: string, { flops, integerOps, bytesRead, bytesWritten }: Work): string[] => [
    what,
    ...[flops, integerOps].map(formatCount),
    ...[bytesRead, bytesWritten].map(formatBytes),
  ];
  const share = `${(100 * measured.shareOfPeak).toFixed(0)} % of the ${measured.peakGflops.toFixed(0)} measured`;
  return [
    ...formatTable(
      ["work", "flops", "integer ops", "read", "written"],
      [
        row("one step, one unit", stepPerUnit),
        row("one step, all units", stepAllUnits),
        row("one window, all units", windowAllUnits),
      ],
    ),
    "",
    `code      ${formatCount(instructions)} instructions, ${formatBytes(moduleBytes)}; tracing ${traceMs.toFixed(0)} ms, emitting ${emitMs.toFixed(0)} ms, compiling ${measured.compileMs.toFixed(0)} ms`,
    `speed     ${formatTime(measured.nsPerStep)} a step of all units, ${formatTime(measured.nsPerUnitStep)} of one; ${measured.gflops.toPrecision(3)} GFLOP/s, ${share}`,
    ...wrapText(`balance   ${balance(program)}`, width),
  ];
}

/** Arithmetic intensity in words. */
function balance({ windowAllUnits, workingBytes }: ProgramExplanation): string {
  const { flops, integerOps } = windowAllUnits;
  const bytes = bytesIn(windowAllUnits);
  const perByte = bytes === 0 ? 0 : flops / bytes;
  const kind =
    integerOps > 2 * flops
      ? "mostly random bits and other integers"
      : perByte >= 4
        ? "mostly arithmetic"
        : perByte >= 0.5
          ? "arithmetic and loads in balance"
          : "mostly moves data";
  return `${perByte.toPrecision(2)} flops per byte: ${kind}, in memory ${cacheOf(workingBytes).replace("which", "that")}`;
}

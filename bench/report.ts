/** What was measured, as a table for people and as one JSON line for machines. */
import type { Torch } from "./contestants.ts";
import type { Entry, Measurement } from "./harness.ts";

export interface Report {
  workload: string;
  title: string;
  /** Rates are these per second: medians over the rounds. */
  unit: string;
  unspool: { threads1: number | null; threads2: number | null };
  /** Each at its best number of threads and form. */
  rivals: { "jax-js": number | null; tfjs: number | null; torch: number | null };
  /**
   * Unspool's best over the rival's best; `torch1` and `torch2` compare equal numbers of threads. `perCpu` compare
   * single threads per second of processor time, which a busy machine disturbs less.
   */
  ratios: Record<"jax-js" | "tfjs" | "torch" | "torch1" | "torch2" | "torchPerCpu", number | null>;
  /** Useful operations of Unspool on one thread, per second of processor time, over the peak of a thread. */
  shareOfPeak: number | null;
  peak: { gflops: number; isFused: boolean };
  /** Unspool on one thread, from tracing to the first result. */
  firstCallMs: number | null;
  load: [before: number, after: number];
  torch: Torch | null;
  entries: ReportEntry[];
  absent: string[];
}

export interface ReportEntry {
  side: string;
  threads: number;
  form: string;
  rate: number;
  /** Slowest and fastest round. */
  spread: [number, number];
  perCpuSecond: number;
  firstCallMs: number;
}

export function reportOf(measurement: Measurement, torch: Torch | undefined): Report {
  const { workload, entries, peak, load, absent } = measurement;
  const best = (choose: (entry: Entry) => boolean, rates: "rates" | "cpuRates" = "rates"): number | null => {
    const medians = entries.filter(choose).map((entry) => median(entry[rates]));
    return medians.length === 0 ? null : Math.max(...medians);
  };
  const of = (side: string, threads?: number) => (entry: Entry) =>
    entry.side === side && (threads === undefined || entry.threads === threads);
  const ours = best(of("unspool"));
  const [single, singlePerCpu] = [best(of("unspool", 1)), best(of("unspool", 1), "cpuRates")];
  const { flopsPerUnit } = workload;
  return {
    workload: workload.name,
    title: workload.title,
    unit: workload.unit,
    unspool: { threads1: single, threads2: best(of("unspool", 2)) },
    rivals: { "jax-js": best(of("jax-js")), tfjs: best(of("tfjs")), torch: best(of("torch")) },
    ratios: {
      "jax-js": ratio(ours, best(of("jax-js"))),
      tfjs: ratio(ours, best(of("tfjs"))),
      torch: ratio(ours, best(of("torch"))),
      torch1: ratio(single, best(of("torch", 1))),
      torch2: ratio(best(of("unspool", 2)), best(of("torch", 2))),
      torchPerCpu: ratio(singlePerCpu, best(of("torch", 1), "cpuRates")),
    },
    shareOfPeak:
      flopsPerUnit === undefined || singlePerCpu === null
        ? null
        : (singlePerCpu * flopsPerUnit) / (peak.gflops * 1e9),
    peak,
    firstCallMs: entries.find(of("unspool", 1))?.firstCallMs ?? null,
    load,
    torch: torch ?? null,
    entries: entries.map(({ side, threads, form, rates, cpuRates, firstCallMs }) => ({
      side,
      threads,
      form,
      rate: median(rates),
      spread: [Math.min(...rates), Math.max(...rates)],
      perCpuSecond: median(cpuRates),
      firstCallMs,
    })),
    absent,
  };
}

/** Several lines of text. */
export function tableOf(report: Report): string {
  const ours = Math.max(report.unspool.threads1 ?? 0, report.unspool.threads2 ?? 0);
  const rows = report.entries.map((entry) => [
    `${entry.side}${entry.form === "" ? "" : `, ${entry.form}`}`,
    String(entry.threads),
    number(entry.rate),
    `${number(entry.spread[0])} to ${number(entry.spread[1])}`,
    number(entry.perCpuSecond),
    `${Math.round(entry.firstCallMs)} ms`,
    entry.side === "unspool" || ours === 0 ? "" : `${number(ours / entry.rate)}x`,
  ]);
  const header = ["", "threads", "per second", "spread", "per CPU second", "first call", "Unspool's best"];
  const { peak, shareOfPeak, load, absent } = report;
  const notes = [
    `peak of one thread ${number(peak.gflops)} GFLOP/s (${peak.isFused ? "fused" : "product and sum"})` +
      (shareOfPeak === null ? "" : `, Unspool reaches ${number(100 * shareOfPeak)} %`),
    `load average ${load.map(number).join(" to ")}`,
    ...absent,
  ];
  return [
    `${report.workload}  ${report.title}: ${report.unit}`,
    ...aligned([header, ...rows]),
    ...notes.map((note) => `  ${note}`),
  ].join("\n");
}

export function describeTorch(torch: Torch | undefined): string {
  if (torch === undefined) return "No python3 with torch was found: that column is empty.";
  const kernels = torch.kernels === "" ? "" : ` with OpenBLAS kernels ${torch.kernels}`;
  return `torch ${torch.version}${kernels}: ${number(torch.gflops)} GFLOP/s on one thread (512 x 512 product).`;
}

/** Columns of equal width, the first to the left and the others to the right. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ")}`.trimEnd(),
  );
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

function ratio(ours: number | null, theirs: number | null): number | null {
  return ours === null || theirs === null ? null : ours / theirs;
}

/** Three digits, thousands as k. */
export function number(value: number): string {
  if (Math.abs(value) >= 1000) return `${Number((value / 1000).toPrecision(3))} k`;
  return String(Number(value.toPrecision(3)));
}

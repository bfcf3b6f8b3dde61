/** Explanations stay within 100 columns and say what a program is. */
import { expect, test } from "vitest";
import type { KernelExplanation, ProgramExplanation, ProgramMeasurement, Work } from "unspool/engine";
import { explanationLines } from "./explanation.ts";
import { formatBytes, formatCount, formatTime, wrapText } from "@unspool/report/format";

const work = (scale: number): Work => ({
  flops: 12.5 * scale,
  integerOps: 3 * scale,
  bytesRead: 40 * scale,
  bytesWritten: 8 * scale,
});

const kernel = (changes: Partial<KernelExplanation>): KernelExplanation => ({
  kind: "fused",
  title: "17 operations",
  operations: { multiply: 9, random_bits: 2, box_muller: 1, exp: 1, tanh: 1, sigmoid: 1, erfc: 1, where: 1 },
  lines: [],
  space: [1000, 784, 32, 10],
  level: "member",
  note: "",
  instructions: 12345,
  perUnit: work(1e6),
  perTile: work(0),
  ...changes,
});

const program: ProgramExplanation = {
  name: "pes",
  units: 100000,
  unitsPerTile: 128,
  tiles: 782,
  members: 2,
  length: 10,
  windows: 1024,
  threads: 2,
  fma: true,
  memory: [{ name: "scratch", bytes: 12345678, formula: "2 threads x 6172839 bytes of a step's own values" }],
  memoryBytes: 12386304,
  workingBytes: 7e6,
  sections: [
    {
      name: "step",
      occasion: "step",
      times: 10,
      kernels: [
        kernel({}),
        kernel({ operations: { copy: 3 } }),
        kernel({ kind: "product", title: "product 1024 x 1024 x 4096", note: "tile 3 x 2 x 1" }),
        kernel({ kind: "routine", title: "cholesky", level: "shared", perUnit: work(0), perTile: work(7) }),
      ],
      perUnit: work(1e6),
      allUnits: work(1e11),
    },
  ],
  stepPerUnit: work(1e6),
  stepAllUnits: work(1e11),
  windowAllUnits: work(1e12),
  instructions: 123456,
  moduleBytes: 345678,
  traceMs: 1234.5,
  emitMs: 123.4,
};

const measured: ProgramMeasurement = {
  compileMs: 123.4,
  nsPerStep: 1.5e9,
  nsPerUnitStep: 15000,
  gflops: 83.33,
  shareOfPeak: 0.733,
  peakGflops: 113.7,
};

test("no line is longer than 100 columns", () => {
  for (const line of explanationLines(program, measured)) expect(line.length, line).toBeLessThanOrEqual(100);
});

test("units, kernels, memory and speed are told", () => {
  const text = explanationLines(program, measured).join("\n");
  expect(text).toContain("100000 units of 2 members in 782 tiles of 128");
  expect(text).toContain("2 threads, fused multiply-adds");
  expect(text).toMatch(/scratch +12\.3 MB {2}2 threads x/);
  expect(text).toContain("Step: 10 times a window, 4 kernels");
  expect(text).toMatch(/^ {2}1 {2}3 copy /m);
  expect(text).toMatch(/product 1024 x 1024 x 4096 .* member\n[^\n]*T\n +tile 3 x 2 x 1/);
  expect(text).toContain("73 % of the 114 measured");
});

test("counts and bytes have three digits and a prefix", () => {
  expect([0, 999, 1000, 12345, 999600].map(formatCount)).toEqual(["0", "999", "1.00 k", "12.3 k", "1.00 M"]);
  expect([640, 2048].map(formatBytes)).toEqual(["640 B", "2.05 kB"]);
  expect(formatCount(51.5)).toBe("51.5");
  expect([164, 78500, 1.5e9].map(formatTime)).toEqual(["164 ns", "78.5 µs", "1.50 s"]);
});

test("text is wrapped at spaces", () => {
  expect(wrapText("add, mul, exp", 9)).toEqual(["add, mul,", "exp"]);
});

/** Work is counted as a pencil would: products by their sizes, functions by their polynomials, bytes by arrays. */
import { expect, test } from "vitest";
import { type Tensor, np } from "../../array/index.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { peakMeter } from "../peak.ts";
import type { ForwardProgram } from "../../program/index.ts";
import { compileUnitProgram } from "../unitProgram.ts";
import { UnitRunner } from "../unitRunner.ts";
import { explainProgram, measureProgram } from "./index.ts";
import { arithmeticOf } from "./work.ts";

const [count, rows, depth, length] = [13, 6, 5, 7];

interface Carry {
  w: Tensor;
  sum: Tensor;
}

/** w ← tanh(x w), for two members that start at ± the unit's w; x [rows, rows] is shared. */
const program: ForwardProgram = {
  name: "powers",
  length,
  begin(_, unit) {
    const { w } = unit as { w: Tensor };
    const member = (start: Tensor) => ({ constant: {}, carry: { w: start, sum: np.zeros([]) } });
    return { members: [member(w), member(w.neg())], kept: {} };
  },
  step(shared, _, carry) {
    const { w, sum } = carry as Carry;
    const next = np.tanh(np.matmul((shared as { x: Tensor }).x, w));
    return { w: next, sum: sum.add(next.sum()) };
  },
  finish: (_, unit, members) => ({
    unit,
    mean: members.map(({ carry }) => (carry as Carry).sum),
    each: {},
  }),
};

const shared = { x: np.ones([rows, rows]).mul(0.1) };
const units = { w: np.ones([count, rows, depth]) };

const compile = (threads = 1) =>
  compileUnitProgram(program, shared, units, { fma: false, isShared: false, threads });

test("a step's work is that of its product and its functions, for both members", () => {
  const explanation = explainProgram(compile());
  const step = explanation.sections.find(({ name }) => name === "step")!;
  const product = step.kernels.find(({ kind }) => kind === "product")!;
  expect(product).toMatchObject({ level: "member", title: `product ${rows} x ${depth} x ${rows}` });
  expect(product.perUnit.flops).toBe(2 * 2 * rows * rows * depth);
  // x is read once for a tile; w and the result once per member.
  expect(product.perTile.bytesRead).toBe(4 * rows * rows);
  expect(product.perUnit.bytesRead).toBe(2 * 4 * rows * depth);
  expect(product.perUnit.bytesWritten).toBe(2 * 4 * rows * depth);
  const fused = step.kernels.filter(({ kind }) => kind === "fused");
  const names = fused.flatMap(({ operations }) => Object.keys(operations));
  expect(names).toEqual(expect.arrayContaining(["tanh", "sum", "add"]));
  expect(explanation.stepPerUnit.flops).toBeGreaterThan(product.perUnit.flops + 2 * 2 * rows * depth);
});

test("a window is its steps, its beginning and its end", () => {
  const {
    sections,
    stepAllUnits,
    windowAllUnits,
    units: all,
    unitsPerTile,
    tiles,
  } = explainProgram(compile());
  expect(all).toBe(count);
  expect(unitsPerTile * tiles).toBeGreaterThanOrEqual(count);
  const once = sections.filter(({ occasion }) => occasion === "window").map(({ allUnits }) => allUnits.flops);
  const flops = once.reduce((sum, one) => sum + one, length * stepAllUnits.flops);
  expect(windowAllUnits.flops).toBeCloseTo(flops, 6);
});

test("the parts of the memory fit in it, and scratch memory is per thread", () => {
  const [one, two] = [explainProgram(compile(1)), explainProgram(compile(2))];
  for (const { memory, memoryBytes } of [one, two]) {
    expect(memory.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(memoryBytes);
  }
  const scratch = (memory: typeof one.memory) => memory.find(({ name }) => name === "scratch")!.bytes;
  expect(scratch(two.memory)).toBe(2 * scratch(one.memory));
  expect(one.memory.find(({ name }) => name === "shared")!.bytes).toBe(4 * rows * rows);
});

test("arithmetic is what is emitted per element, in both widths", () => {
  const graph = new GraphBuilder();
  const work = (op: "add" | "div" | "xor" | "exp", dtype: "float32" | "float64" | "uint32", fma = false) => {
    const operands = op === "exp" ? [0] : [0, 1];
    const inputs = operands.map((slot) => graph.input(slot, [4], dtype, 1));
    return arithmeticOf(graph.elementwise(op, inputs, dtype), fma);
  };
  expect(work("add", "float32")).toEqual({ flops: 1, integerOps: 0 });
  expect(work("div", "float64")).toEqual({ flops: 1, integerOps: 0 });
  expect(work("xor", "uint32")).toEqual({ flops: 0, integerOps: 1 });
  // A polynomial of degree 5 or more, and the same flops whether products and sums are fused or not.
  expect(work("exp", "float32").flops).toBeGreaterThanOrEqual(10);
  expect(work("exp", "float32", true).flops).toBe(work("exp", "float32").flops);
});

test("a measurement leaves the program's memory as it was", () => {
  const compiled = compile();
  const runner = new UnitRunner(compiled, undefined, 1);
  const before = runner.run(shared, units);
  const measured = measureProgram(runner, explainProgram(compiled), peakMeter({ fma: false })());
  expect(measured.nsPerStep).toBeGreaterThan(0);
  expect(measured.gflops).toBeGreaterThan(0);
  expect(measured.shareOfPeak).toBeGreaterThan(0);
  expect(measured.shareOfPeak).toBeLessThan(1.5);
  const after = runner.run(shared, units);
  expect((after.mean as Tensor[]).map(({ data }) => [...data])).toEqual(
    (before.mean as Tensor[]).map(({ data }) => [...data]),
  );
});

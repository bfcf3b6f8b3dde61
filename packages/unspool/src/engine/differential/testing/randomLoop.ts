/**
 * Random loops: a program whose step permutes, combines and recomputes what it carries, for several steps, so that a
 * value written too early is read by what wanted the old one.
 */
import fc from "fast-check";
import { type Tensor, np } from "../../../array/index.ts";
import { weights } from "../../../array/testing/contract.ts";
import type { ForwardProgram, ReverseProgram } from "../../../unroll/index.ts";
import { Choices, type Input, elements, operationNumbers, shapes } from "./choices.ts";
import { exact, rounded } from "./pool.ts";
import { type RandomFunction, grow } from "./randomFunction.ts";
import { stacked } from "./levels.ts";

export interface RandomLoop {
  dtype: RandomFunction["dtype"];
  /** What the carries have in common: each is a view of a value of this shape. */
  shape: number[];
  /** Per carry, numbers that say which view it is, what it starts from and what a step makes of it. */
  carries: number[][];
  shared: number[];
  steps: number[][];
  seed: number;
  length: number;
  units: number;
}

export const randomLoops = (most: number): fc.Arbitrary<RandomLoop> =>
  fc.record({
    dtype: fc.constantFrom("float32" as const, "float64" as const),
    shape: shapes,
    carries: fc.array(operationNumbers, { minLength: 2, maxLength: 6 }),
    shared: shapes,
    steps: fc.array(operationNumbers, { minLength: 0, maxLength: most }),
    seed: fc.nat(65535),
    length: fc.integer({ min: 1, max: 4 }),
    // One tile with lanes to spare, one unit, and two tiles.
    units: fc.constantFrom(5, 1, 21),
  });

interface Arguments {
  shared: { floats: Tensor; matrix: Tensor; key: Tensor };
  units: { floats: Tensor; start: Tensor; counts: Tensor };
}

interface Carry {
  values: Tensor[];
  counts: Tensor;
  key: Tensor;
}

type Loop = ForwardProgram<
  Arguments["shared"],
  Arguments["units"],
  { floats: Tensor },
  { own: Tensor; same: Tensor },
  Carry,
  { values: Tensor[] },
  { values: Tensor[]; counts: Tensor }
>;

const flat = (x: Tensor): Tensor => x.reshape([x.size]);

/** The views that carries are: row-major, transposed, and flat. */
function shapeOf(shape: readonly number[], kind: number): number[] {
  if (kind === 0) return [...shape];
  return kind === 1 ? shape.toReversed() : [shape.reduce((size, one) => size * one, 1)];
}

/** `x` as the view that a carry of `shape` is: elements in another order, or the same order. */
function viewAs(x: Tensor, shape: readonly number[], choices: Choices): Tensor {
  const kind = choices.below(4);
  if (kind === 0 && String(x.shape.toReversed()) === String(shape)) return x.transpose();
  if (kind === 1) return np.flip(x.reshape([...shape])) as Tensor;
  if (kind === 2 && x.size > 1)
    return (np.concatenate([flat(x).slice([1, x.size]), flat(x).slice([0, 1])]) as Tensor).reshape([
      ...shape,
    ]);
  return x.reshape([...shape]);
}

export function loopOf(random: RandomLoop): { program: Loop; args: Arguments } {
  const { dtype, shape, carries, steps, seed, length, units } = random;
  const carryShapes = carries.map((numbers) => shapeOf(shape, new Choices(numbers).below(3)));
  const input = (of: readonly number[], as: Input["dtype"], salt: number): Tensor =>
    elements({ shape: of, dtype: as }, seed + salt);
  const perUnit = (of: readonly number[], as: Input["dtype"], salt: number): Tensor =>
    stacked(Array.from({ length: units }, (_, unit) => [input(of, as, salt + 100 * unit)]))[0]!;
  const args: Arguments = {
    shared: {
      floats: input(shape, dtype, 1),
      matrix: input(random.shared, dtype, 2),
      key: input([2], "uint32", 3),
    },
    units: {
      floats: perUnit(shape, dtype, 4),
      start: perUnit(shape, dtype, 5),
      counts: perUnit([3], "int32", 6),
    },
  };
  const program: Loop = {
    name: "random loop",
    length,
    begin: (shared, unit) => ({
      members: [1, -0.5].map((sign) => ({
        constant: { own: unit.floats.mul(sign), same: unit.start },
        carry: {
          values: carries.map((numbers, i) => {
            const choices = new Choices(numbers.slice(1));
            // The same for all, per unit, or per member.
            const sources = [shared.floats, unit.floats, unit.floats.mul(sign), np.zeros(shape, { dtype })];
            return choices.of(sources).reshape(carryShapes[i]!);
          }),
          counts: unit.counts,
          key: shared.key,
        },
      })),
      kept: { floats: unit.floats },
    }),
    step: (shared, constant, carry, k) => {
      const known = [shared.floats, constant.own, constant.same, shared.matrix, k, carry.counts, carry.key];
      const made = grow(dtype, steps, [...known.map(exact), ...carry.values.map((x) => rounded(x))]).slice(
        known.length + carry.values.length,
      );
      const fresh = made
        .map(({ x }) => x)
        .filter((x) => x.dtype === dtype && x.size === carry.values[0]!.size);
      const values = carries.map((numbers, i) => {
        const choices = new Choices(numbers.slice(2));
        const other = choices.of(carry.values);
        const kind = choices.below(fresh.length > 0 ? 6 : 4);
        if (kind === 0) return carry.values[i]!;
        if (kind === 1) return other.reshape(carryShapes[i]!).add(carry.values[i]!).mul(0.5);
        return viewAs(kind >= 4 ? choices.of(fresh) : other, carryShapes[i]!, choices);
      });
      const bits = made.find(({ x }) => x.dtype === "uint32" && String(x.shape) === "2");
      return { values, counts: carry.counts.add(k), key: bits?.x ?? carry.key };
    },
    finish: (_shared, unit, [first, second], kept) => ({
      unit: {
        ...unit,
        start: first!.carry.values[0]!.reshape(shape),
        floats: kept.floats.add(second!.carry.values[0]!.reshape(shape)).mul(0.5),
        counts: second!.carry.counts,
      },
      mean: { values: first!.carry.values },
      each: {
        values: second!.carry.values.map((value, i) => value.add(first!.carry.values[i]!)),
        counts: first!.carry.counts,
      },
    }),
    record: ({ values, counts }) => ({
      ...Object.fromEntries(values.map((x, i) => [`value${i}`, x])),
      counts,
    }),
  };
  return { program, args };
}

type Reverse = ReverseProgram<
  { scale: Tensor; shift: Tensor },
  Arguments["shared"],
  Arguments["units"],
  Carry
>;

/** The same loop as a program with losses, whose gradient is taken by two parameters of its start and its steps. */
export function reverseOf(random: RandomLoop): {
  program: Reverse;
  theta: { scale: Tensor; shift: Tensor };
  args: Arguments;
} {
  const { dtype, shape, length } = random;
  const { program, args } = loopOf(random);
  const theta = {
    scale: elements({ shape, dtype }, random.seed + 7),
    shift: elements({ shape: [], dtype }, random.seed + 8),
  };
  const halves = (x: Tensor, by: Tensor): Tensor => x.add(by).mul(0.5);
  const reverse: Reverse = {
    name: "random reverse",
    length,
    begin: ({ scale, shift }, shared, unit) => {
      const { carry } = program.begin(shared, { ...unit, floats: halves(unit.floats, scale) }).members[0]!;
      return { ...carry, values: carry.values.map((x) => halves(x, shift)) };
    },
    step: ({ scale, shift }, shared, carry, k) => {
      const next = program.step(shared, { own: scale, same: shared.floats }, carry, k);
      const values = next.values.map((x, i) => (i === 0 ? halves(x, scale.reshape([...x.shape])) : x));
      const loss = values
        .map((x) => x.mul(np.array(weights(x.size), { dtype, shape: x.shape })).mean())
        .reduce((sum, term) => sum.add(term), shift.mul(shift));
      return { carry: { ...next, values }, loss };
    },
  };
  return { program: reverse, theta, args };
}

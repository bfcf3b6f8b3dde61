/** Windows in parts, tile by tile, against the same windows in one call: with everything that a program can have. */
import { expect, test } from "vitest";
import { type Tensor, np, tree } from "../array/index.ts";
import type { OuterProgram } from "../program/index.ts";
import { type TileRange, compiledExecutor } from "../unroll/index.ts";

const count = 150;

interface Outer {
  x: Tensor;
  /** Read by no unit. */
  own: Tensor;
  turn: Tensor;
}

interface Shared {
  x: Tensor;
  twice: Tensor;
  turn: Tensor;
  /** Depends on nothing. */
  fixed: Tensor;
}

interface Unit {
  s: Tensor;
  wide: Tensor;
  id: Tensor;
  isOdd: Tensor;
  /** The same for all, and the same for all until the second window. */
  same: Tensor;
  late: Tensor;
}

const int = (value: number): Tensor => tree.scalar(value, "int32");

const program: OuterProgram<Outer, Shared, Unit, { s: Tensor; wide: Tensor }, { mean: Tensor }> = {
  window: {
    name: "everything",
    length: 3,
    sameForAll: ["same", "late"],
    begin: ({ x, fixed }, { s, wide }) => ({
      members: [1, -1].map((sign) => ({
        constant: { at: x.mul(sign).add(fixed) },
        carry: { s: s.add(sign), wide },
      })),
      kept: { s },
    }),
    step: ({ twice }, { at }, { s, wide }, k) => ({
      s: np.sin(s.mul(twice).add(at.sum()).add(k.astype("float32"))),
      wide: wide.mul(0.9).add(s.sum().astype("float64")),
    }),
    record: ({ s }) => ({ s }),
    finish({ turn }, { id, isOdd, same, late }, members, { s: old }) {
      const [plus, minus] = members.map(({ carry }) => carry as Pick<Unit, "s" | "wide">);
      const s = plus!.s.sub(minus!.s).add(old.mul(same)).add(late);
      return {
        unit: {
          s,
          wide: plus!.wide,
          id,
          isOdd: np.logicalNot(isOdd),
          same: same.mul(0.5),
          late: late.add(turn.equal(1).astype("float32").mul(id.astype("float32"))),
        },
        mean: { s: s.astype("float64"), wide: minus!.wide },
        each: { id },
      };
    },
  },
  restart: {
    when: ({ id, isOdd }) => np.logicalAnd(isOdd, id.less(int(70))),
    apply: ({ x }, unit) => ({
      ...unit,
      s: np.where(np.logicalAnd(unit.isOdd, unit.id.less(int(70))), x, unit.s),
    }),
  },
  settle: {
    when: ({ s }) => s.sum().greater(1),
    apply: (_, unit) => ({ ...unit, s: np.where(unit.s.sum().greater(1), unit.s.mul(0.3), unit.s) }),
  },
  share: ({ x, turn }) => ({ x, twice: x.mul(2), turn, fixed: np.array([0.25, 0.5]) }),
  update: ({ x, own, turn }, { s, wide }) => ({
    outer: { x: x.add(s.astype("float32").mul(0.1)), own: own.add(wide), turn: turn.add(int(1)) },
    record: { mean: s },
  }),
};

const outer: Outer = { x: np.array([0.3, -0.7]), own: np.zeros([40], { dtype: "float64" }), turn: int(0) };
const numbers = (size: number): number[] => Array.from({ length: size }, (_, i) => Math.sin(i));
const units: Unit = {
  s: np.array(numbers(2 * count), { shape: [count, 2] }),
  wide: np.array(numbers(40 * count), { shape: [count, 40], dtype: "float64" }),
  id: np.arange(count),
  isOdd: np.array(
    Array.from({ length: count }, (_, i) => i % 2),
    { dtype: "bool" },
  ),
  same: np.ones([count]),
  late: np.zeros([count]),
};

test.each([[{}], [{ portableBits: true }]])(
  "any ranges of tiles have the bits of one call, %j",
  (options) => {
    const executor = compiledExecutor(options);
    const windows = 4;
    const whole = executor.outer!(program, outer, units, windows);
    const leader = executor.tiled!(program, outer, units);
    const { tiles } = leader;
    expect(tiles).toBeGreaterThan(3);
    expect(leader.isShared).toEqual([false, true, true]);
    // One tile; tiles in the middle; the last one, which has fewer units. On two machines.
    const edges = [0, 1, tiles - 1, tiles];
    const ranges: TileRange[] = edges.slice(1).map((to, i) => ({ from: edges[i]!, to }));
    const machines = [leader, executor.tiled!(program, outer, units), leader];
    const leaves = tree.leaves(units);
    let first = 0;
    ranges.forEach((range, i) => {
      const own = leader.unitsIn(range);
      const part = leaves.map(({ data, size }) =>
        data.slice((first * size) / count, ((first + own) * size) / count),
      );
      machines[i]!.load(range, part);
      first += own;
    });
    expect(first).toBe(count);
    let now: unknown = outer;
    const means: number[] = [];
    for (let window = 0; window < windows; window++) {
      const state = tree.leaves(now).map(({ data }) => data);
      const shared = state.map((data, i) => (leader.isShared[i] === true ? data : undefined));
      const sums = ranges.map((range, i) => {
        machines[i]!.share(shared);
        return [...machines[i]!.run(range)];
      });
      const made = leader.update(state, Float64Array.from(sums.flat()));
      now = made.outer;
      means.push(...(made.record as { mean: Tensor }).mean.data);
    }
    expect(now).toEqual(whole.outer);
    expect(means).toEqual([...whole.record.mean.data]);
    const saved = ranges.map((range, i) => machines[i]!.save(range));
    tree.leaves(whole.units).forEach(({ data }, leaf) => {
      expect(saved.flatMap((part) => [...part[leaf]!])).toEqual([...data]);
    });
  },
);

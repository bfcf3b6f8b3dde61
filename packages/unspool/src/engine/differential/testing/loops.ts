/** Loops inside functions as cases for the engine. */
import { type ScanOptions, type Tensor, np, scan, tree } from "../../../array/index.ts";
import type { FunctionCase } from "./functions.ts";
import { type RandomLoop, loopOf } from "./randomLoop.ts";

type FloatType = "float32" | "float64";

/** Numbers between -1 and 1 that float32 holds exactly. */
export const numbers = (shape: readonly number[], dtype: FloatType, from = 0): Tensor => {
  const size = shape.reduce((product, length) => product * length, 1);
  const data = Array.from({ length: size }, (_, i) => (((i + from) * 37) % 64) / 32 - 1);
  return np.array(data, { shape: [...shape], dtype });
};

export const int = (value: number): Tensor => np.array(value, { dtype: "int32" });

export const caseOf = (name: string, args: readonly Tensor[], call: FunctionCase["call"]): FunctionCase => ({
  name,
  call,
  args,
  vary: "scale",
  isDifferentiable: true,
});

/** h ← tanh(W h + x + b), with every state as y. */
export function network(
  w: Tensor,
  b: Tensor,
  h: Tensor,
  xs: Tensor,
  options: ScanOptions = {},
): [Tensor, Tensor] {
  return scan(
    (state: Tensor, x: Tensor): [Tensor, Tensor] => {
      const next = np.tanh(np.matmul(w, state).add(x).add(b));
      return [next, next];
    },
    h,
    xs,
    options,
  );
}

export const networkArguments = (dtype: FloatType): Tensor[] => [
  numbers([3, 3], dtype),
  numbers([3], dtype, 5),
  numbers([3], dtype, 11),
  numbers([7, 3], dtype, 2),
];

/** What a loop may be given and make, on numbers of size 1. */
export const loopCases = (dtype: FloatType): FunctionCase[] => {
  const x = numbers([5, 4], dtype);
  const fixed = numbers([4, 4], dtype, 3).mul(0.5);
  return [
    caseOf("network", networkArguments(dtype), (...args) =>
      network(...(args as [Tensor, Tensor, Tensor, Tensor])),
    ),
    caseOf("a carry that starts the same for all, constant weights", [x], (xs) =>
      network(fixed, np.zeros([4], { dtype }), np.zeros([4], { dtype }), xs!),
    ),
    caseOf("rows that are the same for all", [x.slice(0)], (h) =>
      network(fixed, np.ones([4], { dtype }), h!, x),
    ),
    caseOf("a carry that only later differs between units", [x], (xs) =>
      scan(
        ([a, b, c]: Tensor[], row: Tensor) => [[b!, c!, row], a!],
        [0, 1, 2].map((value) => np.full([4], value, { dtype })),
        xs!,
      ).flat(),
    ),
    caseOf("what is given changes places; a y that is the old carry, the row, a number", [x], (xs) => {
      const [[a, b], ys] = scan(
        ([p, q]: Tensor[], row: Tensor) => [
          [q!, p!.add(row)],
          { old: p!, row, one: np.array(1.5, { dtype }) },
        ],
        [xs!.slice(0), xs!.slice(1)],
        xs!,
      );
      return [a!, b!, ...tree.leaves(ys)];
    }),
    caseOf("columns, some rows, reversed rows", [x], (xs) =>
      [xs!.transpose(), xs!.slice([1, 4]), np.flip(xs!, 0), xs!.reshape([10, 2])].flatMap((rows) =>
        scan((sum: Tensor, row: Tensor) => [sum.mul(0.5).add(row), sum], rows.slice(0), rows),
      ),
    ),
    caseOf("scalars of every kind", [x.slice(0)], (xs) => {
      const [[sum, count, isOdd], ys] = scan(
        ([s, n, odd]: Tensor[], row: Tensor, k: Tensor) => [
          [s!.add(row), n!.add(k), np.logicalNot(odd!) as Tensor],
          [n!.mul(2), np.where(odd!, row, s!) as Tensor, row.greater(0)],
        ],
        [np.array(0, { dtype }), int(1), np.array(false)],
        xs!,
      );
      return [sum!, count!, isOdd!, ...ys];
    }),
    caseOf("a loop in a loop", [x, fixed], (xs, w) =>
      scan(
        (h: Tensor, row: Tensor) => {
          const [inner, sums] = scan(
            (g: Tensor, element: Tensor, k: Tensor) => [
              np.tanh(np.matmul(w!, g).add(element).add(row)),
              g.sum().mul(k.astype(dtype)).mul(0.1),
            ],
            h,
            row,
          );
          return [inner, sums];
        },
        np.zeros([4], { dtype }),
        xs!,
      ),
    ),
    caseOf("rows by number, sums, sorted rows, long rows", [x, numbers([3, 120], dtype)], (xs, rows) => {
      const [last, ys] = scan(
        (h: Tensor, row: Tensor, k: Tensor) => [
          h.add(xs!.slice(k)).mul(0.5),
          [row.mul(h.sum()).mul(0.1), np.sort(row.slice([0, 9]))],
        ],
        xs!.slice(4),
        rows!,
      );
      return [last, ...(ys as Tensor[])];
    }),
    caseOf("what no step changes is computed once", [fixed, x], (w, xs) =>
      scan(
        (h: Tensor, row: Tensor) => [
          h.mul(0.5).add(row),
          np.exp(np.matmul(w!, w!).mul(0.25)).sum().mul(h).mul(0.01),
        ],
        xs!.slice(0),
        xs!,
      ),
    ),
    caseOf("one step; no y; two loops after each other", [x], (xs) => {
      const [one] = scan(
        (h: Tensor, row: Tensor) => [h.sub(row), undefined],
        xs!.slice(3),
        xs!.slice([0, 1]),
      );
      const [two, ys] = scan((h: Tensor) => [h.mul(0.75), h], one, undefined, { length: 4 });
      return [two, ys.sum(0)];
    }),
  ];
};

/** A random loop whose every step is that loop, which also hands on rows of what it was given and what it made. */
export function nestedLoop(random: RandomLoop): ReturnType<typeof loopOf> {
  const { program, args } = loopOf(random);
  const step: typeof program.step = (shared, constant, carry) => {
    const rows = np.array([1, 0.5, -0.5], { dtype: random.dtype });
    const [last, [old, made]] = scan(
      (inner: typeof carry, row: Tensor, k: Tensor) => {
        const next = program.step(shared, constant, inner, k);
        return [next, [inner.values[0]!, next.values.at(-1)!.mul(row)]];
      },
      carry,
      rows,
    ) as [typeof carry, [Tensor, Tensor]];
    const middle = old
      .slice(1)
      .reshape([old.size / 3])
      .add(made.slice(0).reshape([old.size / 3]));
    const [first, ...others] = last.values as [Tensor, ...Tensor[]];
    return { ...last, values: [first.add(middle.mul(0.5).reshape([...first.shape])).mul(0.5), ...others] };
  };
  return { program: { ...program, step }, args };
}

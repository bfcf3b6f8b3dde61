/** The block-tridiagonal inverse against the matrix that it is the inverse of, made of dense blocks, in float64. */
import { expect, test } from "vitest";
import { type Tensor, np, random } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import { expectClose } from "../testing.ts";
import { frobenius, inverse, kronecker } from "./kfacTesting.ts";
import { type ChainBlock, tridiagonalSolver } from "./tridiagonalSolver.ts";

const sizes = { inputs: [3, 4, 2], outputs: [2, 3, 2] };

/** Second moments of 40 rows that stand beside each other, damped on the diagonal. */
function moments(side: "inputs" | "outputs", damping: number): Tensor[][] {
  const widths = sizes[side];
  const all = random.normal(random.key(side.length), [40, widths.reduce((a, b) => a + b)], { dtype: "float64" }); // prettier-ignore
  // Neighbours have to do with each other: sums along the columns.
  const mixed = np.cumsum(all, 1);
  const start = (i: number): number => widths.slice(0, i).reduce((a, b) => a + b, 0);
  const part = (i: number): Tensor => mixed.slice([], [start(i), start(i + 1)]);
  return widths.map((n, i) =>
    widths.map((_, j) => {
      const moment = np.matmul(np.transpose(part(i)), part(j)).div(40);
      return i === j ? moment.add(np.eye(n).astype("float64").mul(damping)) : moment;
    }),
  );
}

const [a, g] = [moments("inputs", 0.1), moments("outputs", 0.2)];
const blocks = a.map((row, i): ChainBlock => {
  const own = { inputs: row[i]!, outputs: g[i]![i]! };
  return i === 2 ? own : { ...own, nextInputs: row[i + 1]!, nextOutputs: g[i]![i + 1]! };
});
const counts = sizes.inputs.map((n, i) => n * sizes.outputs[i]!);
const start = (i: number): number => counts.slice(0, i).reduce((x, y) => x + y, 0);
const rowsOf = (x: Tensor): number[][] => Array.from({ length: x.shape[0]! }, (_, i) => [...x.slice(i).data]);
const cut = (m: number[][], i: number, j: number): number[][] =>
  m.slice(start(i), start(i + 1)).map((row) => row.slice(start(j), start(j + 1)));

/** Columns of the inverse, one solution for each unit vector. */
function inverseMatrix(of: readonly ChainBlock[]): number[][] {
  const solve = compiled("solve", (chain: ChainBlock[], right: Tensor[]) =>
    tridiagonalSolver(chain).solve(right),
  );
  const count = start(of.length);
  return Array.from({ length: count }, (_, k) => {
    const unit = np.array(Array.from({ length: count }, (_unused, i) => Number(i === k)), { dtype: "float64" }); // prettier-ignore
    const right = of.map(({ inputs, outputs }, i) =>
      unit.slice([start(i), start(i + 1)]).reshape([inputs.shape[0]!, outputs.shape[0]!]),
    );
    return solve([...of], right).flatMap((x) => [...x.data]);
  });
}

test("the inverse has no blocks beyond the neighbours, and its inverse has the blocks of the factors", () => {
  const matrix = inverseMatrix(blocks);
  const back = inverse(matrix);
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      const wanted = kronecker(rowsOf(a[i]![j]!), rowsOf(g[i]![j]!));
      if (Math.abs(i - j) <= 1) expect(frobenius(cut(back, i, j), wanted)).toBeLessThan(1e-10);
      else expect(cut(matrix, i, j).flat().every((x) => x === 0)).toBe(true); // prettier-ignore
    }
});

test("of two blocks it is the inverse of the whole matrix; of one that of a Kronecker product", () => {
  const [first, second] = blocks as [ChainBlock, ChainBlock];
  const pair = [first, { inputs: second.inputs, outputs: second.outputs }];
  const dense = [0, 1].flatMap((i) => {
    const row = [0, 1].map((j) => kronecker(rowsOf(a[i]![j]!), rowsOf(g[i]![j]!)));
    return row[0]!.map((_, k) => row.flatMap((block) => block[k]!));
  });
  expect(frobenius(inverse(dense), inverseMatrix(pair))).toBeLessThan(1e-10);
  const v = np.ones([3, 2], { dtype: "float64" });
  const [alone] = tridiagonalSolver([{ inputs: first.inputs, outputs: first.outputs }]).solve([v]);
  const product = inverse(kronecker(rowsOf(first.inputs), rowsOf(first.outputs)));
  expectClose(alone, product.map((row) => row.reduce((x, y) => x + y)), 1e-11); // prettier-ignore
});

test("float32 factors are computed in float64, and results have the dtype of the gradients", () => {
  const narrow = blocks.map((block) =>
    Object.fromEntries(Object.entries(block).map(([name, x]) => [name, (x as Tensor).astype("float32")])),
  ) as unknown as ChainBlock[];
  const ones = blocks.map(({ inputs, outputs }) => np.ones([inputs.shape[0]!, outputs.shape[0]!]));
  const solve = compiled("solve", (chain: ChainBlock[], right: Tensor[]) => tridiagonalSolver(chain).solve(right)); // prettier-ignore
  const [near, exact] = [narrow, blocks].map((chain) => solve(chain as ChainBlock[], ones));
  expect(near!.map(({ dtype }) => dtype)).toEqual(["float32", "float32", "float32"]);
  near!.forEach((x, i) => expectClose(x, [...exact![i]!.data], 1e-3));
});

test("what cannot be inverted is said by block: no positive factor, neighbours that say all, shapes", () => {
  const [first, second, third] = blocks as [ChainBlock, ChainBlock, ChainBlock];
  const zero = np.zerosLike(second.inputs);
  expect(() => tridiagonalSolver([first, { ...second, inputs: zero }, third])).toThrow(
    /block 0 has a factor|block 1 has a factor/,
  );
  const twin = { inputs: first.inputs, outputs: first.outputs };
  expect(() => tridiagonalSolver([{ ...twin, nextInputs: twin.inputs, nextOutputs: twin.outputs }, twin])).toThrow(
    /smallest 1 - s of block 0/,
  ); // prettier-ignore
  expect(() => tridiagonalSolver([first])).toThrow(/nextInputs of block 0 must be absent/);
  expect(() => tridiagonalSolver([third, second])).toThrow(
    /nextInputs of block 0 must be \[2, 4\], got nothing/,
  );
  expect(() => tridiagonalSolver([])).toThrow(/at least one block/);
  expect(() => tridiagonalSolver([third]).solve([])).toThrow(/gradient 0 must be \[2, 2\], got nothing/);
});

/** Against the dense matrix A ⊗ B ± C ⊗ D: numpy.kron's definition and elimination with pivots, in float64. */
import { expect, test } from "vitest";
import { type Tensor, grad, np, random } from "../../array/index.ts";
import { NonFiniteError, OptionError, ShapeError } from "../../errors.ts";
import { compiled } from "../../unroll/index.ts";
import { f64, expectClose } from "../testing.ts";
import { inverse, kronecker } from "./kfacTesting.ts";
import { type KroneckerSolverOptions, kroneckerSolver } from "./kroneckerSolver.ts";

const double = { dtype: "float64" } as const;
const draw = (name: string, shape: number[]): Tensor =>
  random.normal(random.foldIn(random.key(2), name), shape, double);

/** M Mᵀ of [n, rank] rows, and with `shift` on the diagonal. */
function positive(name: string, n: number, rank: number, shift: number): Tensor {
  const rows = draw(name, [n, rank]);
  return np.matmul(rows, np.transpose(rows)).add(np.eye(n).astype("float64").mul(shift));
}

const rowsOf = (x: Tensor): number[][] => Array.from({ length: x.shape[0]! }, (_, i) => [...x.slice(i).data]);

const first = { inputs: positive("A", 4, 4, 1), outputs: positive("B", 3, 3, 1) };
// Of rank 2 and 1: most relative eigenvalues coincide.
const second = { inputs: positive("C", 4, 2, 0), outputs: positive("D", 3, 1, 0) };
const right = draw("V", [4, 3]);

function dense(sign: number, scale = 1): number[] {
  const [own, other] = [first, second].map((of) => kronecker(rowsOf(of.inputs), rowsOf(of.outputs)));
  const sum = own!.map((row, i) => row.map((x, j) => x + sign * scale * other![i]![j]!));
  return inverse(sum).map((row) => row.reduce((total, x, j) => total + x * right.data[j]!, 0));
}

test.each([
  ["plus", 1],
  ["minus", -1],
] as const)("solves (A ⊗ B ± C ⊗ D) u = v as the dense matrix does: %s", (sign, value) => {
  const solver = kroneckerSolver(first, second, { sign });
  expectClose(solver.solve(right), dense(value), 1e-11);
  const run = compiled("solve", (a: typeof first, c: typeof first, v: Tensor) =>
    kroneckerSolver(a, c, { sign }).solve(v),
  );
  expectClose(run(first, second, right), dense(value), 1e-11);
  // Relative to A ⊗ B: of the generalised eigenproblem, whose eigenvalues are 1 where C ⊗ D has none.
  expect([...solver.relative.data].filter((x) => Math.abs(x - 1) < 1e-12)).toHaveLength(4 * 3 - 2);
});

test("the derivative of a solution by a factor is that of differences, also where eigenvalues coincide", () => {
  const loss = (shift: Tensor): Tensor => {
    const inputs = second.inputs.add(draw("direction", [4, 4]).mul(shift));
    const moved = { inputs: inputs.add(np.transpose(inputs)).mul(0.5), outputs: second.outputs };
    return kroneckerSolver(first, moved)
      .solve(right)
      .mul(draw("weights", [4, 3]))
      .sum();
  };
  const at = compiled("loss", loss);
  const slope = compiled("slope", grad(loss))(f64(0)) as Tensor;
  const h = 1e-5;
  const difference = (at(f64(h)).item() - at(f64(-h)).item()) / (2 * h);
  expect(Math.abs(slope.item() - difference)).toBeLessThan(1e-8 * Math.max(1, Math.abs(difference)));
});

test("float32 factors are solved in float64, and the solution has V's dtype", () => {
  const narrow = (of: typeof first) => ({
    inputs: of.inputs.astype("float32"),
    outputs: of.outputs.astype("float32"),
  });
  const solution = kroneckerSolver(narrow(first), narrow(second)).solve(right.astype("float32"));
  expect(solution.dtype).toBe("float32");
  expectClose(solution, dense(1), 1e-5);
});

test("what has no solution is said: a first factor that is not positive, a difference that is 0, shapes", () => {
  const singular = { ...first, inputs: second.inputs };
  expect(() => kroneckerSolver(singular, second)).toThrow(NonFiniteError);
  expect(() => kroneckerSolver(singular, second)).toThrow(/first\.inputs is not positive definite/);
  expect(() => kroneckerSolver(first, first, { sign: "minus" })).toThrow(/no unique solution/);
  expect(() => kroneckerSolver(first, { ...second, outputs: second.inputs })).toThrow(
    /second\.outputs must be \[3, 3\]/,
  );
  expect(() => kroneckerSolver(first, second).solve(np.transpose(right))).toThrow(ShapeError);
  expect(() => kroneckerSolver(first, second, { sign: "times" } as unknown as KroneckerSolverOptions)).toThrow(OptionError); // prettier-ignore
  const traced = compiled("singular", (of: typeof first, v: Tensor) =>
    kroneckerSolver(of, of, { sign: "minus" }).solve(v),
  );
  expect([...traced(first, right).data].every(Number.isNaN)).toBe(true);
});

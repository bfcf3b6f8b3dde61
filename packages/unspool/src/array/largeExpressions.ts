/**
 * jax-js 0.1.25 makes one kernel of a chain of elementwise operations, in which a value that is used twice is written
 * out twice, and so on: the second derivative of sinh(sinh x) took all memory. Here a value that is used more than once
 * gets memory of its own before what is written out for it becomes large.
 */
import { type Atom, type Equation, classes } from "./jaxprs.ts";

/** Operations that are written out anew at every use, at most. */
const most = 64;

/** Operations that jax-js computes into memory, and that start a kernel. */
// prettier-ignore
const inMemory = new Set([
  "reduce", "dot", "conv", "pool_transpose", "random_bits", "gather", "sort", "argsort", "scatter", "triangular_solve",
  "cholesky", "lu", "jacobi_eigh", "fft", "scan",
]);

/** The equations with copies into memory between them. */
export function boundExpressions(equations: readonly Equation[]): Equation[] {
  const { Equation, Variable } = classes();
  const uses = new Map<Atom, number>();
  for (const { inputs } of equations) for (const atom of inputs) uses.set(atom, (uses.get(atom) ?? 0) + 1);
  /** Operations that a use of the variable writes out. */
  const size = new Map<Atom, number>();
  const moved = new Map<Atom, Atom>();
  const bounded: Equation[] = [];
  for (const equation of equations) {
    const inputs = equation.inputs.map((atom) => moved.get(atom) ?? atom);
    const written = 1 + inputs.reduce((sum, atom) => sum + (size.get(atom) ?? 0), 0);
    bounded.push(
      inputs.every((atom, i) => atom === equation.inputs[i])
        ? equation
        : new Equation(
            equation.primitive,
            inputs,
            equation.params as Record<string, unknown>,
            equation.outBinders,
          ),
    );
    for (const out of equation.outBinders) {
      if (inMemory.has(equation.primitive)) continue;
      size.set(out, written);
      if (written <= most || (uses.get(out) ?? 0) < 2) continue;
      // Of what is padded jax-js reads a copy in memory; padding by nothing is only that.
      const copy = new Variable(out.aval);
      const width = out.aval.shape.map(() => [0, 0]);
      bounded.push(new Equation("pad", [out], { width }, [copy]));
      moved.set(out, copy);
      size.set(copy, 1);
    }
  }
  return bounded;
}

/**
 * jax-js 0.1.25 makes one kernel of a chain of elementwise operations, in which a value that is used twice is written
 * out twice, and so on: the second derivative of sinh(sinh x) took all memory. Here a value that is used more than once
 * gets memory of its own before what is written out for it becomes large.
 */
import { type Atom, type Equation, type Variable, classes } from "./jaxprs.ts";

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
  const { Equation } = classes();
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
      const [copy, made] = copyOf(out);
      bounded.push(...made);
      moved.set(out, copy);
      size.set(copy, 1);
    }
  }
  return bounded;
}

/** Of what is padded jax-js reads a copy in memory; padding by nothing is only that. It cannot pad bools. */
function copyOf(variable: Variable): [Variable, Equation[]] {
  const { Aval, Equation, Literal, Variable } = classes();
  const { shape, dtype } = variable.aval;
  const like = (type: string): Variable => new Variable(new Aval(shape, type, false));
  const width = shape.map(() => [0, 0]);
  const copy = like(dtype);
  if (dtype !== "bool") return [copy, [new Equation("pad", [variable], { width }, [copy])]];
  const [number, padded] = [like("int32"), like("int32")];
  const zero = new Literal(new Aval([], "int32", false), 0);
  return [
    copy,
    [
      new Equation("cast", [variable], { dtype: "int32" }, [number]),
      new Equation("pad", [number], { width }, [padded]),
      new Equation("compare", [padded, zero], { op: "not_equal" }, [copy]),
    ],
  ];
}

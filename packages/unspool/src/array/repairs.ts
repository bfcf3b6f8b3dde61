/**
 * Repairs of jax-js 0.1.25 at its root, because every function and every derivative of it passes there. They
 * are held by tests, and fall away with a version that needs them no more.
 */
import * as jax from "@jax-js/jax";
import { type Atom, type Equation as EquationOf, classes, traceOf } from "./jaxprs.ts";
import { withoutEmpty } from "./emptyReductions.ts";
import { fromMemory } from "./integerReductions.ts";
import { boundExpressions } from "./largeExpressions.ts";
import { withoutSingleTerms } from "./singleTerms.ts";
import { pruneScans } from "./scanPrune.ts";
import { widened } from "./wideReductions.ts";

/**
 * jax-js reads a plain number as float32, also beside a float64 array, and in a trace it keeps the rounded value:
 * constants inside its own functions and derivatives lost half their digits. Here they take the dtype of the array;
 * so does a float32 divisor, which was inverted in float32.
 */
export function repairNumbers(): void {
  type Method = (this: jax.Array, other: unknown) => unknown;
  const methods = Object.getPrototypeOf(jax.Array.prototype) as Record<string, Method>;
  for (const name of ["add", "sub", "mul", "div", "mod", "less", "lessEqual", "greater", "greaterEqual"]) {
    const method = methods[name]!;
    methods[name] = function (other) {
      if (this.dtype !== jax.DType.Float64) return method.call(this, other);
      if (typeof other === "number")
        return method.call(this, jax.numpy.array(other, { dtype: jax.DType.Float64 }));
      const isNarrow = name === "div" && (other as jax.Array).dtype === jax.DType.Float32;
      return method.call(this, isNarrow ? (other as jax.Array).astype(jax.DType.Float64) : other);
    };
  }
}

const views = new Set(["transpose", "broadcast", "reshape", "flip", "shrink", "pad"]);
// prettier-ignore
const routines = new Set(["sort", "argsort", "scatter", "triangular_solve", "cholesky", "lu", "jacobi_eigh", "fft"]);

/**
 * The compiler of jax-js fuses `pad` and `concatenate` into the kernel of their operand. If the operand is a constant
 * seen through views it has no memory to be masked, and the padding is filled with the constant: the gradient of
 * `sum(x[0:2])` was 1 everywhere. And a routine (sort, scatter, …) cannot read an operand that is only a view. Both
 * need the operand in memory, which a multiplication by 1 gives. Scans are ours, and so is removing what is dead in them.
 */
export function repairCompiler(): void {
  const { Equation, Jaxpr, Literal, Variable } = classes();
  const prototype = Jaxpr.prototype as { simplify(this: jax.Jaxpr): jax.Jaxpr };

  const { simplify } = prototype;
  prototype.simplify = function () {
    const simple = simplify.call(this);
    const producers = new Map<Atom, EquationOf>();
    const equations: EquationOf[] = [];
    const inMemory = (operand: Atom): Atom => {
      const copy = new Variable(operand.aval);
      equations.push(new Equation("mul", [operand, new Literal(operand.aval.scalar(), 1)], {}, [copy]));
      return copy;
    };
    const isConstantView = (operand: Atom): boolean => {
      let atom: Atom = operand;
      for (
        let made = producers.get(atom);
        made !== undefined && views.has(made.primitive);
        made = producers.get(atom)
      ) {
        atom = made.inputs[0]!;
      }
      return !(atom instanceof Variable);
    };
    const rewritten = simple.eqns
      .flatMap(withoutEmpty)
      .flatMap(withoutSingleTerms)
      .flatMap(widened)
      .flatMap(fromMemory);
    for (const eqn of rewritten) {
      let { inputs } = eqn;
      if (routines.has(eqn.primitive)) {
        inputs = inputs.map((operand) =>
          views.has(producers.get(operand)?.primitive ?? "") ? inMemory(operand) : operand,
        );
      } else if (eqn.primitive === "pad" || eqn.primitive === "concatenate") {
        inputs = inputs.map((operand) => (isConstantView(operand) ? inMemory(operand) : operand));
      }
      const next =
        inputs === eqn.inputs ? eqn : new Equation(eqn.primitive, inputs, eqn.params, eqn.outBinders);
      for (const out of next.outBinders) producers.set(out, next);
      equations.push(next);
    }
    return pruneScans(new Jaxpr(simple.inBinders, boundExpressions(equations), simple.outs));
  };
}

/** The interpreter that stands on top of the stack of jax-js, and how to take it off. */
function topOfStack(): { level: number; pop: () => void } {
  let top = { level: 0, pop: () => {} };
  const probe = jax.makeJaxpr((x: jax.Array) => {
    const { main } = traceOf(x);
    top = { level: main.level, pop: () => main[Symbol.dispose]() };
    return x;
  })(jax.numpy.zeros([]));
  probe.jaxpr.dispose();
  return top;
}

/**
 * Reverse mode of jax-js pushes an interpreter that nobody takes off, so that each call kept a whole trace alive (20
 * to 200 kB). Call it when no trace is open.
 */
export function repairTraceStack(): void {
  // Below every trace there is one interpreter only, the one that computes.
  const emptyLevel = 1;
  const { level, pop } = topOfStack();
  for (let i = level; i > emptyLevel; i--) pop();
}

/** A weak reference that holds what it refers to. */
class PlainReference {
  readonly #target: unknown;
  constructor(target: unknown) {
    this.#target = target;
  }
  deref(): unknown {
    return this.#target;
  }
}

/**
 * Runs `body` with a stand-in for WeakRef. Reverse mode of jax-js refers weakly to the values that it records, and the
 * language keeps a target of such a reference until the synchronous job ends: a loop of gradients kept every one of its
 * traces (50 to 400 kB each). A plain reference goes with its trace.
 */
export function withPlainReferences<T>(body: () => T): T {
  const host = globalThis as { WeakRef: unknown };
  const { WeakRef } = host;
  host.WeakRef = PlainReference;
  try {
    return body();
  } finally {
    host.WeakRef = WeakRef;
  }
}

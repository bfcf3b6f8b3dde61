/** Linear systems of which only products with the matrix are known, with the derivatives of their solution. */
import { OptionError, ShapeError } from "../errors.ts";
import type { CustomRule, Flat, LinearCall } from "./customRule.ts";
import { bindCustom } from "./customRules.ts";
import { recordTensors, returned } from "./customSupport.ts";
import { type DType, allocate, isFloat } from "./dtype.ts";
import { atFront } from "./frontAxis.ts";
import { type Aval, type Raw, avalsOf, evaluate, record } from "./jaxprs.ts";
import { zerosOf } from "./linearCall.ts";
import { concrete, isTracing, toRaw, wrap } from "./lift.ts";
import { nonlinearity } from "./linearity.ts";
import type { BatchAxis } from "./ruleTables.ts";
import { mappedFlat } from "./scanBatch.ts";
import { pushForward } from "./scanTangents.ts";
import { pullBack } from "./scanTranspose.ts";
import type { Tensor } from "./tensor.ts";
import { type Fn, applied } from "./trace.ts";
import { inTrace } from "./transforms.ts";
import * as tree from "./tree.ts";
import { dot } from "./treeArithmetic.ts";
import { isZeroTangent } from "./zeroTangents.ts";

const where = "lax.customLinearSolve";

/** A matrix A in terms of what its products close over, and how systems with it are solved. */
interface System {
  numClosed: number;
  /** From [...closed over, ...v] to A v. */
  product: Flat;
  /** From [...closed over, ...b] to x with A x = b. */
  solution: Flat;
  /** The system of the transposed matrix. */
  transposed: () => System;
}

/** The equation of x, linear in b: its derivative is a system with the same matrix, its transpose one with the transposed. */
class SolveRule implements CustomRule {
  readonly #system: System;
  readonly #outs: readonly Aval[];

  private constructor(system: System, outs: readonly Aval[]) {
    this.#system = system;
    this.#outs = outs;
  }

  /** x for [...closed over, ...b]. */
  static bind(system: System, inputs: Raw[]): Raw[] {
    const rule = new SolveRule(system, avalsOf(inputs.slice(system.numClosed)));
    return bindCustom(where, system.solution, inputs, rule);
  }

  get linear(): LinearCall {
    const { numClosed, transposed } = this.#system;
    return {
      name: where,
      numKnown: numClosed,
      outs: this.#outs,
      forward: (args) => SolveRule.bind(this.#system, args),
      transposed: (args) => SolveRule.bind(transposed(), args),
    };
  }

  /** A x = b gives A dx = db - dA x. */
  push(primals: Raw[], tangents: Raw[]): [Raw[], Raw[]] {
    const { numClosed, product } = this.#system;
    const closed = primals.slice(0, numClosed);
    const x = SolveRule.bind(this.#system, primals.map((raw) => raw.ref)); // prettier-ignore
    for (const raw of primals.slice(numClosed)) raw.dispose();
    const moving = tangents.slice(0, numClosed).map((tangent, i) => {
      if (!isZeroTangent(tangent) && isFloat(closed[i]!.dtype as DType)) return tangent;
      tangent.dispose();
      return undefined;
    });
    let right = tangents.slice(numClosed);
    if (moving.some((tangent) => tangent !== undefined)) {
      const inputs = [...closed, ...x].map((raw) => raw.ref);
      const { jaxpr, consts } = record(avalsOf(inputs), (...args) => product(args));
      const still = consts.map(() => undefined);
      const [outs, moved] = pushForward(jaxpr, [...consts, ...inputs], [...still, ...moving, ...x.map(() => undefined)]); // prettier-ignore
      for (const raw of outs) raw.dispose();
      right = right.map((raw, i) => (moved[i] === undefined ? raw : raw.sub(moved[i])));
    }
    return [x, SolveRule.bind(this.#system, [...closed, ...right])];
  }

  mapped(size: number, args: Raw[], axes: BatchAxis[]): Raw[] {
    const { numClosed } = this.#system;
    const wide = axes.map((axis, i) => (i < numClosed ? axis : 0));
    const given = args.map((raw, i) => (i < numClosed ? raw : atFront(raw, axes[i]!, size)));
    return SolveRule.bind(mappedSystem(this.#system, size, avalsOf(given), wide), given);
  }
}

/** Systems of their own for each element. The axis of b, and of x, is 0. */
function mappedSystem(system: System, size: number, avals: Aval[], axes: BatchAxis[]): System {
  return {
    numClosed: system.numClosed,
    product: mappedFlat(system.product, size, avals, axes),
    solution: mappedFlat(system.solution, size, avals, axes),
    transposed: () => mappedSystem(system.transposed(), size, avals, axes),
  };
}

/** The system of the function `matvec` of trees like `b`, with what it closes over. */
function systemOf(
  matvec: Fn,
  b: unknown,
  solve: Fn,
  isSymmetric: boolean,
): { system: System; closed: readonly Raw[]; right: Raw[] } {
  const right = tree.leaves(b).map(toRaw);
  const avals = avalsOf(right);
  const recorded = recordTensors(right, (...leaves) => {
    const product: unknown = returned(where, "matvec", applied(matvec, [tree.unflatten(b, leaves)]));
    tree.requireSame(where, "what matvec returned", b, product);
    return tree.leaves(product);
  });
  const bend = nonlinearity(recorded, "its argument", () => true);
  if (bend !== undefined) {
    const allowed = "linear, the product of a matrix with its argument, to the eye";
    const hint = "What it adds to A v belongs to the right side b; of a function f its linear part at x is v => jvp(f, [x], [v])[1]."; // prettier-ignore
    throw new OptionError(where, "matvec", matvec, allowed, `It ${bend}. ${hint}`);
  }
  const numClosed = recorded.consts.length;
  const product: Flat = (args) => evaluate(recorded.jaxpr, args);
  const transposedProduct: Flat = (args) => {
    const inputs = args.map((raw, i) => (i < numClosed ? raw : undefined));
    const pulled = pullBack(recorded.jaxpr, inputs, args.slice(numClosed));
    return pulled.map((raw, i) => raw ?? zerosOf(avals[i]!));
  };
  const solutionWith =
    (times: Flat): Flat =>
    (args) => {
      const closed = args.slice(0, numClosed);
      let isUsed = false;
      const ofTree = (v: unknown): unknown => {
        isUsed = true;
        return tree.unflatten(
          b,
          wrap(times([...closed.map((raw) => raw.ref), ...tree.leaves(v).map(toRaw)])) as Tensor[],
        );
      };
      const rhs = tree.unflatten(b, wrap(args.slice(numClosed)) as Tensor[]);
      const x: unknown = returned(where, "solve", applied(solve, [ofTree, rhs]));
      tree.requireSame(where, "what solve returned", b, x);
      if (!isUsed && !isSymmetric) {
        const hint =
          "Reverse mode hands it the products of the transpose: solve by the function that it is given.";
        throw new ShapeError(
          where,
          `solve does not use its first argument, the products with the matrix. ${hint}`,
        );
      }
      return tree.leaves(x).map(toRaw);
    };
  const plain: System = { numClosed, product, solution: solutionWith(product), transposed: () => (isSymmetric ? plain : turned) }; // prettier-ignore
  const turned: System = { numClosed, product: transposedProduct, solution: solutionWith(transposedProduct), transposed: () => plain }; // prettier-ignore
  return { system: plain, closed: recorded.consts, right };
}

/** Vectors like the leaves of `b` that no structure of a matrix is likely to know. */
const probes = (b: unknown, step: number): unknown =>
  tree.map(({ shape, size, dtype }) => {
    const data = allocate(dtype, size);
    for (let i = 0; i < size; i++) data[i] = Math.cos(step * (i + 1));
    return concrete(data, shape, dtype);
  }, b);

/** u A w, w A u and a bound of both, in one program with the solution. */
function crossProducts(matvec: Fn, b: unknown): Tensor[] {
  const [u, w] = [probes(b, 1.7), probes(b, 2.3)];
  const [Au, Aw] = [applied(matvec, [tree.copy(u)]), applied(matvec, [tree.copy(w)])];
  const length = (x: unknown): Tensor => dot(x, x);
  return [dot(u, Aw), dot(w, Au), length(u).mul(length(Aw)), length(w).mul(length(Au))];
}

function requireSymmetric(b: unknown, products: readonly Tensor[]): void {
  const [uAw, wAu, one, other] = products.map((product) => product.item()) as [
    number,
    number,
    number,
    number,
  ];
  const digits = tree.floatType(b) === "float64" ? 1e-8 : 1e-3;
  if (!(Math.abs(uAw - wAu) > digits * Math.sqrt(Math.max(one, other)))) return;
  const hint = "Leave isSymmetric out: reverse mode then transposes matvec.";
  throw new OptionError(where, "isSymmetric", true, `false: for two vectors u·(A w) is ${uAw} and w·(A u) is ${wAu}`, hint); // prettier-ignore
}

export interface LinearSolveOptions {
  /**
   * A is its own transpose, so that reverse mode solves with the same products. Default false. Called on values, two
   * products more tell whether it is; within a transformation it is taken for granted.
   */
  isSymmetric?: boolean;
}

/**
 * x with A x = b for a linear map A that is only known by its products: `matvec(v)` is A v for trees v like b, and
 * `solve(matvec, b)` finds x, by iterations or directly, from the products that it is given: in reverse mode those of the transpose. `matvec` must be linear to the eye: what it adds to A v belongs to b. Derivatives are those of the solution, not of the steps that found
 * it: forward mode solves one system more, reverse mode one with the transpose of A, which is taken of `matvec`. They
 * reach what `matvec` closes over; `solve` must not close over values of a transformation. As
 * `jax.lax.custom_linear_solve`.
 *
 * @throws OptionError where `matvec` is not linear, and where `isSymmetric` is said of a matrix that is not.
 *
 * @example
 * // Implicit step of a diffusion: (1 + k L) x = b with an operator L, by 50 conjugate gradients.
 * const x = lax.customLinearSolve((v) => v.add(laplacian(v).mul(k)), b, (A, r) => conjugateGradient(A, r, { steps: 50 }).x, { isSymmetric: true });
 */
export function customLinearSolve<B>(
  matvec: (v: B) => B,
  b: B,
  solve: (matvec: (v: B) => B, b: B) => B,
  options: LinearSolveOptions = {},
): B {
  const functions: [string, unknown, string][] = [
    ["matvec", matvec, "Of a matrix A write (v) => np.matmul(A, v)."],
    ["solve", solve, "Write (matvec, b) => x, which finds x by the products that it is given."],
  ];
  for (const [name, given, hint] of functions)
    if (typeof given !== "function") throw new OptionError(where, name, given, "a function", hint);
  const { isSymmetric = false } = options;
  const isChecked = isSymmetric && !isTracing();
  const run = (right: unknown): { x: unknown; products: Tensor[] } => {
    const { system, closed, right: raws } = systemOf(matvec as Fn, right, solve as Fn, isSymmetric);
    const x = tree.unflatten(right, wrap(SolveRule.bind(system, [...closed, ...raws])) as Tensor[]);
    return { x, products: isChecked ? crossProducts(matvec as Fn, right) : [] };
  };
  const { x, products } = inTrace(run, [b], where) as { x: B; products: Tensor[] };
  if (isChecked) requireSymmetric(x, products);
  return x;
}

/**
 * Tensor: an immutable n-dimensional array without bookkeeping.
 *
 * A *concrete* tensor is a typed array on the JavaScript heap: the garbage collector owns it, it can be saved,
 * compared and posted to a worker, and nothing has to be disposed. A *traced* tensor stands for a value inside a
 * transformation (`jit`, `grad`, `vmap`, …): it has a shape and a dtype but no elements yet. Functions of `np`
 * take and return both.
 */
import type * as jax from "@jax-js/jax";
import { ShapeError } from "../errors.ts";
import type { Raw } from "./backend.ts";
import type { IndexedUpdate } from "./derived/indexedUpdate.ts";
import { directCast, directReshape, directTruth, directly } from "./direct.ts";
import { type DType, type TensorData, isFloat } from "./dtype.ts";
import { compare } from "./comparisons.ts";
import { divide, remainder } from "./division.ts";
import { guard } from "./guard.ts";
import { type Index, sliced } from "./indexing.ts";
import { multiply } from "./integers.ts";
import { isTensor, lift, liftMethod, registerTensor } from "./lift.ts";
import { longSumOf } from "./longSums.ts";
import { refuseOperators } from "./operators.ts";
import { prod } from "./products.ts";
import { liftBinary, promote } from "./promotion.ts";
import { kinds } from "./promotionTable.ts";
import { methodSignatures } from "./signatures.ts";

/** A tensor, or a number that takes the dtype of what it meets. */
export type TensorLike = Tensor | number | boolean;

export type { Index } from "./indexing.ts";

export type Axis = number | number[] | null;

export interface ReduceOptions {
  /** Keep reduced axes with length 1. Default false. */
  keepdims?: boolean;
}

/** Writing at an index; the module that can stands above this one. */
type MakeUpdate = (x: Tensor, index: readonly Index[]) => IndexedUpdate;

let makeUpdate: MakeUpdate;

/** Called once by the module of the namespaces. */
export function registerUpdates(make: MakeUpdate): void {
  makeUpdate = make;
}

const negative = directly("negative", (x) => liftMethod(x as Tensor, (raw) => raw.neg()));

const methods = {
  add: liftBinary("add", (x: Raw, y: Raw) => x.add(y)),
  subtract: liftBinary("subtract", (x: Raw, y: Raw) => x.sub(y)),
};

export class Tensor {
  /** Length of each axis. */
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** A scalar made from a plain number takes the dtype of what it meets. */
  readonly isWeak: boolean;
  readonly #data: TensorData | undefined;
  readonly #raw: Raw | undefined;
  /** Marks a tensor, also across two copies of this library in one process. */
  readonly isUnspoolTensor = true;

  /** @internal Use `tensor(...)` or `np.array(...)`. */
  constructor(source: TensorData | Raw, shape: readonly number[], dtype: DType, isWeak = false) {
    this.shape = shape;
    this.dtype = dtype;
    this.isWeak = isWeak;
    if (ArrayBuffer.isView(source)) this.#data = source;
    else this.#raw = source;
  }

  static is(value: unknown): value is Tensor {
    return isTensor(value);
  }

  /** Number of axes. */
  get ndim(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((product, length) => product * length, 1);
  }

  /** Length of axis 0, as NumPy's `len(x)`. Throws for a scalar. */
  get length(): number {
    if (this.shape.length === 0)
      throw new ShapeError("Tensor.length", `a scalar has no length, got ${this.toString()}.`);
    return this.shape[0]!;
  }

  /** With its axes reversed. */
  get T(): Tensor {
    return this.transpose();
  }

  /**
   * The parts along axis 0: `const [a, b] = random.split(key)`, `for (const row of x)`. A scalar has none: it is not
   * iterable, as in NumPy.
   */
  get [Symbol.iterator](): () => Iterator<Tensor> {
    // Absent, not a function that throws: what looks for an iterator must find none. The type is that of all others.
    if (this.shape.length === 0) return undefined as unknown as () => Iterator<Tensor>;
    return () => Array.from({ length: this.length }, (_, i) => this.slice(i)).values();
  }

  /** True inside a transformation, where the elements are not known yet. */
  get isTraced(): boolean {
    return this.#raw !== undefined;
  }

  /** @internal The jax-js tracer behind a traced tensor. */
  get raw(): Raw | undefined {
    return this.#raw;
  }

  /** The elements in row-major order. Do not write to it. Throws for a traced tensor. */
  get data(): TensorData {
    if (this.#data === undefined) {
      throw new ShapeError(
        "Tensor.data",
        `the elements of a ${this.toString()} are not known inside jit, grad, vmap or a step function. ` +
          "Use np functions (np.where instead of if) or read the value outside.",
      );
    }
    return this.#data;
  }

  /** The only element as a number. Throws unless the tensor has exactly one. */
  item(): number {
    if (this.size !== 1)
      throw new ShapeError("Tensor.item", `needs exactly one element, got ${this.toString()}.`);
    return this.data[0]!;
  }

  /** The elements as nested JavaScript arrays (a number for a scalar). */
  toArray(): NestedNumbers {
    const { data, shape } = this;
    const nest = (axis: number, offset: number): NestedNumbers => {
      if (axis === shape.length) return data[offset]!;
      const stride = shape.slice(axis + 1).reduce((product, length) => product * length, 1);
      return Array.from({ length: shape[axis]! }, (_, i) => nest(axis + 1, offset + i * stride));
    };
    return nest(0, 0);
  }

  toString(): string {
    return `${this.isTraced ? "traced " : ""}${this.dtype}[${this.shape.join(",")}]`;
  }

  neg(): Tensor {
    if (this.dtype === "bool") promote("Tensor.neg", kinds.get("negative")!, [this]);
    return negative(this) as Tensor;
  }
  /** Operands of two dtypes are cast to the one that holds both; a plain number takes the dtype of the tensor. */
  add(other: TensorLike): Tensor {
    return methods.add(this, other);
  }
  sub(other: TensorLike): Tensor {
    return methods.subtract(this, other);
  }
  mul(other: TensorLike): Tensor {
    return multiply(this, other);
  }
  /** The true quotient, also of integers: a float. Whole quotients are `np.floorDivide`. */
  div(other: TensorLike): Tensor {
    return divide(this, other);
  }
  /** The remainder with the sign of the divisor, as Python's and NumPy's %. C's and JavaScript's % is `np.fmod`. */
  mod(other: TensorLike): Tensor {
    return remainder(this, other);
  }
  greater(other: TensorLike): Tensor {
    return compare("greater", this, other);
  }
  less(other: TensorLike): Tensor {
    return compare("less", this, other);
  }
  equal(other: TensorLike): Tensor {
    return compare("equal", this, other);
  }
  notEqual(other: TensorLike): Tensor {
    return compare("notEqual", this, other);
  }
  greaterEqual(other: TensorLike): Tensor {
    return compare("greaterEqual", this, other);
  }
  lessEqual(other: TensorLike): Tensor {
    return compare("lessEqual", this, other);
  }
  /** Bools are counted, as int32. */
  sum(axis: Axis = null, options: ReduceOptions = {}): Tensor {
    const counted = this.dtype === "bool" ? this.astype("int32") : this;
    return longSumOf(counted, axis, options) ?? liftMethod(counted, (x) => x.sum(axis, options));
  }
  prod(axis: Axis = null, options: ReduceOptions = {}): Tensor {
    return prod(this, axis, options);
  }
  mean(axis: Axis = null, options: ReduceOptions = {}): Tensor {
    const summed = (isFloat(this.dtype) ? this : this.astype("float32")).sum(axis, options);
    return summed.mul(1 / countReduced(this.shape, axis));
  }
  min(axis: Axis = null, options: ReduceOptions = {}): Tensor {
    return liftMethod(this, (x) => x.min(axis, options));
  }
  max(axis: Axis = null, options: ReduceOptions = {}): Tensor {
    return liftMethod(this, (x) => x.max(axis, options));
  }
  all(axis: Axis = null, options: ReduceOptions = {}): Tensor {
    return (
      truthOf(this, "every", axis, options) ?? liftMethod(this.astype("bool"), (x) => x.all(axis, options))
    );
  }
  any(axis: Axis = null, options: ReduceOptions = {}): Tensor {
    return (
      truthOf(this, "some", axis, options) ?? liftMethod(this.astype("bool"), (x) => x.any(axis, options))
    );
  }
  /** Permutes the axes; reverses them by default. */
  transpose(permutation?: number | number[], ...rest: number[]): Tensor {
    return liftMethod(this, (x) =>
      x.transpose(typeof permutation === "number" ? [permutation, ...rest] : (permutation ?? undefined)),
    );
  }
  /** The same elements under another shape; one length may be -1. */
  reshape(shape: number | number[], ...rest: number[]): Tensor {
    const lengths = rest.length === 0 ? shape : [shape as number, ...rest];
    return directReshape(this, [lengths].flat()) ?? liftMethod(this, (x) => x.reshape(lengths));
  }
  flatten(): Tensor {
    return directReshape(this, [this.size]) ?? liftMethod(this, (x) => x.flatten());
  }
  /** The same elements in another dtype; a scalar from a plain number no longer takes the dtype of what it meets. */
  astype(dtype: DType): Tensor {
    // NaN is true, as in NumPy (for jax-js it depends on the device).
    if (dtype === "bool" && this.dtype !== "bool") return this.notEqual(0);
    // jax-js may leave a weak scalar weak, and casts to its own dtype not at all.
    const isWeak = this.isWeak && this.#data !== undefined;
    const self = isWeak ? new Tensor(this.#data!, this.shape, this.dtype) : this;
    return directCast(self, dtype) ?? (lift((x: Raw) => x.astype(dtype as jax.DType))(self) as Tensor);
  }
  /**
   * NumPy-like indexing: `x.slice([1, 3], 2, [], null)` is `x[1:3, 2, :, None]`, `x.slice("...", [null, null, -1])` is
   * `x[..., ::-1]`. Numbers out of range throw; of index tensors see `docs/numerics.md`.
   */
  slice(...index: Index[]): Tensor {
    return sliced("Tensor.slice", this, index);
  }
  /**
   * Writing at an index, which has the forms of `slice`. The result is a new tensor; this one stays as it is.
   *
   * @example
   * x.at(0).set(5); // x with 5 in its first element or row
   * x.at([], 1).add(column);
   */
  at(...index: Index[]): IndexedUpdate {
    return makeUpdate(this, index);
  }
}

export type NestedNumbers = number | NestedNumbers[];

function truthOf(x: Tensor, of: "every" | "some", axis: Axis, options: ReduceOptions): Tensor | undefined {
  return axis === null && options.keepdims !== true ? directTruth(x.astype("bool"), of) : undefined;
}

/** How many elements go into one element of a reduction over `axis`. */
function countReduced(shape: readonly number[], axis: Axis): number {
  const axes = axis === null ? shape.map((_, i) => i) : [axis].flat();
  return axes.reduce((product, i) => product * shape[i < 0 ? i + shape.length : i]!, 1);
}

/** How `console.log` shows a tensor in Node. */
Object.defineProperty(Tensor.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: Tensor): string {
    if (this.isTraced || this.size > 64) return `Tensor ${this.toString()}`;
    return `Tensor ${this.toString()} ${JSON.stringify(this.toArray())}`;
  },
});

for (const [name, signature] of Object.entries(methodSignatures)) {
  // Its methods by their names, which the table of signatures lists.
  const methods = Tensor.prototype as unknown as Record<string, unknown>;
  methods[name] = guard(`Tensor.${name}`, methods[name], signature);
}

refuseOperators(Tensor.prototype);

registerTensor((source, shape, dtype, isWeak) => new Tensor(source, shape, dtype, isWeak));

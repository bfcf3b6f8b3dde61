/**
 * How much work operations are. Arithmetic of elementwise operations is counted in the instructions that the engine
 * emits for them, so that `exp` is as many operations as its polynomial has, and a change there is seen here.
 */
import { bytesOf } from "../emit/location.ts";
import { emitOperation } from "../emit/operations.ts";
import { isWide } from "../emit/vectors.ts";
import { type Node, sizeOf } from "../graph/node.ts";
import { FunctionBuilder } from "../wasm/index.ts";

export interface Work {
  /** Floating-point additions, products, divisions, roots, minima and maxima; a fused multiply-add is two. */
  flops: number;
  /** Operations on integers, bits and masks. */
  integerOps: number;
  /** Bytes of distinct values; what a loop reads again from cache is not counted again. */
  bytesRead: number;
  bytesWritten: number;
}

export const noWork: Work = { flops: 0, integerOps: 0, bytesRead: 0, bytesWritten: 0 };

export function addWork(...all: readonly Work[]): Work {
  const sum = { ...noWork };
  for (const work of all) for (const name of workNames) sum[name] += work[name];
  return sum;
}

export function timesWork(work: Work, times: number): Work {
  const scaled = { ...work };
  for (const name of workNames) scaled[name] *= times;
  return scaled;
}

const workNames = ["flops", "integerOps", "bytesRead", "bytesWritten"] as const;

const floatArithmetic = /^f(?:32x4|64x2)\.(?:add|sub|mul|div|sqrt|p?min|p?max)$/;
const fused = /^f(?:32x4|64x2)\.relaxed_n?madd$/;
const integerArithmetic =
  /^(?:i(?:8x16|16x8|32x4|64x2|32)\.(?:add|sub|mul|shl|shr|div|rem|min|max|abs|neg|popcnt|extadd)|v128\.(?!any))/;

/** Counts what is emitted, per element: four elements are one f32x4 or two f64x2. */
class CountingBuilder extends FunctionBuilder {
  flops = 0;
  integerOps = 0;
  /** Of one vector, in vectors of four elements. */
  readonly #maskWeight: number;

  constructor(maskWeight: number) {
    super("counted", { params: [], results: [] });
    this.#maskWeight = maskWeight;
  }

  override op(name: string): this {
    const weight = /^(?:f64x2|i64x2)/.test(name)
      ? 0.5
      : name.startsWith("i32.")
        ? 0.25
        : name.startsWith("v128.")
          ? this.#maskWeight
          : 1;
    if (fused.test(name)) this.flops += 2 * weight;
    else if (floatArithmetic.test(name)) this.flops += weight;
    else if (integerArithmetic.test(name)) this.integerOps += weight;
    return super.op(name);
  }
}

/** Arithmetic of an elementwise node or a reduction per element, without its loads and stores. */
export function arithmeticOf(node: Node, fma: boolean): Pick<Work, "flops" | "integerOps"> {
  if (node.op === "gather") return { flops: 0, integerOps: 0 };
  if (node.op === "reduce") {
    const isFloat = node.dtype === "float32" || node.dtype === "float64";
    return { flops: isFloat ? 1 : 0, integerOps: isFloat ? 0 : 1 };
  }
  const f = new CountingBuilder(isWide(node.dtype) ? 0.5 : 1);
  const inputs = node.inputs.map(({ dtype }) =>
    Array.from({ length: isWide(dtype) ? 2 : 1 }, () => f.local("v128")),
  );
  emitOperation(f, node, inputs, { fma });
  return { flops: f.flops, integerOps: f.integerOps };
}

/** Bytes of the elements of a node, of one lane. */
export const bytesOfNode = ({ shape, dtype }: Pick<Node, "shape" | "dtype">): number =>
  sizeOf(shape) * bytesOf(dtype);

/**
 * Floating-point operations of a routine on matrices of n rows, by the textbook (Golub and Van Loan, Matrix
 * Computations, 4th ed.: 4.2.5, 3.1.2, 3.2; transforms 5 n log2 n); 0 for those that move data or iterate.
 */
export function routineFlops(node: Node): number {
  const shape = node.inputs[0]!.shape;
  const [rows, n] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  const batches = sizeOf(shape) / (rows * n);
  switch (node.params.routine) {
    case "cholesky":
      return (batches * n ** 3) / 3;
    case "lu":
      return (batches * 2 * n ** 3) / 3;
    case "triangular_solve":
      return n * sizeOf(node.inputs[1]!.shape);
    case "fft":
      return sizeOf(shape) * 5 * Math.log2(n);
    default:
      return 0;
  }
}

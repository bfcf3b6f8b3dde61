/** What a way gave beside what NumPy says. */
import { type Tensor, UnspoolError } from "./library.ts";
import { type Case, type Way, decode } from "./case.ts";

/** One answer of `judge.py`. */
export interface Verdict {
  outputs?: { shape: number[]; data: string; tolerance: string; native?: string }[];
  error?: string;
}

/**
 * A wrong value, dtype or shape; an error without a type; a typed one where NumPy has a value; a value where NumPy has
 * none; or NumPy refused what the table made, which is a fault of the table.
 */
export type Kind = "value" | "dtype" | "shape" | "untyped" | "refused" | "accepted" | "table";

export interface Failure {
  readonly kind: Kind;
  readonly text: string;
  /** Largest error over its tolerance. */
  readonly excess?: number;
  /** The element that is wrong, and what it should be. */
  readonly got?: number;
  readonly wanted?: number;
}

export function failureOf(one: Case, way: Way, got: Tensor[] | Error, verdict: Verdict): Failure | undefined {
  if (got instanceof Error) {
    const isTyped = got instanceof UnspoolError;
    const text = `${got.name}: ${got.message}`.slice(0, 300);
    if (!isTyped) return { kind: "untyped", text };
    return verdict.error === undefined && !one.isRefused ? { kind: "refused", text } : undefined;
  }
  if (one.isRefused)
    return { kind: "accepted", text: "int32 with uint32, or a number that a dtype cannot hold" };
  if (verdict.error !== undefined) {
    return one.isInvalid ? { kind: "accepted", text: verdict.error } : { kind: "table", text: verdict.error };
  }
  const outputs = verdict.outputs!;
  for (const [i, wanted] of outputs.entries()) {
    const own = got[i];
    if (own === undefined || String(own.shape) !== String(wanted.shape))
      return { kind: "shape", text: `${own?.toString()}, wanted [${wanted.shape.join()}]` };
    const failure = wrongValue(own, wanted, i);
    if (failure !== undefined) return failure;
  }
  const dtype = one.nodes.at(-1)!.dtype;
  const isValue = ["value", "vmap", "vmapVmap"].includes(one.transform);
  if (isValue && dtype !== undefined && got[0]!.dtype !== dtype)
    return { kind: "dtype", text: `${got[0]!.dtype}, wanted ${dtype}` };
  return undefined;
}

function wrongValue(
  own: Tensor,
  wanted: NonNullable<Verdict["outputs"]>[number],
  i: number,
): Failure | undefined {
  const [data, tolerance] = [decode(wanted.data), decode(wanted.tolerance)];
  const native = wanted.native === undefined ? undefined : decode(wanted.native);
  let worst: Failure | undefined;
  own.data.forEach((value, k) => {
    const bound = tolerance[k]!;
    const excess = Math.min(
      excessOf(value, data[k]!, bound),
      native === undefined ? Infinity : excessOf(value, native[k]!, bound),
    );
    if (excess > 1 && excess > (worst?.excess ?? 0)) {
      worst = {
        kind: "value",
        text: `output ${i}, element ${k}: ${value}, wanted ${data[k]} within ${bound}`,
        excess,
        got: value,
        wanted: data[k]!,
      };
    }
  });
  return worst;
}

/** How many tolerances the error is; 0 where nothing can be said. */
function excessOf(value: number, wanted: number, bound: number): number {
  if (Object.is(value, wanted) || value === wanted || Number.isNaN(bound) || bound === Infinity) return 0;
  if (!Number.isFinite(wanted) || !Number.isFinite(value)) return Infinity;
  return bound === 0 ? Infinity : Math.abs(value - wanted) / bound;
}

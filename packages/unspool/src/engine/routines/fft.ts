/**
 * Discrete Fourier transform of a complex vector of n elements, `Y[k] = sum X[j] exp(-2 pi i j k / n)`, as real and
 * imaginary parts; `inverse` takes the other sign and divides by n. Mixed-radix decimation in time: the elements are
 * brought in digit-reversed order, then there is one stage for each of `factors`, whose product is n.
 */
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { complexBytes, emitStage, root } from "./fftStage.ts";
import { type Routine, type RoutineParams, declare, requireFloat } from "./routine.ts";
import { type View, load, pointTo, repeat, store } from "./scalar.ts";

type FftParams = {
  factors: readonly number[];
  inverse: boolean;
};

export const fft: Routine = {
  name: "fft",
  coreRanks: () => ({ inputs: [1, 1], outputs: [1, 1] }),
  scratchBytes: (_shape, params) => complexBytes * Math.max(0, ...fftParams(params).factors),
  /** Roots of unity exp(-+2 pi i k / n), [n, 2]. */
  table(shape, params) {
    const n = shape.inputs[0]![0]!;
    const { inverse } = fftParams(params);
    return Float64Array.from(Array.from({ length: n }, (_, k) => root(k, n, inverse)).flat());
  },
  emit(module, shape, params) {
    requireFloat(fft, shape);
    const { factors, inverse } = fftParams(params);
    const { f, inputs, outputs, scratch, table } = declare(module, fft, shape);
    const n = shape.inputs[0]![0]!;
    const starts = inputs.map((view) => pointTo(f, view, 0, 0));
    const targets = outputs.map((view) => pointTo(f, view, 0, 0));
    copyReversed(f, { inputs, outputs, targets, factors }, factors.length, n, starts);
    let previous = 1;
    for (const [i, radix] of factors.entries()) {
      const scale = inverse && i === factors.length - 1 ? 1 / n : 1;
      const [real, imaginary] = outputs as [View, View];
      emitStage(f, { n, radix, previous, inverse, scale, real, imaginary, table, scratch });
      previous *= radix;
    }
    return f;
  },
};

function fftParams(params: RoutineParams): FftParams {
  return params as FftParams;
}

/**
 * Copies inputs to outputs in order of the outputs. An output index has digits of the bases `factors`, the first one
 * fastest; in the input index the first one is slowest. One loop for each digit, the slowest of the output outermost.
 */
function copyReversed(
  f: FunctionBuilder,
  arrays: { inputs: View[]; outputs: View[]; targets: Local[]; factors: readonly number[] },
  digits: number,
  n: number,
  starts: Local[],
): void {
  const { inputs, outputs, targets, factors } = arrays;
  if (digits === 0) {
    inputs.forEach((view, i) => {
      store(load(f.get(targets[i]!, starts[i]!), view), outputs[i]!);
      f.get(targets[i]!).i32(outputs[i]!.stride).op("i32.add").set(targets[i]!);
    });
    return;
  }
  const step = n / factors.slice(0, digits).reduce((product, factor) => product * factor, 1);
  const sources = starts.map((start) => f.get(start).save("i32"));
  const steps = sources.map((source, i) => [source, step * inputs[i]!.stride] as const);
  repeat(f, factors[digits - 1]!, steps, () => copyReversed(f, arrays, digits - 1, n, sources));
  f.release(...sources);
}

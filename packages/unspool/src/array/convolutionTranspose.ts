/**
 * The transpose of a convolution. In jax-js 0.1.25 it is a convolution with negative padding, which is refused where it
 * is more than the operand has before its elements are spread: a gradient threw for a padding of two and a step of two.
 * Here what negative padding takes away is cut off before.
 */
import * as jax from "@jax-js/jax";
import type { Aval, Params, Raw } from "./jaxprs.ts";
import { bind } from "./jaxprs.ts";
import { type Unknown, isUnknown, rules } from "./ruleTables.ts";

type Pair = readonly [number, number];

type Convolution = {
  vmapDims: number;
  strides: readonly number[];
  padding: readonly Pair[];
  lhsDilation: readonly number[];
  rhsDilation: readonly number[];
};

/** `steps` apart, so many elements lie over `length` places. */
const spread = (elements: number, steps: number): number => (elements - 1) * steps + 1;

/** A convolution whose padding may be negative, with a result like `out`; zeros where no window meets the operand. */
function convolved(x: Raw, y: Raw, convolution: Convolution, { shape, dtype }: Aval): Raw {
  const { vmapDims, lhsDilation } = convolution;
  const index: ([] | [number, number])[] = x.shape.map(() => []);
  const padding = convolution.padding.map(([before, after], i): Pair => {
    const axis = vmapDims + 2 + i;
    const step = lhsDilation[i]!;
    const [first, last] = [before, after].map((pad) => Math.max(0, Math.ceil(-pad / step)));
    index[axis] = [first!, x.shape[axis]! - last!];
    return [before + first! * step, after + last! * step];
  });
  if (index.some(([from, to], axis) => x.shape[axis] === 0 || (from !== undefined && from >= to!))) {
    x.dispose();
    y.dispose();
    return jax.numpy.zeros([...shape], { dtype: dtype as jax.DType });
  }
  const isCut = index.some(([from, to], axis) => from !== undefined && (from > 0 || to! < x.shape[axis]!));
  const rest = isCut ? x.slice(...(index as [])) : x;
  return bind("conv", [rest, y], { ...convolution, padding })[0]!;
}

/** Batch and channels, or outputs and channels, change places. */
function swapped(x: Raw, vmapDims: number): Raw {
  const order = x.shape.map((_, i) => i);
  [order[vmapDims], order[vmapDims + 1]] = [vmapDims + 1, vmapDims];
  return jax.numpy.transpose(x, order) as Raw;
}

const avalOf = (x: Raw | Unknown): Aval => x.aval as Aval;

function transpose([ct]: Raw[], args: (Raw | Unknown)[], given: Params): (Raw | null)[] {
  const params = given as Convolution;
  const [x, y] = args as [Raw, Raw] | [Unknown, Raw] | [Raw, Unknown];
  const { vmapDims, strides, padding, lhsDilation, rhsDilation } = params;
  const lengthOf = (of: Raw | Unknown, i: number): number => avalOf(of).shape[vmapDims + 2 + i]!;
  // Along each axis: the padding before, and what the operand, a window and the windows' starts cover.
  const sizes = padding.map(([before], i) => ({
    before,
    operand: spread(lengthOf(x, i), lhsDilation[i]!),
    window: spread(lengthOf(y, i), rhsDilation[i]!),
    starts: spread(lengthOf(ct!, i), strides[i]!),
  }));
  if (isUnknown(x)) {
    const swappedWindow = swapped(y as Raw, vmapDims);
    const axes = avalOf(y)
      .shape.map((_, i) => i)
      .slice(vmapDims + 2);
    const turned = jax.numpy.flip(swappedWindow, axes) as Raw;
    const around = sizes.map(({ before, operand, window, starts }): Pair => {
      const start = window - 1 - before;
      return [start, operand + window - 1 - starts - start];
    });
    const back = { vmapDims, strides: lhsDilation, padding: around, lhsDilation: strides, rhsDilation };
    return [convolved(ct!, turned, back, avalOf(x)), null];
  }
  const around = sizes.map(({ before, operand, window, starts }): Pair => [
    before,
    starts - operand + (window - before - 1),
  ]);
  const along = { vmapDims, strides: rhsDilation, padding: around, lhsDilation, rhsDilation: strides };
  const { shape, dtype } = avalOf(y);
  const order = shape.with(vmapDims, shape[vmapDims + 1]!).with(vmapDims + 1, shape[vmapDims]!);
  const like = { shape: order, dtype } as Aval;
  return [null, swapped(convolved(swapped(x, vmapDims), swapped(ct!, vmapDims), along, like), vmapDims)];
}

export function repairConvolutions(): void {
  rules.transposition["conv"] = transpose;
}

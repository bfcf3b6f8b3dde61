/** States are tensors, arithmetic is on plain numbers: float64 and int32 arrays as tensors. */
import { type Tensor, tensorOf } from "../../array/index.ts";

/** A float64 tensor around numbers that nobody writes to any more: [length] where no shape is given. */
export const floats = (values: Float64Array, shape: readonly number[] = [values.length]): Tensor =>
  tensorOf(values, [...shape], "float64");

/** An int32 tensor, likewise. */
export const integers = (values: Int32Array, shape: readonly number[] = [values.length]): Tensor =>
  tensorOf(values, [...shape], "int32");

/** The numbers of a float64 tensor, to be read only. */
export const floatsOf = ({ data }: Tensor): Float64Array =>
  data instanceof Float64Array ? data : Float64Array.from(data);

/** The numbers of an int32 tensor, to be read only. */
export const integersOf = ({ data }: Tensor): Int32Array =>
  data instanceof Int32Array ? data : Int32Array.from(data);

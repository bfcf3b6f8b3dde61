/** Types of lifted functions: the signature of jax-js with tensors in place of its arrays. */
import type * as jax from "@jax-js/jax";
import type { DType } from "./dtype.ts";
import type { Tensor } from "./tensor.ts";

/** A value of jax-js as the caller of a lifted function sees it. */
export type LiftedValue<T> = T extends jax.Array
  ? Tensor
  : T extends jax.DType
    ? DType
    : T extends ArrayBufferView | ((...args: never[]) => unknown)
      ? T
      : T extends readonly unknown[]
        ? { [K in keyof T]: LiftedValue<T[K]> }
        : T extends object
          ? { [K in keyof T]: LiftedValue<T[K]> }
          : T;

/** A function of jax-js with tensors in place of its arrays. */
export type Lifted<F> = F extends (...args: infer Args) => infer Out
  ? (...args: LiftedValue<Args> extends infer L extends unknown[] ? L : never) => LiftedValue<Out>
  : never;

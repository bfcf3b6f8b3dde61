/** Sorting, factorizations, Fourier transforms and scatters as scalar WebAssembly functions; see `routine.ts`. */
import { argsort } from "./argsort.ts";
import { cholesky } from "./cholesky.ts";
import { fft } from "./fft.ts";
import { jacobiEigh } from "./jacobiEigh.ts";
import { lu } from "./lu.ts";
import type { Routine, RoutineName } from "./routine.ts";
import { scatter } from "./scatter.ts";
import { sort } from "./sort.ts";
import { triangularSolve } from "./triangularSolve.ts";

export { elements, splitBatch } from "./routine.ts";
export type {
  ItemShapes,
  Routine,
  RoutineDtype,
  RoutineName,
  RoutineParams,
  RoutineShape,
  Shape,
} from "./routine.ts";

/** By the names of jax-js's primitives. */
export const routines: Readonly<Record<RoutineName, Routine>> = {
  sort,
  argsort,
  triangular_solve: triangularSolve,
  cholesky,
  lu,
  jacobi_eigh: jacobiEigh,
  fft,
  scatter,
};

/** Linear algebra of jax-js, lifted. */
import * as jax from "@jax-js/jax";
import { lift } from "./lift.ts";
import type { Lifted } from "./liftTypes.ts";

type JaxLinalg = typeof jax.numpy.linalg;

const names = [
  "cholesky",
  "det",
  "eigh",
  "eigvalsh",
  "inv",
  "lstsq",
  "matrixNorm",
  "matrixPower",
  "norm",
  "slogdet",
  "solve",
  "svd",
  "vectorNorm",
] as const;

export type Linalg = { [Name in (typeof names)[number]]: Lifted<JaxLinalg[Name]> } & {
  lu: Lifted<typeof jax.lax.linalg.lu>;
  triangularSolve: Lifted<typeof jax.lax.linalg.triangularSolve>;
};

export const linalg: Linalg = {
  ...Object.fromEntries(names.map((name) => [name, lift(jax.numpy.linalg[name])])),
  lu: lift(jax.lax.linalg.lu),
  triangularSolve: lift(jax.lax.linalg.triangularSolve),
} as unknown as Linalg;

/** How directions are drawn, by name. */
import type { RandomStream } from "../../../array/index.ts";
import { type Registry, type RegistryEntry, registry } from "../../../registry.ts";
import { gaussian } from "./gaussian.ts";
import { gaussianOrthogonal } from "./gaussianOrthogonal.ts";
import { hadamard } from "./hadamard.ts";
import { halton } from "./halton.ts";
import { kac } from "./kac.ts";
import { orthogonal } from "./orthogonal.ts";
import { sign } from "./sign.ts";
import { sphere } from "./sphere.ts";

/** `count` directions of `size` numbers, row by row, with E[g gᵀ] = I. */
export type Directions = (random: RandomStream, count: number, size: number) => Float64Array;

export type EnsembleName =
  "gaussian" | "orthogonal" | "gaussianOrthogonal" | "sign" | "sphere" | "hadamard" | "kac" | "halton";

export interface EnsembleEntry extends RegistryEntry {
  readonly name: EnsembleName;
  create: Directions;
}

const entry = (name: EnsembleName, create: Directions, summary: string): EnsembleEntry => ({
  name,
  summary,
  create,
});

export const ensembles: Registry<EnsembleEntry> = registry("ensembles", [
  entry("gaussian", gaussian, "independent standard normal"),
  entry("orthogonal", orthogonal, "orthogonal within blocks, of length √d"),
  entry("gaussianOrthogonal", gaussianOrthogonal, "orthogonal, with the lengths of normal vectors"),
  entry("sign", sign, "independent signs"),
  entry("sphere", sphere, "independent, uniform on a sphere"),
  entry("hadamard", hadamard, "rows of a Hadamard matrix with random signs"),
  entry("kac", kac, "products of random rotations"),
  entry("halton", halton, "a randomly shifted Halton sequence"),
]);

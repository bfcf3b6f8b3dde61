/** Ready targets by name: what a config can choose. */
import { type Registry, registry } from "../../../registry.ts";
import type { DensityTarget } from "./densityTarget.ts";
import { dihedralPotential } from "./dihedralPotential.ts";
import { funnel } from "./funnel.ts";
import { gmm40 } from "./gmm40.ts";
import { gmm9 } from "./gmm9.ts";
import { doubleWell, manyWell } from "./manyWell.ts";

export interface DensityTargetEntry {
  readonly name: "gmm9" | "gmm40" | "doubleWell" | "manyWell" | "funnel" | "dihedral";
  readonly summary: string;
  /** `dim` counts for targets of any dimension. */
  create(dim?: number): DensityTarget;
}

/** Densities with known normalisation, modes and draws. */
export const densityTargets: Registry<DensityTargetEntry> = registry("densityTargets", [
  { name: "gmm9", summary: "nine normals on a grid in the plane", create: () => gmm9() },
  { name: "gmm40", summary: "forty normals in the plane, the paper's", create: () => gmm40() },
  {
    name: "doubleWell",
    summary: "two wells in the plane, one with a sixth of the mass",
    create: () => doubleWell(),
  },
  { name: "manyWell", summary: "copies of the double well: 2^(dim / 2) modes", create: manyWell },
  { name: "funnel", summary: "a normal whose width is a coordinate", create: funnel },
  { name: "dihedral", summary: "two angles with five basins", create: () => dihedralPotential() },
]);

/** How well the factors of each layer can be inverted, and which layers stand still because they cannot. */
import { type Tensor, isTracing, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { type FloatType, isNone, largestCondition } from "./precision.ts";
import { textTable } from "./textTable.ts";

export interface FactorCondition {
  /** Path of the layer's weights. */
  readonly name: string;
  /** |M|₁ |M⁻¹|₁ of its damped factors, as they were last inverted; 0 of a layer that stands still. */
  readonly conditionNumber: number;
  /** Whether its last inversion failed: the layer stands still until one succeeds. */
  readonly isFrozen: boolean;
  /** In which its factors are kept and inverted. */
  readonly dtype: FloatType;
  /** What to do; empty where nothing is amiss. */
  readonly advice: string;
}

export interface FactorReport {
  /** In the order in which the network computes its layers. */
  readonly layers: readonly FactorCondition[];
  /** The same for a person, one layer a line. */
  readonly table: string;
}

/** The report of what is kept of layers, by name: its inverse, and the condition number. Outside of traces. */
export function factorReportOf(
  where: string,
  kept: readonly { name: string; inverse: unknown; condition: Tensor }[],
): FactorReport {
  if (isTracing()) throw new OptionError(where, "the state", "in a trace", "one whose numbers are known");
  const layers = kept.map(({ name, inverse, condition }): FactorCondition => {
    const dtype = tree.floatType(inverse);
    const isFrozen = isNone(inverse).item() === 1;
    const conditionNumber = isFrozen ? 0 : condition.item();
    return { name, conditionNumber, isFrozen, dtype, advice: adviceOn(isFrozen, conditionNumber, dtype) };
  });
  const rows = layers.map(({ name, conditionNumber, isFrozen, dtype, advice }) => [
    name,
    isFrozen ? "stands still" : conditionNumber.toExponential(1),
    dtype,
    advice,
  ]);
  return { layers, table: textTable([["layer", "condition", "dtype", "advice"], ...rows]) };
}

function adviceOn(isFrozen: boolean, condition: number, dtype: FloatType): string {
  if (!isFrozen && condition <= largestCondition[dtype]) return "";
  const what = isFrozen ? "cannot be inverted" : "has few digits left";
  const other = dtype === "float32" ? 'precision: "float64", or ' : "";
  return `${what} in ${dtype}: ${other}a larger damping`;
}

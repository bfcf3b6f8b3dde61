/** The dtype that a result must have: the lattice of `docs/numerics.md`, with numbers that take the dtype they meet. */
import type { DType } from "./library.ts";
import { isFloat } from "./case.ts";
import type { Value } from "./draw.ts";
import type { Row } from "./functions/index.ts";

const rank: Readonly<Record<DType, number>> = { bool: 0, int32: 1, uint32: 1, float32: 2, float64: 3 };

/** "refused" where int32 meets uint32, or a number that a uint32 cannot be. */
export function promote(operands: readonly Value[]): DType | "refused" {
  const tensors = operands.filter(({ ref }) => !("number" in ref)).map(({ dtype }) => dtype);
  let dtype = tensors.reduce((a, b) => (rank[b] > rank[a] ? b : a));
  if (!isFloat(dtype) && tensors.includes("int32") && tensors.includes("uint32")) return "refused";
  for (const { ref } of operands) {
    if (!("number" in ref)) continue;
    if (isFloat(dtype)) continue;
    if (!Number.isInteger(ref.number)) dtype = "float32";
    else if (dtype === "bool") dtype = "int32";
    else if (dtype === "uint32" && ref.number < 0) return "refused";
  }
  return dtype;
}

export function resultType(row: Row, operands: readonly Value[]): DType | "refused" | undefined {
  switch (row.dtype) {
    case "any":
      return undefined;
    case "first":
      return operands[0]!.dtype;
    case "promote":
      return promote(operands);
    case "test":
      return promote(operands) === "refused" ? "refused" : "bool";
    case "float": {
      const dtype = promote(operands);
      return dtype === "refused" || isFloat(dtype) ? dtype : "float32";
    }
    case "sum": {
      const [{ dtype }] = operands as [Value];
      return dtype === "bool" ? "int32" : dtype;
    }
    default:
      return row.dtype;
  }
}

/** Candidates in any tree as the flat rows that policies in plain code take. */
import { tree } from "../../array/index.ts";
import { ShapeError } from "../../errors.ts";
import type { SimulatedPolicy } from "./playSimulated.ts";

/**
 * [candidates, size of the policy], float64: a candidate's leaves one after the other. Throws `ShapeError` where these are
 * not as many numbers as the policy has.
 */
export function stackedNumbers(
  where: string,
  { name, size: wanted }: Pick<SimulatedPolicy, "name" | "size">,
  candidates: unknown,
  count: number,
): Float64Array {
  const leaves = tree.leaves(candidates).map(({ data }) => ({ data, width: data.length / count }));
  const size = leaves.reduce((sum, { width }) => sum + width, 0);
  if (size !== wanted)
    throw new ShapeError(
      where,
      `a candidate must have ${wanted} numbers, as ${name}'s theta has, got ${size}.`,
      { size: wanted, given: size },
    );
  const flat = new Float64Array(count * size);
  let at = 0;
  for (let candidate = 0; candidate < count; candidate++) {
    for (const { data, width } of leaves) {
      flat.set(data.subarray(candidate * width, (candidate + 1) * width), at);
      at += width;
    }
  }
  return flat;
}

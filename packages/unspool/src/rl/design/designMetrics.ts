/** Designs as metrics of a step. */
import type { Tensor } from "../../array/index.ts";
import type { DesignTask } from "./designTask.ts";

/** `PREFIX.NAME` of each number of a design. */
export function designNumbers(
  prefix: string,
  { designNames }: Pick<DesignTask, "designNames">,
  design: Tensor,
): Record<string, number> {
  return Object.fromEntries(designNames.map((name, i) => [`${prefix}.${name}`, Number(design.data[i])]));
}

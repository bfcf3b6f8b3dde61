/** The check of labelled examples, made where a problem is made: inside of its steps elements are not known. */
import { ShapeError } from "../errors.ts";
import { requireLabels } from "../optimizers/index.ts";
import type { LabelledData } from "./scheduleTuning.ts";

/** Throws unless there is an integer label below `classes` for each row of the inputs. */
export function requireLabelled(
  where: string,
  name: string,
  data: LabelledData | undefined,
  classes: number,
): void {
  if (data === undefined) return;
  const { inputs, labels } = data;
  if (inputs.ndim < 2) {
    throw new ShapeError(where, `${name}.inputs must be [examples, …], got ${inputs.toString()}.`);
  }
  requireLabels(where, labels, classes, [inputs.shape[0]!], `${name}.labels`);
}

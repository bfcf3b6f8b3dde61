/** Labels of classes: one of no class would count as a loss of 0. */
import { OptionError } from "../errors.ts";
import { np } from "./np.ts";
import type { Tensor } from "./tensor.ts";

/** Throws `OptionError` for a label that is not from 0 to `classes` - 1, where elements are known. */
export function requireClasses(where: string, labels: Tensor, classes: number, name: string): void {
  if (labels.isTraced) return;
  const bad = labels.data.findIndex((label) => label < 0 || label >= classes);
  if (bad === -1) return;
  const allowed = `a class from 0 to ${classes - 1}`;
  throw new OptionError(where, `label ${bad} of the ${name}`, labels.data[bad], allowed);
}

/** `rows` [...batch, ...] with NaN where the label [...batch] is of no class; as they are where labels were checked. */
export function orNoClass(rows: Tensor, labels: Tensor, classes: number): Tensor {
  if (!labels.isTraced) return rows;
  const isClass = np.logicalAnd(labels.greaterEqual(0), labels.less(classes)) as Tensor;
  const spread = rows.ndim === labels.ndim ? isClass : isClass.reshape([...labels.shape, 1]);
  return np.where(spread, rows, np.array(NaN, { dtype: rows.dtype })) as Tensor;
}

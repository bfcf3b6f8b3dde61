/**
 * Checks of what likelihoods are given. Shapes that broadcast ([8, 1] beside [8]) and labels of no class give a finite loss
 * of something else. Shapes and dtypes are checked always, elements where they are known: not inside of a trace.
 */
import { type Tensor, requireClasses } from "../../array/index.ts";
import { OptionError, ShapeError } from "../../errors.ts";

/** Throws `ShapeError` unless outputs are [batch, n]. */
export function requireOutputs(where: string, outputs: Tensor): void {
  if (outputs.ndim >= 2) return;
  const hint = "Outputs of one number are [batch, 1]: write outputs.reshape([-1, 1]).";
  throw new ShapeError(where, `outputs must be [batch, n], got ${outputs.toString()}. ${hint}`);
}

/** Throws `ShapeError` unless targets have the shape of the outputs. */
export function requireSameShape(where: string, outputs: Tensor, targets: Tensor): void {
  if (String(outputs.shape) === String(targets.shape)) return;
  throw new ShapeError(
    where,
    `targets must have the shape of the outputs, [${outputs.shape.join(", ")}], got ${targets.toString()}. ` +
      "Reshape them: a missing or an extra axis would broadcast.",
  );
}

/** Throws `OptionError` for an element outside of [0, 1]. */
export function requireProbabilities(where: string, targets: Tensor): void {
  if (targets.isTraced || targets.dtype === "bool") return;
  const bad = Array.from(targets.data).find((x) => !(x >= 0 && x <= 1));
  if (bad !== undefined) throw new OptionError(where, "an element of the targets", bad, "between 0 and 1");
}

/** Throws `OptionError` for a row of probabilities whose sum is not 1, to 1e-3. */
export function requireSums(where: string, targets: Tensor): void {
  if (targets.isTraced) return;
  const bad = Array.from(targets.sum(-1).data).find((sum) => !(Math.abs(sum - 1) <= 1e-3));
  if (bad === undefined) return;
  const hint = "Divide them by their sum; of an example that is not to count, weigh the loss by 0.";
  throw new OptionError(where, "the sum of an example's probabilities", bad, "1", hint);
}

/** Throws `ShapeError` for labels that are not int32 or uint32 [...batch], and `OptionError` for one of no class. */
export function requireLabels(
  where: string,
  labels: Tensor,
  classes: number,
  batch: readonly number[],
  name = "targets",
): void {
  if (labels.dtype !== "int32" && labels.dtype !== "uint32") {
    const hint = 'Write labels.astype("int32").';
    throw new ShapeError(where, `${name} must be integer labels, got ${labels.toString()}. ${hint}`);
  }
  if (String(labels.shape) !== String(batch)) {
    const hint = labels.size === batch.reduce((a, b) => a * b, 1) ? " Write labels.reshape([-1])." : "";
    throw new ShapeError(
      where,
      `${name} must be one label for each example, [${batch.join(", ")}], got ${labels.toString()}.${hint}`,
    );
  }
  requireClasses(where, labels, classes, name);
}

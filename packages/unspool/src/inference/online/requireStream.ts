/** Checks of what a filter is given at each step: observations that keep their size, and a theta that keeps its shape. */
import { type Tensor, Tensor as TensorClass, np, tree } from "../../array/index.ts";
import { NonFiniteError, OptionError, ShapeError } from "../../errors.ts";

/** y in float64 and whether there is one. Throws `ShapeError` or `NonFiniteError`. */
export function requireObservation(
  where: string,
  size: number,
  given: Tensor | null,
): { y: Tensor; observed: Tensor } {
  if (given === null) return { y: np.zeros([size], { dtype: "float64" }), observed: tree.scalar(0, "bool") };
  if (!TensorClass.is(given)) {
    throw new OptionError(where, "y", given, `a tensor [${size}], or null for a step without an observation`);
  }
  if (given.ndim !== 1 || given.shape[0] !== size) {
    throw new ShapeError(where, `y must be [${size}], one observation, got ${given.toString()}.`);
  }
  const at = given.data.findIndex((x: number) => !Number.isFinite(x));
  if (at !== -1) {
    const problem = `element ${at} of y is ${given.data[at]}. Give null where nothing was observed.`;
    throw new NonFiniteError(where, problem, { quantity: "y", element: at });
  }
  return {
    y: given.dtype === "float64" ? given : given.astype("float64"),
    observed: tree.scalar(1, "bool"),
  };
}

/** Shapes of theta by path. Throws `ShapeError` unless all leaves are floats. */
export function thetaShapes(where: string, theta: unknown): Record<string, string> {
  const entries = tree.entries(theta);
  const wrong = entries.find(([, leaf]) => leaf.dtype !== "float32" && leaf.dtype !== "float64");
  if (wrong !== undefined) {
    throw new ShapeError(where, `theta at "${wrong[0]}" must be of floats, got ${wrong[1].toString()}.`);
  }
  return Object.fromEntries(entries.map(([path, leaf]) => [path === "" ? "theta" : path, leaf.toString()]));
}

/** Throws `ShapeError` for a theta that is not like the one that the filter began with. */
export function requireSameTheta(
  where: string,
  expected: Readonly<Record<string, string>>,
  theta: unknown,
): void {
  const given = thetaShapes(where, theta);
  const hint = "The functions of the past are of the theta that the filter began with: start a new one.";
  for (const [path, shape] of Object.entries(expected)) {
    if (given[path] === shape) continue;
    const found = given[path] ?? "nothing";
    throw new ShapeError(
      where,
      `theta at "${path}" must be ${shape}, as at the start, got ${found}. ${hint}`,
      { path },
    );
  }
  const extra = Object.keys(given).find((path) => expected[path] === undefined);
  if (extra === undefined) return;
  throw new ShapeError(where, `theta has a leaf "${extra}" that it had not at the start. ${hint}`, {
    path: extra,
  });
}

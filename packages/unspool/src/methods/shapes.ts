import { Tensor } from "../array/index.ts";
import type { Json } from "../json.ts";

/** Leaves of a state by path: `float32[3, 2]` of tensors, the type of everything else. For recipes. */
export function shapes(state: unknown): Json {
  const found: Record<string, Json> = {};
  const visit = (path: string, node: unknown): void => {
    if (Tensor.is(node)) found[path || "it"] = `${node.dtype}[${node.shape.join(", ")}]`;
    // Lists of plain data may grow with the run.
    else if (typeof node !== "object" || node === null) found[path || "it"] = typeof node;
    else
      for (const [name, child] of Object.entries(node)) visit(path === "" ? name : `${path}.${name}`, child);
  };
  visit("", state);
  return found;
}

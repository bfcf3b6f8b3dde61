/** What a state takes of memory. */
import { type Tensor, tree } from "../../array/index.ts";

/** Bytes of the leaves that are arrays: counters and other single numbers are not counted. */
export function stateBytes(of: unknown): number {
  const width = ({ dtype }: Tensor): number => (dtype === "float64" ? 8 : 4);
  return tree.leaves(of).reduce((sum, leaf) => sum + (leaf.size > 1 ? leaf.size * width(leaf) : 0), 0);
}

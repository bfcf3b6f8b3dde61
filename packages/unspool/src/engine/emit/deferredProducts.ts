/** Products that only one sum of a group uses: with fused multiply-add they are computed with it. */
import type { Node } from "../graph/node.ts";
import type { GroupPlan } from "./groupPlan.ts";

/** A predicate of the group's nodes. */
export function deferredProducts(plan: GroupPlan): (node: Node) => boolean {
  const { context, group, stores } = plan;
  const known = new Map<Node, boolean>();

  const isDeferred = (node: Node): boolean => {
    const result = known.get(node) ?? mayBeDeferred(node);
    known.set(node, result);
    return result;
  };

  const mayBeDeferred = (node: Node): boolean => {
    const isFloat = node.dtype === "float32" || node.dtype === "float64";
    if (!context.fma || node.op !== "mul" || !isFloat) return false;
    if (stores.some((store) => store.node === node)) return false;
    const users = group.nodes.filter((one) => one.inputs.some((input) => plan.baseOf(input) === node));
    const [user] = users;
    if (users.length !== 1 || (user!.op !== "add" && user!.op !== "sub")) return false;
    const [isFirst, isSecond] = user!.inputs.map((input) => plan.baseOf(input) === node);
    if (user!.op === "sub") return !isFirst && isSecond!;
    // Of two products one is fused.
    if (isFirst && isSecond) return false;
    return isFirst! || !isFusable(user!.inputs[0]!, user!);
  };

  const isFusable = (input: Node, user: Node): boolean => {
    const base = plan.baseOf(input);
    if (base === user || !plan.isLocal(base) || base.op !== "mul") return false;
    return isDeferred(base);
  };

  return isDeferred;
}

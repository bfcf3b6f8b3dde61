/**
 * The values of a group in registers: operands that loops have loaded, and nodes that the body has computed, for each
 * copy of the body. A node's register is given back after its last use.
 */
import { type Node, numberOf } from "../graph/node.ts";
import type { FunctionBuilder } from "../wasm/index.ts";
import type { Copy, GroupPlan, Operand } from "./groupPlan.ts";
import { type Vector, constantVector } from "./vectors.ts";

const nodeName = (node: Node, copy: Copy): string => `${node.id}@${copy.index}`;

export class GroupValues {
  readonly #f: FunctionBuilder;
  readonly #plan: GroupPlan;
  readonly #vectors = new Map<string, Vector>();
  /** Uses that are left, by node and copy. */
  readonly #uses = new Map<string, number>();

  constructor(f: FunctionBuilder, plan: GroupPlan) {
    this.#f = f;
    this.#plan = plan;
  }

  #operandName(name: string, operand: Operand, copy: Copy): string {
    return `${name}#${this.#plan.variant(operand, copy)}`;
  }

  /** Loads an operand unless a copy has done so that reads the same. */
  load(name: string, operand: Operand, copy: Copy, emit: () => Vector): void {
    const own = this.#operandName(name, operand, copy);
    if (!this.#vectors.has(own)) this.#vectors.set(own, emit());
  }

  has(node: Node, copy: Copy): boolean {
    return this.#vectors.has(nodeName(node, copy));
  }

  get(node: Node, copy: Copy): Vector {
    return this.#vectors.get(nodeName(node, copy))!;
  }

  set(node: Node, copy: Copy, vector: Vector): void {
    this.#vectors.set(nodeName(node, copy), vector);
  }

  /** What a node reads. */
  input(input: Node, copy: Copy): Vector {
    const number = numberOf(input);
    if (number !== undefined) return constantVector(this.#f, number.params.value!, input.dtype);
    const name = this.#plan.nameOf(input);
    if (name === undefined) return this.get(this.#plan.baseOf(input), copy);
    return this.#vectors.get(this.#operandName(name, this.#plan.operands.get(name)!, copy))!;
  }

  /** Runs `body`, and gives back the registers of what was loaded or computed in it. */
  within(body: () => void): void {
    const before = new Set(this.#vectors.keys());
    body();
    for (const [name, vector] of this.#vectors) {
      if (before.has(name)) continue;
      this.#f.release(...new Set(vector));
      this.#vectors.delete(name);
    }
  }

  /** Prepares for one pass of the body. */
  countUses(copy: Copy): void {
    const { group, stores } = this.#plan;
    const count = (node: Node): void => {
      const name = nodeName(node, copy);
      this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1);
    };
    for (const node of group.nodes) this.#uses.set(nodeName(node, copy), 0);
    for (const node of group.nodes) {
      for (const input of node.inputs) {
        const base = this.#plan.baseOf(input);
        if (this.#plan.isLocal(base)) count(base);
      }
    }
    for (const { node } of stores) count(node);
  }

  /** Gives a register back after its last use. */
  used(node: Node, copy: Copy): void {
    if (!this.#plan.isLocal(node)) return;
    const name = nodeName(node, copy);
    const left = this.#uses.get(name)! - 1;
    this.#uses.set(name, left);
    const vector = this.#vectors.get(name);
    if (left > 0 || vector === undefined) return;
    this.#f.release(...new Set(vector));
    this.#vectors.delete(name);
  }
}

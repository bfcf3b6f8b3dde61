/** All nodes of a group for the elements at hand, in registers; what others read is stored, what is summed is added. */
import { type Node, numberOf } from "../graph/node.ts";
import { emitThreefry, multiplyAdd } from "../math/index.ts";
import type { Local } from "../wasm/index.ts";
import { deferredProducts } from "./deferredProducts.ts";
import { emitGather } from "./gather.ts";
import type { Copy } from "./groupPlan.ts";
import type { GroupReductions } from "./groupReductions.ts";
import { type GroupContext, storeTarget } from "./groupStore.ts";
import type { GroupValues } from "./groupValues.ts";
import { bytesOf } from "./location.ts";
import { emitOperation } from "./operations.ts";
import { emitPair, partnerOf } from "./pairs.ts";
import { type Vector, lanePrefix } from "./vectors.ts";

export class GroupBody {
  readonly #context: GroupContext;
  readonly #values: GroupValues;
  readonly #reductions: GroupReductions;
  readonly #isDeferred: (node: Node) => boolean;

  constructor(context: GroupContext, values: GroupValues, reductions: GroupReductions) {
    this.#context = context;
    this.#values = values;
    this.#reductions = reductions;
    this.#isDeferred = deferredProducts(context.plan);
  }

  /** The copies of one node follow each other. `count` of the four elements are real. */
  emit(count: number): void {
    const { copies, group, stores } = this.#context.plan;
    for (const copy of copies) this.#values.countUses(copy);
    for (const node of group.nodes) {
      for (const copy of copies) {
        if (node.op === "reduce") this.#reduce(node, copy, count);
        else if (!this.#isDeferred(node) && !this.#values.has(node, copy)) this.#compute(node, copy);
        for (const store of stores) {
          if (store.node !== node) continue;
          storeTarget(this.#context, store, copy, this.#values.get(node, copy), count);
          this.#values.used(node, copy);
        }
      }
    }
  }

  #reduce(node: Node, copy: Copy, count: number): void {
    const [input] = node.inputs;
    this.#reductions.add(node, copy, this.#values.input(input!, copy), count);
    this.#values.used(this.#context.plan.baseOf(input!), copy);
  }

  #compute(node: Node, copy: Copy): void {
    const { plan } = this.#context;
    const bases = node.inputs.map((input) => plan.baseOf(input));
    const product = bases.slice(0, 2).find((one) => plan.isLocal(one) && this.#isDeferred(one));
    const result =
      product === undefined
        ? this.#valueOf(node, copy)
        : this.#withProduct(node, product, bases.indexOf(product), copy);
    this.#values.set(node, copy, result);
    for (const base of bases) if (base !== product) this.#values.used(base, copy);
  }

  #valueOf(node: Node, copy: Copy): Vector {
    const { f, plan } = this.#context;
    if (node.op === "random_bits") return this.#randomBits(node, copy);
    const partner = this.#partnerOf(node);
    if (partner !== undefined) return this.#pair(node, partner, copy);
    if (node.op === "gather") return this.#gather(node, copy);
    const inputs = node.inputs.map((input) => this.#values.input(input, copy));
    return emitOperation(f, node, inputs, plan.context);
  }

  /** A sum or difference and the product that is its operand number `at`. */
  #withProduct(node: Node, product: Node, at: number, copy: Copy): Vector {
    const { f, plan } = this.#context;
    const [x, y] = product.inputs.map((input) => this.#values.input(input, copy)) as [Vector, Vector];
    const other = this.#values.input(node.inputs[1 - at]!, copy);
    const prefix = lanePrefix(node.dtype) as "f32x4" | "f64x2";
    const result = x.map((part, i) => {
      if (node.op === "add") multiplyAdd(f, prefix, part, y[i]!, other[i]!, plan.context);
      else f.get(part, y[i]!, other[i]!).op(`${prefix}.relaxed_nmadd`);
      return f.save("v128");
    });
    this.#values.used(product, copy);
    for (const input of product.inputs) this.#values.used(plan.baseOf(input), copy);
    return result;
  }

  /** Both words of a block, where the group uses both. */
  #randomBits(node: Node, copy: Copy): Vector {
    const { f, plan } = this.#context;
    const same = plan.group.nodes.filter(
      (one) => one.op === "random_bits" && one.inputs.every((input, i) => input === node.inputs[i]),
    );
    const [k0, k1, counter] = node.inputs.map((input) => this.#values.input(input, copy)[0]!) as [
      Local,
      Local,
      Local,
    ];
    const words = emitThreefry(f, k0, k1, f.constant("i32x4", 0), counter);
    for (const one of same) {
      const { mode } = one.params;
      if (mode === "xor") f.get(...words).op("v128.xor");
      else f.get(words[mode!]);
      this.#values.set(one, copy, [f.save("v128")]);
    }
    f.release(...words);
    return this.#values.get(node, copy);
  }

  /** The node that is cheaper together with this one. */
  #partnerOf(node: Node): Node | undefined {
    const op = partnerOf(node.op);
    if (op === undefined) return undefined;
    return this.#context.plan.group.nodes.find((one) => one.op === op && one.inputs[0] === node.inputs[0]);
  }

  #pair(node: Node, partner: Node, copy: Copy): Vector {
    const { f, plan } = this.#context;
    const [input] = node.inputs;
    const [own, other] = emitPair(f, node, this.#values.input(input!, copy), plan.context);
    this.#values.set(partner, copy, other);
    this.#values.used(plan.baseOf(input!), copy);
    return own;
  }

  #gather(node: Node, copy: Copy): Vector {
    const { f, plan, pointers } = this.#context;
    const indices = node.inputs
      .slice(1)
      .map((input) => ({ vector: this.#values.input(input, copy), isSame: this.#isSameAcross(input) }));
    const gathered = plan.gathers.get(node)!;
    return emitGather(f, gathered, pointers, indices, this.#laneBytes(node), plan.shift(gathered, copy));
  }

  /** Bytes between what neighbouring lanes of a gather read if their indices are equal. */
  #laneBytes(node: Node): number {
    const { plan } = this.#context;
    const gathered = plan.gathers.get(node)!;
    if (plan.isLaned) return gathered.location.lanes === 1 ? 0 : bytesOf(gathered.dtype);
    return plan.vectorStride(gathered);
  }

  /** Whether the four lanes of an input are equal because it does not move along them. */
  #isSameAcross(input: Node): boolean {
    if (numberOf(input) !== undefined) return true;
    const { plan } = this.#context;
    const name = plan.nameOf(input);
    const operand = name === undefined ? undefined : plan.operands.get(name);
    return operand !== undefined && operand.base !== "index" && plan.accessOf(operand) === "same";
  }
}

/**
 * Makes nodes, each once: equal nodes are one object, and what can be said more simply is (constants folded, views of
 * views and of numbers undone, sums of a negative made differences).
 */
import type { DType, TensorData } from "../../array/index.ts";
import {
  type Level,
  type Node,
  type Op,
  type Params,
  type Reduction,
  isElementwise,
  numberOf,
} from "./node.ts";
import { NodeTable } from "./nodeTable.ts";
import { shrinkInside } from "./shrink.ts";
import { simplify } from "./simplify.ts";

export class GraphBuilder {
  readonly #table = new NodeTable();

  /** All nodes in the order of making: operands first. */
  get nodes(): Node[] {
    return this.#table.nodes;
  }

  literal(value: number, dtype: DType): Node {
    const rounded =
      dtype === "float32"
        ? Math.fround(value)
        : dtype === "uint32"
          ? value >>> 0
          : dtype === "int32"
            ? value | 0
            : value;
    return this.#table.intern(
      "literal",
      [],
      [],
      dtype,
      { value: dtype === "bool" ? Number(value !== 0) : rounded },
      0,
    );
  }

  input(slot: number, shape: readonly number[], dtype: DType, level: Level, member?: number): Node {
    if (isEmpty(shape)) return this.#nothing(shape, dtype);
    return this.#table.intern(
      "input",
      [],
      shape,
      dtype,
      member === undefined ? { slot } : { slot, member },
      level,
    );
  }

  constant(data: TensorData, shape: readonly number[], dtype: DType): Node {
    if (isEmpty(shape)) return this.#nothing(shape, dtype);
    if (data.length === 1) return this.broadcastTo(this.literal(data[0]!, dtype), shape);
    if (data.length <= 65536 && data.every((x) => Object.is(x, data[0])))
      return this.broadcastTo(this.literal(data[0]!, dtype), shape);
    return this.#table.intern("constant", [], shape, dtype, { data: this.#table.equalTo(data) }, 0);
  }

  /** Row-major index of each element of `shape` among its axes from `from` on. */
  iota(shape: readonly number[]): Node {
    return this.#table.intern("iota", [], shape, "uint32", {}, 0);
  }

  /** An elementwise node. Operands have its shape, or are scalars. */
  elementwise(
    op: Op,
    inputs: readonly Node[],
    dtype: DType,
    params: Params = {},
    forced?: readonly number[],
  ): Node {
    const shape =
      forced ??
      inputs.reduce<readonly number[]>(
        (widest, one) => (one.shape.length > widest.length ? one.shape : widest),
        [],
      );
    // A loop needs an array of its own as its operand, if only in name.
    if (isEmpty(shape) && op !== "copy") return this.#nothing(shape, dtype);
    const simple =
      params.data === undefined && op !== "random_bits" && op !== "gather" && op !== "copy"
        ? simplify(this, { op, inputs, shape, dtype, params })
        : undefined;
    return simple ?? this.#table.intern(op, inputs, shape, dtype, params, levelOf(inputs));
  }

  /** A node of this graph like one of another, for operands of this graph. */
  clone(node: Node, inputs: readonly Node[]): Node {
    return this.#table.intern(
      node.op,
      inputs,
      node.shape,
      node.dtype,
      node.params,
      inputs.length === 0 ? node.level : levelFor(node.op, inputs, node.params),
    );
  }

  /** `node` for other operands of the same shapes, said as simply as they allow. */
  rebuild(node: Node, inputs: readonly Node[]): Node {
    const { params, shape, dtype } = node;
    const [x] = inputs as [Node];
    switch (node.op) {
      case "transpose":
        return this.transpose(x, params.perm!);
      case "broadcast":
        return this.broadcast(x, shape, params.axes!);
      case "reshape":
        return this.reshape(x, shape);
      case "flip":
        return this.flip(x, params.axes!);
      case "shrink":
        return this.shrink(x, params.pairs!);
      case "concatenate":
        return this.concatenate(inputs, params.axes![0]!, shape, dtype);
      default:
        return isElementwise(node)
          ? this.elementwise(node.op, inputs, dtype, params, shape)
          : this.clone(node, inputs);
    }
  }

  /** A copy of `node` for output number `result`, of at least `level`. */
  copyOf(node: Node, result: number, level: Level): Node {
    return this.#table.intern(
      "copy",
      [node],
      node.shape,
      node.dtype,
      { result },
      node.level > level ? node.level : level,
    );
  }

  /** A node with a kernel of its own. */
  kernel(op: Op, inputs: readonly Node[], shape: readonly number[], dtype: DType, params: Params = {}): Node {
    // The shape of a loop is its length, and that of a routine is of its first result.
    if (isEmpty(shape) && op !== "scan" && op !== "routine") return this.#nothing(shape, dtype);
    const isOfNothing = (op === "reduce" || op === "dot") && inputs.some((one) => isEmpty(one.shape));
    if (isOfNothing) return this.broadcastTo(this.literal(neutral(params.reduction, dtype), dtype), shape);
    return this.#table.intern(op, inputs, shape, dtype, params, levelFor(op, inputs, params));
  }

  /** NumPy's broadcasting of `node` to `shape`. */
  broadcastTo(node: Node, shape: readonly number[]): Node {
    if (String(node.shape) === String(shape)) return node;
    const missing = shape.length - node.shape.length;
    const squeezed = node.shape
      .map((length, i) => (length === 1 && shape[i + missing] !== 1 ? i : -1))
      .filter((i) => i >= 0);
    const core = this.reshape(
      node,
      node.shape.filter((_, i) => !squeezed.includes(i)),
    );
    const axes = [...Array.from({ length: missing }, (_, i) => i), ...squeezed.map((i) => i + missing)];
    return this.broadcast(core, shape, axes);
  }

  broadcast(node: Node, shape: readonly number[], axes: readonly number[]): Node {
    if (axes.length === 0) return node;
    if (numberOf(node) === undefined && axes.every((axis) => shape[axis] === 1))
      return this.reshape(node, shape);
    return this.#view("broadcast", node, shape, { axes });
  }

  reshape(node: Node, shape: readonly number[]): Node {
    if (String(node.shape) === String(shape)) return node;
    if (node.op === "reshape") return this.reshape(node.inputs[0]!, shape);
    if (node.op === "broadcast" && node.inputs[0]!.shape.length === 0)
      return this.broadcastTo(node.inputs[0]!, shape);
    return this.#view("reshape", node, shape, {});
  }

  transpose(node: Node, perm: readonly number[]): Node {
    if (perm.every((axis, i) => axis === i)) return node;
    if (node.op === "transpose")
      return this.transpose(
        node.inputs[0]!,
        perm.map((axis) => node.params.perm![axis]!),
      );
    return this.#view(
      "transpose",
      node,
      perm.map((axis) => node.shape[axis]!),
      { perm },
    );
  }

  flip(node: Node, axes: readonly number[]): Node {
    const real = axes.filter((axis) => node.shape[axis]! > 1);
    return real.length === 0 ? node : this.#view("flip", node, node.shape, { axes: real });
  }

  /** A strided window over `node`, from its first element. */
  window(node: Node, shape: readonly number[], strides: readonly number[]): Node {
    return this.#view("window", node, shape, { strides });
  }

  shrink(node: Node, pairs: readonly (readonly [number, number])[]): Node {
    const shape = pairs.map(([from, to]) => to - from);
    if (String(shape) === String(node.shape)) return node;
    return shrinkInside(this, node, pairs) ?? this.#view("shrink", node, shape, { pairs });
  }

  concatenate(parts: readonly Node[], axis: number, shape: readonly number[], dtype: DType): Node {
    if (isEmpty(shape)) return this.#nothing(shape, dtype);
    const real = parts.filter((part) => part.shape[axis]! > 0);
    if (real.length === 1) return real[0]!;
    return this.#table.intern("concatenate", real, shape, dtype, { axes: [axis] }, levelOf(real));
  }

  /** An array without elements: whatever they would be. */
  #nothing(shape: readonly number[], dtype: DType): Node {
    return this.broadcastTo(this.literal(0, dtype), shape);
  }

  #view(op: Op, node: Node, shape: readonly number[], params: Params): Node {
    if (isEmpty(shape) && node.op !== "literal") return this.#nothing(shape, node.dtype);
    // All elements of a number are that number.
    const core = numberOf(node);
    if (core !== undefined && op !== "broadcast") return this.broadcastTo(core, shape);
    if (core !== undefined && node.op === "broadcast") return this.broadcastTo(core, shape);
    return this.#table.intern(op, [node], shape, node.dtype, params, node.level);
  }
}

const isEmpty = (shape: readonly number[]): boolean => shape.includes(0);

/** What a reduction of no elements gives. */
function neutral(reduction: Reduction = "Add", dtype: DType): number {
  if (reduction === "Add") return 0;
  if (reduction === "Mul") return 1;
  const isLargest = reduction === "Min";
  if (dtype === "bool") return isLargest ? 1 : 0;
  if (dtype === "int32") return isLargest ? 2 ** 31 - 1 : -(2 ** 31);
  if (dtype === "uint32") return isLargest ? 2 ** 32 - 1 : 0;
  return isLargest ? Infinity : -Infinity;
}

const levelOf = (inputs: readonly Node[]): Level =>
  inputs.reduce<Level>((most, one) => (one.level > most ? one.level : most), 0);

/** The level of a node with these operands. Results of a loop are as different as its body makes them. */
function levelFor(op: Op, inputs: readonly Node[], { result }: Params): Level {
  const [first] = inputs;
  if (op !== "output" || first?.op !== "scan") return levelOf(inputs);
  return first.params.loop!.body(first.inputs.map(({ level }) => level)).resultLevels[result!]!;
}

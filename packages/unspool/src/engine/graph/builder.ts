/**
 * Makes nodes, each once: equal nodes are one object, and what can be said more simply is (constants folded, views of
 * views and of numbers undone, sums of a negative made differences).
 */
import type { DType } from "../../array/index.ts";
import { foldScalars } from "./fold.ts";
import type { Loop } from "./loop.ts";
import { type Level, type Node, type Op, type Params, isElementwise, isView, sizeOf } from "./node.ts";

const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float64";

export class GraphBuilder {
  readonly #known = new Map<string, Node>();
  readonly #arrays = new Map<unknown, number>();
  readonly #contents = new Map<string, NonNullable<Params["data"]>[]>();
  /** All nodes in the order of making: operands first. */
  readonly nodes: Node[] = [];

  literal(value: number, dtype: DType): Node {
    const rounded =
      dtype === "float32"
        ? Math.fround(value)
        : dtype === "uint32"
          ? value >>> 0
          : dtype === "int32"
            ? value | 0
            : value;
    return this.#intern(
      "literal",
      [],
      [],
      dtype,
      { value: dtype === "bool" ? Number(value !== 0) : rounded },
      0,
    );
  }

  input(slot: number, shape: readonly number[], dtype: DType, level: Level, member?: number): Node {
    return this.#intern("input", [], shape, dtype, member === undefined ? { slot } : { slot, member }, level);
  }

  constant(data: NonNullable<Params["data"]>, shape: readonly number[], dtype: DType): Node {
    if (data.length === 1) return this.broadcastTo(this.literal(data[0]!, dtype), shape);
    if (data.length <= 65536 && data.every((x) => Object.is(x, data[0])))
      return this.broadcastTo(this.literal(data[0]!, dtype), shape);
    return this.#intern("constant", [], shape, dtype, { data: this.#equalTo(data) }, 0);
  }

  /** The first array of this graph with these elements: a function that is traced twice makes its constants twice. */
  #equalTo(data: NonNullable<Params["data"]>): NonNullable<Params["data"]> {
    let hash = data.length;
    // Of a large array about a thousand elements: what differs elsewhere is found when it is compared.
    for (let i = 0; i < data.length; i += Math.ceil(data.length / 1024))
      hash = (Math.imul(hash, 31) + Math.floor(data[i]! * 4096)) | 0;
    const name = `${data.constructor.name}:${data.length}:${hash}`;
    const known = this.#contents.get(name) ?? [];
    const found = known.find((one) => one === data || one.every((x, i) => Object.is(x, data[i])));
    if (found === undefined) this.#contents.set(name, [...known, data]);
    return found ?? data;
  }

  /** Row-major index of each element of `shape` among its axes from `from` on. */
  iota(shape: readonly number[]): Node {
    return this.#intern("iota", [], shape, "uint32", {}, 0);
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
    const simple =
      params.data === undefined && op !== "random_bits" && op !== "gather" && op !== "copy"
        ? this.#simplify(op, inputs, shape, dtype, params)
        : undefined;
    return simple ?? this.#intern(op, inputs, shape, dtype, params, levelOf(inputs));
  }

  /** A node of this graph like one of another, for operands of this graph. */
  clone(node: Node, inputs: readonly Node[]): Node {
    return this.#intern(
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
    return this.#intern(
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
    return this.#intern(op, inputs, shape, dtype, params, levelFor(op, inputs, params));
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
    if (node.op === "concatenate") {
      const axis = node.params.axes![0]!;
      let start = 0;
      for (const part of node.inputs) {
        const end = start + part.shape[axis]!;
        if (pairs[axis]![0] >= start && pairs[axis]![1] <= end) {
          return this.shrink(
            part,
            pairs.map(([from, to], i) => (i === axis ? [from - start, to - start] : [from, to])),
          );
        }
        start = end;
      }
    }
    if (node.op === "shrink") {
      const outer = node.params.pairs!;
      return this.shrink(
        node.inputs[0]!,
        pairs.map(([from, to], i) => [from + outer[i]![0], to + outer[i]![0]]),
      );
    }
    // Elements of a reshape that only adds or drops axes of length 1 are elements of its operand.
    if (node.op === "reshape") {
      const inner = node.inputs[0]!;
      const squeezed = node.shape.map((length, i) => [length, i] as const).filter(([length]) => length !== 1);
      const innerAxes = inner.shape
        .map((length, i) => [length, i] as const)
        .filter(([length]) => length !== 1);
      if (squeezed.map(([length]) => length).join() === innerAxes.map(([length]) => length).join()) {
        const innerPairs = inner.shape.map((length): [number, number] => [0, length]);
        squeezed.forEach(
          ([, axis], i) => (innerPairs[innerAxes[i]![1]] = [...pairs[axis]!] as [number, number]),
        );
        return this.reshape(this.shrink(inner, innerPairs), shape);
      }
    }
    return this.#view("shrink", node, shape, { pairs });
  }

  concatenate(parts: readonly Node[], axis: number, shape: readonly number[], dtype: DType): Node {
    const real = parts.filter((part) => part.shape[axis]! > 0);
    if (real.length === 1) return real[0]!;
    return this.#intern("concatenate", real, shape, dtype, { axes: [axis] }, levelOf(real));
  }

  #view(op: Op, node: Node, shape: readonly number[], params: Params): Node {
    // All elements of a number are that number.
    const core = numberOf(node);
    if (core !== undefined && op !== "broadcast") return this.broadcastTo(core, shape);
    if (core !== undefined && node.op === "broadcast") return this.broadcastTo(core, shape);
    return this.#intern(op, [node], shape, node.dtype, params, node.level);
  }

  #simplify(
    op: Op,
    inputs: readonly Node[],
    shape: readonly number[],
    dtype: DType,
    params: Params,
  ): Node | undefined {
    const numbers = inputs.map(numberOf);
    if (numbers.every((one) => one !== undefined)) {
      const value = foldScalars(op, numbers as Node[], dtype);
      if (value !== undefined) return this.broadcastTo(this.literal(value, dtype), shape);
    }
    const [a, b, c] = inputs as [Node, Node, Node];
    const is = (i: number, value: number): boolean =>
      numbers[i] !== undefined && Object.is(numbers[i]!.params.value, value);
    const whole = (node: Node): Node | undefined =>
      String(node.shape) === String(shape) && node.dtype === dtype ? node : undefined;
    if (op === "mul") {
      if (is(0, 1)) return whole(b);
      if (is(1, 1)) return whole(a);
      if (dtype !== "bool" && is(1, -1)) return this.elementwise("neg", [a], dtype, {}, shape);
      if (dtype !== "bool" && is(0, -1)) return this.elementwise("neg", [b], dtype, {}, shape);
      if (isFloat(dtype) && b.op === "reciprocal")
        return this.elementwise("div", [a, b.inputs[0]!], dtype, {}, shape);
      if (isFloat(dtype) && a.op === "reciprocal")
        return this.elementwise("div", [b, a.inputs[0]!], dtype, {}, shape);
    }
    if (op === "add") {
      if (is(0, 0) || (isFloat(dtype) && is(0, -0))) return whole(b);
      if (is(1, 0) || (isFloat(dtype) && is(1, -0))) return whole(a);
      if (b.op === "neg") return this.elementwise("sub", [a, b.inputs[0]!], dtype, {}, shape);
      if (a.op === "neg") return this.elementwise("sub", [b, a.inputs[0]!], dtype, {}, shape);
    }
    if (op === "sub" && is(1, 0)) return whole(a);
    if (op === "neg" && a.op === "neg") return whole(a.inputs[0]!);
    if (op === "cast" && a.dtype === dtype) return whole(a);
    if (op === "cast" && a.op === "constant" && isFloat(a.dtype) && isFloat(dtype)) {
      return this.constant(
        (dtype === "float64" ? Float64Array : Float32Array).from(a.params.data!),
        a.shape,
        dtype,
      );
    }
    if (op === "where") {
      if (numbers[0] !== undefined) return whole(numbers[0].params.value === 0 ? c : b);
      if (b === c) return whole(b);
    }
    return this.#sinkBroadcast(op, inputs, shape, dtype, params, numbers);
  }

  /** What depends on one broadcast operand and numbers only is computed before the broadcast. */
  #sinkBroadcast(
    op: Op,
    inputs: readonly Node[],
    shape: readonly number[],
    dtype: DType,
    params: Params,
    numbers: readonly (Node | undefined)[],
  ): Node | undefined {
    const others = inputs.filter((_, i) => numbers[i] === undefined);
    const [first] = others;
    if (first?.op !== "broadcast" || String(first.shape) !== String(shape)) return undefined;
    const key = String(first.params.axes);
    const inner = first.inputs[0]!;
    if (
      !others.every(
        (one) =>
          one.op === "broadcast" &&
          String(one.params.axes) === key &&
          String(one.inputs[0]!.shape) === String(inner.shape) &&
          String(one.shape) === String(shape),
      )
    )
      return undefined;
    const small = inputs.map((one, i) => numbers[i] ?? one.inputs[0]!);
    return this.broadcast(this.elementwise(op, small, dtype, params, inner.shape), shape, first.params.axes!);
  }

  #intern(
    op: Op,
    inputs: readonly Node[],
    shape: readonly number[],
    dtype: DType,
    params: Params,
    level: Level,
  ): Node {
    const text = JSON.stringify(params, (name, value: unknown) => {
      if (ArrayBuffer.isView(value)) return `array ${this.#numberOf(value)}`;
      if (name === "loop") return this.#nameOf(value as Loop);
      if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
        return Object.is(value, -0) ? "-0" : `${value}`;
      return value;
    });
    const name = `${op}(${inputs.map((one) => one.id).join()})[${shape.join()}]${dtype}${level}${text}`;
    let node = this.#known.get(name);
    if (node === undefined) {
      node = { id: this.nodes.length, op, inputs, shape: [...shape], dtype, level, params };
      this.#known.set(name, node);
      this.nodes.push(node);
    }
    return node;
  }

  #nameOf({ text, arrays }: Loop): string {
    return `loop ${[text, ...arrays].map((part) => this.#numberOf(part)).join()}`;
  }

  /** By identity, or the text. */
  #numberOf(array: unknown): number {
    const known = this.#arrays.get(array) ?? this.#arrays.size;
    this.#arrays.set(array, known);
    return known;
  }
}

const levelOf = (inputs: readonly Node[]): Level =>
  inputs.reduce<Level>((most, one) => (one.level > most ? one.level : most), 0);

/** The level of a node with these operands. Results of a loop are as different as its body makes them. */
function levelFor(op: Op, inputs: readonly Node[], { result }: Params): Level {
  const [first] = inputs;
  if (op !== "output" || first?.op !== "scan") return levelOf(inputs);
  return first.params.loop!.body(first.inputs.map(({ level }) => level)).resultLevels[result!]!;
}

/** The literal that all elements of `node` equal, if that is known. */
export function numberOf(node: Node): Node | undefined {
  if (node.op === "literal") return node;
  if (node.op === "broadcast" && node.inputs[0]!.op === "literal") return node.inputs[0];
  return undefined;
}

/** How often each node is used by the nodes that `outputs` need, and those nodes, operands first. */
export function reachable(outputs: readonly Node[]): Node[] {
  const seen = new Set<Node>();
  const order: Node[] = [];
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    for (const input of node.inputs) visit(input);
    order.push(node);
  };
  for (const output of outputs) visit(output);
  return order;
}

export { isElementwise, isView, sizeOf };

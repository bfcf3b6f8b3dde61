/** Convolutions and pooling as strided windows over a padded operand, contracted like any matrix product. */
import type { TracedValue } from "../../array/index.ts";
import type { GraphBuilder } from "./builder.ts";
import { bandedProduct } from "./banded.ts";
import { type Node, isView, stridesOf } from "./node.ts";

/** Windows of the last axes of `x`: [..., positions…, window…]. */
export function pooled(
  graph: GraphBuilder,
  x: Node,
  window: readonly number[],
  steps: readonly number[],
  dilation: readonly number[] = window.map(() => 1),
): Node {
  const outer = x.shape.length - window.length;
  const strides = stridesOf(x.shape);
  const positions = window.map((size, i) =>
    Math.ceil((x.shape[outer + i]! - dilation[i]! * (size - 1)) / steps[i]!),
  );
  return graph.window(
    x,
    [...x.shape.slice(0, outer), ...positions, ...window],
    [
      ...strides.slice(0, outer),
      ...steps.map((step, i) => step * strides[outer + i]!),
      ...dilation.map((d, i) => d * strides[outer + i]!),
    ],
  );
}

/** `lax.convGeneralDilated`: x [batch…, n, channels, space…], y [batch…, outputs, channels, window…]. */
export function convolution(
  graph: GraphBuilder,
  x: Node,
  y: Node,
  params: Record<string, unknown>,
  out: TracedValue,
): Node {
  const batch = params["vmapDims"] as number;
  const space = x.shape.length - 2 - batch;
  const list = (name: string): number[] => params[name] as number[];
  const dilated = stretch(graph, x, batch + 2, list("lhsDilation"));
  const padding = params["padding"] as [number, number][];
  const wide = padded(graph, dilated, [
    ...Array.from({ length: batch + 2 }, (): [number, number] => [0, 0]),
    ...padding,
  ]);
  const windows = pooled(graph, wide, y.shape.slice(batch + 2), list("strides"), list("rhsDilation"));
  // [batch…, n, c, position…, window…] -> [batch…, n, 1, position…, c, window…]
  const axes = windows.shape.map((_, i) => i);
  const channel = batch + 1;
  const order = [
    ...axes.slice(0, channel),
    ...axes.slice(channel + 1, channel + 1 + space),
    channel,
    ...axes.slice(channel + 1 + space),
  ];
  const left = graph.transpose(windows, order);
  const head = left.shape.slice(0, channel);
  const positions = left.shape.slice(channel, channel + space);
  const depth = left.shape.slice(channel + space);
  const rightCore = graph.reshape(y, [
    ...y.shape.slice(0, batch),
    1,
    y.shape[batch]!,
    ...positions.map(() => 1),
    ...depth,
  ]);
  const full = [...head, y.shape[batch]!, ...positions, ...depth];
  const leftCore = graph.broadcast(left, full, [channel]);
  return contract(
    graph,
    leftCore,
    graph.broadcastTo(rightCore, full),
    depth.map((_, i) => channel + 1 + space + i),
    out,
  );
}

/** The sum of products of two nodes of one shape over `axes`. */
export function contract(
  graph: GraphBuilder,
  a: Node,
  b: Node,
  axes: readonly number[],
  out: TracedValue,
): Node {
  const isPlain = (out.dtype === "float32" || out.dtype === "float64") && [a, b].every(hasMemory);
  const isLast = axes.length === 1 && axes[0] === a.shape.length - 1;
  const banded = isPlain && isLast ? bandedProduct(graph, a, b, out.shape) : undefined;
  if (banded !== undefined) return banded;
  if (isPlain) return graph.kernel("dot", [a, b], out.shape, out.dtype, { axes });
  const products = graph.elementwise("mul", [a, b], out.dtype, {}, a.shape);
  return graph.kernel("reduce", [products], out.shape, out.dtype, { axes, reduction: "Add" });
}

function hasMemory(node: Node): boolean {
  let source = node;
  while (isView(source)) source = source.inputs[0]!;
  return source.op !== "literal" && source.op !== "iota";
}

/** `x` between zeros; negative widths cut. */
export function padded(graph: GraphBuilder, x: Node, pairs: readonly (readonly [number, number])[]): Node {
  const cut = pairs.map(([before, after], i): [number, number] => [
    Math.max(0, -before),
    x.shape[i]! - Math.max(0, -after),
  ]);
  return pairs.reduce(
    (inner, [before, after], axis) => {
      const parts = [before, undefined, after].flatMap((width) => {
        if (width === undefined) return [inner];
        if (width <= 0) return [];
        const shape = inner.shape.with(axis, width);
        return [graph.broadcastTo(graph.literal(0, x.dtype), shape)];
      });
      const length = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
      return graph.concatenate(parts, axis, inner.shape.with(axis, length), x.dtype);
    },
    graph.shrink(x, cut),
  );
}

/** Zeros between the elements of the axes from `first` on. */
function stretch(graph: GraphBuilder, x: Node, first: number, steps: readonly number[]): Node {
  return steps.reduce((inner, step, i) => {
    if (step === 1) return inner;
    const axis = first + i;
    const length = inner.shape[axis]!;
    const apart = graph.reshape(inner, inner.shape.toSpliced(axis + 1, 0, 1));
    const wide = padded(
      graph,
      apart,
      apart.shape.map((_, j): [number, number] => [0, j === axis + 1 ? step - 1 : 0]),
    );
    const flat = graph.reshape(wide, inner.shape.with(axis, length * step));
    return graph.shrink(
      flat,
      flat.shape.map((size, j): [number, number] => [0, j === axis ? size - step + 1 : size]),
    );
  }, x);
}

/** The transpose of `pooled`: each window's elements are added back where they came from. */
export function unpooled(
  graph: GraphBuilder,
  x: Node,
  shape: readonly number[],
  window: readonly number[],
  steps: readonly number[],
): Node {
  const outer = shape.length - window.length;
  const positions = x.shape.slice(outer, outer + window.length);
  const offsets = window.reduce<number[][]>(
    (all, size) => all.flatMap((head) => Array.from({ length: size }, (_, i) => [...head, i])),
    [[]],
  );
  const spreadOut = offsets.map((offset) => {
    const part = graph.shrink(
      x,
      x.shape.map((size, i): [number, number] => {
        const along = i - outer - window.length;
        return along < 0 ? [0, size] : [offset[along]!, offset[along]! + 1];
      }),
    );
    const apart = stretch(graph, graph.reshape(part, [...shape.slice(0, outer), ...positions]), outer, steps);
    return padded(
      graph,
      apart,
      shape.map((size, i): [number, number] => {
        const before = i < outer ? 0 : offset[i - outer]!;
        return [before, size - before - apart.shape[i]!];
      }),
    );
  });
  return spreadOut.reduce((sum, part) => graph.elementwise("add", [sum, part], x.dtype, {}, shape));
}

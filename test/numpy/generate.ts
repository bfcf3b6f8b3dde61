/** Makes the case of a seed and a number: one function with all kinds of operands, or a small graph. */
import { type DType, type Tensor, np } from "./library.ts";
import { type Case, type GraphNode, type Input, type Transform, type Way, isFloat, sizeOf } from "./case.ts";
import { Draw, type DrawOptions, type Value } from "./draw.ts";
import { resultType } from "./dtypes.ts";
import { type Row, callOf, rowNamed, rows } from "./functions/index.ts";

const mixed: readonly DType[] = ["float32", "float32", "float64", "int32", "uint32", "bool"];
const smooth = rows.filter((row) => row.isSmooth !== false);

/** Elements of all inputs together that derivatives are taken with respect to. */
const mostMoved = 48;

const isDerivative = (transform: Transform): boolean => /grad|jvp/i.test(transform);

/** With `only`, the case is of that function alone. */
export function generate(seed: number, index: number, only?: string): Case {
  const d = new Draw(seed, index, { dtypes: mixed, hasSpecials: false, isSmall: false, isGraph: false });
  const isGraph = d.chance(0.42) && only === undefined;
  const isInvalid = !isGraph && d.chance(0.05);
  const drawn = isInvalid ? "value" : drawTransform(d, isGraph);
  const isFlat = only !== undefined && rowNamed(only).isSmooth === false;
  const transform = isFlat && isDerivative(drawn) ? "value" : drawn;
  const dtypes = drawTypes(d, isGraph, transform);
  const isSmall = transform !== "value";
  const hasSpecials = !isGraph && !isDerivative(transform) && d.chance(0.4);
  const own = new Draw(seed ^ 0x5bd1e995, index, { dtypes, hasSpecials, isSmall, isGraph });
  const nodes = isGraph ? drawGraph(own, transform) : drawSingle(own, transform, only);
  const made = pruned(own.inputs, nodes);
  const last = made.nodes.at(-1)!;
  const isDifferentiable =
    isFloat(last.dtype ?? "float32") && made.inputs.some(({ dtype }) => isFloat(dtype));
  const floats = made.inputs.filter(({ dtype }) => isFloat(dtype));
  // NumPy's differences take one element after the other.
  const isFew = floats.reduce((sum, { shape }) => sum + sizeOf(shape), 0) <= mostMoved;
  const possible = isDerivative(transform) && !(isDifferentiable && isFew) ? "value" : transform;
  const whole = withCopies(d, own, made, possible);
  const invalid = isInvalid ? spoiled(d, whole) : undefined;
  const ways: Way[] = ["eager"];
  if (invalid !== undefined || d.chance(0.8)) ways.push("compiled");
  if (invalid === undefined && d.chance(0.3)) ways.push("step");
  if (invalid === undefined && d.chance(0.15)) ways.push("scan");
  const isRefused = own.isRefused;
  return {
    seed,
    index,
    ...(invalid ?? whole),
    transform: possible,
    ways,
    isInvalid: invalid !== undefined,
    isRefused,
  };
}

function drawTransform(d: Draw, isGraph: boolean): Transform {
  const u = d.uniform();
  if (!isGraph) {
    if (u < 0.6) return "value";
    if (u < 0.75) return "vmap";
    return d.pick(["grad", "jvp", "vmapGrad", "gradVmap", "jvpGrad", "vmapVmap"] as const);
  }
  if (u < 0.25) return "value";
  if (u < 0.42) return "vmap";
  return d.pick([
    "grad",
    "grad",
    "jvp",
    "vmapGrad",
    "vmapGrad",
    "gradVmap",
    "gradVmap",
    "jvpGrad",
    "vmapVmap",
  ] as const);
}

function drawTypes(d: Draw, isGraph: boolean, transform: Transform): readonly DType[] {
  const u = d.uniform();
  if (isDerivative(transform) || isGraph) {
    if (u < 0.62) return ["float32"];
    return u < 0.88 ? ["float64"] : isDerivative(transform) ? ["float32", "float64"] : mixed;
  }
  if (u < 0.35) return ["float32"];
  return u < 0.5 ? ["float64"] : mixed;
}

function weighted(d: Draw, from: readonly Row[]): Row {
  let rest = d.uniform() * from.reduce((sum, { weight = 1 }) => sum + weight, 0);
  return from.find(({ weight = 1 }) => (rest -= weight) < 0) ?? from.at(-1)!;
}

interface Made {
  node: GraphNode;
  operands: readonly Value[];
}

function drawNode(d: Draw, from: readonly Row[]): Made | undefined {
  const row = weighted(d, from);
  const drawn = row.draw(d);
  if (drawn === undefined) return undefined;
  const { operands, options = {} } = drawn;
  const dtype = resultType(row, operands);
  if (dtype === "refused") {
    if (d.options.isGraph) return undefined;
    d.isRefused = true;
  }
  const node = { name: row.name, operands: operands.map(({ ref }) => ref), options, dtype: known(dtype) };
  return { node, operands };
}

const known = (dtype: DType | "refused" | undefined): DType | undefined =>
  dtype === "refused" ? undefined : dtype;

function drawSingle(d: Draw, transform: Transform, only: string | undefined): GraphNode[] {
  const from = only === undefined ? (isDerivative(transform) ? smooth : rows) : [rowNamed(only)];
  for (;;) {
    const made = drawNode(d, from);
    if (made === undefined) continue;
    const { node } = made;
    if (node.dtype !== undefined) return [node];
    // Nothing is promised: the dtype that it has is taken for judging.
    const result = attempt(d, node, new Map());
    return [{ ...node, dtype: result?.dtype }];
  }
}

/** Three to eight functions, each of earlier values. Results stay finite and small. */
function drawGraph(d: Draw, transform: Transform): GraphNode[] {
  const nodes: GraphNode[] = [];
  const results = new Map<number, Tensor>();
  const wanted = d.integer(3, 8);
  const from = isDerivative(transform) ? smooth : rows;
  for (let tries = 0; nodes.length < wanted && (tries < 40 || nodes.length === 0); tries++) {
    const [inputs, pooled] = [d.inputs.length, d.pool.length];
    const made = drawNode(d, from);
    const result = made === undefined ? undefined : attempt(d, made.node, results);
    const isLast = nodes.length === wanted - 1;
    // A wrong dtype is found by the function alone.
    const isExpected = made?.node.dtype === undefined || made.node.dtype === result?.dtype;
    if (
      result === undefined ||
      !isExpected ||
      !isModest(result, transform) ||
      (isLast && isDerivative(transform) && !isFloat(result.dtype))
    ) {
      d.inputs.length = inputs;
      d.pool.length = pooled;
      continue;
    }
    results.set(nodes.length, result);
    d.pool.push({ ref: { node: nodes.length }, shape: result.shape, dtype: result.dtype });
    nodes.push({ ...made!.node, dtype: made!.node.dtype ?? result.dtype });
  }
  return nodes;
}

/** Derivatives of quotients lose their digits where something is nearly 0. */
const isModest = (x: Tensor, transform: Transform): boolean =>
  x.size > 0 &&
  x.size <= 4096 &&
  x.data.every(
    (value) => Math.abs(value) <= 1e3 && !(isDerivative(transform) && value !== 0 && Math.abs(value) < 1e-3),
  );

/** The node's value now, where it has one. */
function attempt(
  d: Draw,
  { name, operands, options }: GraphNode,
  results: Map<number, Tensor>,
): Tensor | undefined {
  const row = rows.find((one) => one.name === name)!;
  try {
    const given = operands.map((ref) =>
      "number" in ref ? ref.number : "node" in ref ? results.get(ref.node)! : tensorOf(d.inputs[ref.input]!),
    );
    return callOf(row)(given, options);
  } catch {
    return undefined;
  }
}

export const tensorOf = ({ data, shape, dtype }: Input): Tensor => np.array([...data], { shape, dtype });

/** Only what the last node needs. */
export function pruned(
  inputs: readonly Input[],
  nodes: readonly GraphNode[],
): { inputs: Input[]; nodes: GraphNode[]; kept: number[] } {
  const needed = new Set([nodes.length - 1]);
  for (let i = nodes.length - 1; i >= 0; i--) {
    if (needed.has(i)) for (const ref of nodes[i]!.operands) if ("node" in ref) needed.add(ref.node);
  }
  const keptNodes = [...needed].toSorted((a, b) => a - b);
  const used = keptNodes.flatMap((i) =>
    nodes[i]!.operands.flatMap((ref) => ("input" in ref ? [ref.input] : [])),
  );
  const kept = [...new Set(used)].toSorted((a, b) => a - b);
  const moved = keptNodes.map((i): GraphNode => {
    const node = nodes[i]!;
    const operands = node.operands.map((ref) =>
      "input" in ref
        ? { input: kept.indexOf(ref.input) }
        : "node" in ref
          ? { node: keptNodes.indexOf(ref.node) }
          : ref,
    );
    return { ...node, operands };
  });
  return { inputs: kept.map((i) => inputs[i]!), nodes: moved, kept };
}

/** Further copies of what is mapped, with elements of their own. */
function withCopies(
  d: Draw,
  own: Draw,
  { inputs, nodes, kept }: ReturnType<typeof pruned>,
  transform: Transform,
): Pick<Case, "inputs" | "nodes" | "isMapped" | "copies"> {
  const isMapping = /vmap/i.test(transform);
  const isMapped = inputs.map(() => isMapping && d.chance(0.7));
  if (isMapping && inputs.length > 0 && !isMapped.includes(true))
    isMapped[d.integer(0, inputs.length - 1)] = true;
  const copies = isMapping ? d.integer(1, 4) : 1;
  const isInner = (i: number): boolean => transform === "vmapVmap" && isMapped.at(i - 1)!;
  const grown = inputs.map((input, i): Input => {
    const axes = [...(isMapped[i]! ? [copies] : []), ...(isInner(i) ? [copies] : [])];
    const more = Array.from({ length: sizeOf(axes) - 1 }, () => own.again(kept[i]!));
    return { ...input, shape: [...axes, ...input.shape], data: [...input.data, ...more.flat()] };
  });
  return { inputs: grown, nodes, isMapped, copies };
}

/** An axis that does not exist, or operands that do not fit. Undefined where nothing of it applies. */
function spoiled(d: Draw, made: Pick<Case, "inputs" | "nodes" | "isMapped" | "copies">) {
  const [node] = made.nodes as [GraphNode];
  const { axis } = node.options as { axis?: unknown };
  const [first] = made.inputs as [Input];
  if (typeof axis === "number" || Array.isArray(axis)) {
    const rank = first.shape.length;
    const wrong = d.pick([rank, rank + 1, -rank - 1]);
    const given = Array.isArray(axis) ? (d.chance(0.5) ? [axis[0], axis[0]] : [wrong]) : wrong;
    return { ...made, nodes: [{ ...node, options: { ...node.options, axis: given } }] };
  }
  const at = made.inputs.findIndex(({ shape }, i) => i > 0 && shape.length > 0 && sizeOf(shape) > 0);
  if (at < 0) return undefined;
  const { shape, data, dtype } = made.inputs[at]!;
  const longer = [...shape.slice(0, -1), shape.at(-1)! + 1];
  const grown = Array.from({ length: sizeOf(longer) }, (_, i) => data[i % data.length]!);
  return { ...made, inputs: made.inputs.with(at, { dtype, shape: longer, data: grown }) };
}

export type { DrawOptions };

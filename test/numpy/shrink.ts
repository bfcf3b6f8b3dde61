/** A failing graph with fewer operations: cut at the first wrong result, and results replaced by inputs. */
import { type Case, type GraphNode, type Input, type Way, isFloat } from "./case.ts";
import { type Failure, failureOf } from "./compare.ts";
import { pruned } from "./generate.ts";
import { outcome } from "./outcome.ts";
import type { Judge } from "./python.ts";

/** The case with `nodes` as its graph, without the inputs that it does not need. */
function withGraph(
  one: Case,
  inputs: readonly Input[],
  isMapped: readonly boolean[],
  nodes: GraphNode[],
): Case {
  const small = pruned(inputs, nodes);
  return { ...one, inputs: small.inputs, nodes: small.nodes, isMapped: small.kept.map((i) => isMapped[i]!) };
}

async function stillFails(
  judge: Judge,
  candidates: readonly Case[],
  way: Way,
  kind: Failure["kind"],
): Promise<Case | undefined> {
  if (candidates.length === 0) return undefined;
  const verdicts = await judge.ask(candidates);
  return candidates.find((one, i) => failureOf(one, way, outcome(one, way), verdicts[i]!)?.kind === kind);
}

export async function shrunk(judge: Judge, one: Case, way: Way, kind: Failure["kind"]): Promise<Case> {
  if (one.nodes.length === 1 || one.transform === "vmapVmap") return one;
  const isDerived = !["value", "vmap"].includes(one.transform);
  const prefixes = one.nodes
    .slice(0, -1)
    .flatMap((node, i) =>
      isDerived && !isFloat(node.dtype)
        ? []
        : [withGraph(one, one.inputs, one.isMapped, one.nodes.slice(0, i + 1))],
    )
    .filter((small) => !isDerived || small.inputs.some(({ dtype }) => isFloat(dtype)))
    .filter((small) => !/vmap/i.test(one.transform) || small.isMapped.includes(true));
  let best = (await stillFails(judge, prefixes, way, kind)) ?? one;
  // A result of the graph as a new input, with the elements that NumPy gives it.
  for (let i = 0; i < best.nodes.length - 1;) {
    const cut = await cutAt(judge, best, i);
    const smaller =
      cut !== undefined &&
      cut.nodes.length < best.nodes.length &&
      (await stillFails(judge, [cut], way, kind));
    if (smaller) [best, i] = [smaller, 0];
    else i++;
  }
  return best;
}

async function cutAt(judge: Judge, one: Case, at: number): Promise<Case | undefined> {
  const isMapping = /vmap/i.test(one.transform);
  const part = withGraph(
    { ...one, transform: isMapping ? "vmap" : "value" },
    one.inputs,
    one.isMapped,
    one.nodes.slice(0, at + 1),
  );
  const isMapped = isMapping && part.isMapped.includes(true);
  const [verdict] = await judge.ask([isMapped ? part : { ...part, transform: "value" }]);
  const output = verdict!.outputs?.[0];
  const { dtype } = one.nodes[at]!;
  if (output === undefined || dtype === undefined) return undefined;
  const bytes = Buffer.from(output.data, "base64");
  const data = Array.from(
    new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)),
  );
  const input: Input = {
    dtype,
    shape: output.shape,
    data: dtype === "float32" ? data.map(Math.fround) : data,
  };
  const inputs = [...one.inputs, input];
  const nodes = one.nodes.map((node): GraphNode => ({
    ...node,
    operands: node.operands.map((ref) =>
      "node" in ref && ref.node === at ? { input: inputs.length - 1 } : ref,
    ),
  }));
  return withGraph(one, inputs, [...one.isMapped, isMapped], nodes);
}

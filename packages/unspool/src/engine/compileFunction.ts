/** A function of trees as one WebAssembly program without a loop or units: updates of optimizers, and tests. */
import { type Tensor, repeatableTrace, tensorOf, tree } from "../array/index.ts";
import { GraphBuilder } from "./graph/builder.ts";
import { fromJaxpr } from "./graph/fromJaxpr.ts";
import { sizeOf } from "./graph/node.ts";
import { createMemory, hasRelaxedSimd } from "./host.ts";
import { MemoryLayout, elementsAt } from "./memory.ts";
import { compiledModule } from "./moduleCache.ts";
import { type SectionOutput, type Slot, compileSection } from "./section.ts";
import { ModuleBuilder } from "./wasm/index.ts";
import { bytesOf } from "./emit/location.ts";

export interface FunctionOptions {
  /** No fused multiply-add: the same bits on every machine. Default false. */
  portableBits?: boolean;
}

/** Compiles `fn` for arguments with the shapes and dtypes of `args`. */
export function compileFunction<Args extends readonly unknown[], Out>(
  name: string,
  fn: (...args: Args) => Out,
  args: Args,
  options: FunctionOptions = {},
): (...args: Args) => Out {
  const traced = repeatableTrace(name, fn as (...args: never[]) => unknown, args);
  const layout = new MemoryLayout();
  const slotOf = (leaf: Tensor): Slot => ({
    shape: leaf.shape,
    dtype: leaf.dtype,
    level: 0,
    location: {
      base: "absolute",
      offset: layout.reserve(leaf.size * bytesOf(leaf.dtype) + 16),
      lanes: 1,
    },
  });
  const inputs = tree.leaves(args).map(slotOf);
  const outputs = tree.leaves(traced.output).map(slotOf);
  const graph = new GraphBuilder();
  const nodes = fromJaxpr(
    graph,
    traced,
    inputs.map(({ shape, dtype }, i) => graph.input(i, shape, dtype, 0)),
  );
  const module = new ModuleBuilder();
  const section = compileSection(
    name,
    graph,
    nodes.map((node, i): SectionOutput => ({ node, slot: outputs[i]! })),
    {
      module,
      fma: options.portableBits !== true && hasRelaxedSimd(),
      lanes: 4,
      members: 1,
      slots: inputs,
      constant: (node) => layout.constant(node),
      coded: (node) => layout.coded(node),
      table: (data) => layout.place(data),
      scratchStart: 0,
    },
  );
  const scratch = layout.reserve(section.scratchEnd + 64);
  const main = module.function("run", []);
  for (const kernel of section.calls) main.i32(scratch).i32(0).i32(0).i32(0).call(kernel);
  module.export("run", main);
  module.memory.initial = layout.pages;
  module.memory.maximum = layout.pages;
  const memory = createMemory({ initial: layout.pages, maximum: layout.pages, isShared: false });
  layout.initialise(memory);
  const instance = new WebAssembly.Instance(compiledModule(module.encode()), { env: { memory } });
  const run = instance.exports["run"] as () => void;
  const view = ({ shape, dtype, location }: Slot) =>
    elementsAt(memory, location.offset, sizeOf(shape), dtype);
  return (...given) => {
    tree.leaves(given).forEach((leaf, i) => view(inputs[i]!).set(leaf.data));
    run();
    const results = outputs.map((slot) => tensorOf(view(slot).slice(), slot.shape, slot.dtype));
    return tree.unflatten(traced.output, results) as Out;
  };
}

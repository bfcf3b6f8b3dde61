/** What layers are refused for. */
import { OptionError, ShapeError, requireKnownOptions } from "../errors.ts";
import type { OwnLayer } from "./layers.ts";
import { Tensor } from "./tensor.ts";

const parts = {
  dense: { name: "weights", bias: "bias", shape: "[inputs, outputs]", axes: 2 },
  convolution: { name: "kernel", bias: "bias", shape: "[outputs, inputs, height, width]", axes: 4 },
  embedding: { name: "table", bias: undefined, shape: "[entries, features]", axes: 2 },
  scaleShift: { name: "scale", bias: "shift", shape: "[features]", axes: 1 },
} as const;

/** Throws for the parameters of a layer that are none, or those of another kind of layer. */
export function requireLayer<Layer extends object>(kind: keyof typeof parts, layer: Layer): Layer {
  const where = `layers.${kind}`;
  const { name, shape, axes } = parts[kind];
  const given: unknown = layer;
  const own = partsOf(kind);
  if (typeof given !== "object" || given === null || Tensor.is(given)) {
    const hint = Tensor.is(given) ? `The layer comes first: ${where}(layer, x).` : undefined;
    throw new OptionError(where, "layer", given, `${own}, tensors of theta`, hint);
  }
  const main: unknown = (given as Record<string, unknown>)[name];
  if (!Tensor.is(main)) {
    const others = (Object.keys(parts) as (keyof typeof parts)[]).filter((one) => one !== kind);
    const other = others.find((one) => parts[one].name in given);
    const hint = other === undefined ? undefined : `Its parameters are ${own}, not ${partsOf(other)}.`;
    throw new OptionError(where, name, main, `a tensor ${shape}`, hint);
  }
  if (main.ndim !== axes) throw new ShapeError(where, `${name} must be ${shape}, got ${main.toString()}.`);
  return layer;
}

function partsOf(kind: keyof typeof parts): string {
  const { name, bias } = parts[kind];
  return bias === undefined ? `{ ${name} }` : `{ ${name}, ${bias} }`;
}

/** Throws for a layer of one's own without what it is computed from. */
export function requireOwnLayer<Parameters, Inputs>(
  layer: OwnLayer<Parameters, Inputs>,
): OwnLayer<Parameters, Inputs> {
  const where = "layers.own";
  requireKnownOptions(where, layer, ["name", "parameters", "inputs", "apply", "block"]);
  if (typeof layer.apply !== "function")
    throw new OptionError(where, "apply", layer.apply, "a function of parameters and inputs");
  const { block = "full" } = layer;
  if (typeof block === "string" && block !== "full" && block !== "diagonal")
    throw new OptionError(
      where,
      "block",
      block,
      '"full", "diagonal" or { rows, derivatives, matrix, parameters }',
    );
  return layer;
}

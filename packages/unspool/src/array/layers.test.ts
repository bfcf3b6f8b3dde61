/** What layers are refused for; what they compute is checked where networks and curvature are. */
import { expect, test } from "vitest";
import { OptionError, ShapeError } from "../errors.ts";
import { np, plainLayers } from "./index.ts";

const [weights, kernel, bias] = [np.ones([3, 2]), np.ones([2, 1, 3, 3]), np.zeros([2])];
const [row, image] = [np.ones([1, 3]), np.ones([1, 1, 4, 4])];

test("layers take their own parameters", () => {
  expect(plainLayers.dense({ weights, bias }, row).toArray()).toEqual([[3, 3]]);
  expect(plainLayers.convolution({ kernel, bias }, image).shape).toEqual([1, 2, 2, 2]);
});

test("parameters of another kind of layer, and none", () => {
  const swapped = () => plainLayers.convolution({ weights: kernel, bias } as never, image);
  expect(swapped).toThrow(OptionError);
  expect(swapped).toThrow(
    "layers.convolution: kernel must be a tensor [outputs, inputs, height, width], got undefined. Its parameters are { kernel, bias }, not { weights, bias }.",
  );
  expect(() => plainLayers.dense({ kernel: weights } as never, row)).toThrow("layers.dense: weights must be");
  expect(() => plainLayers.dense(undefined as never, row)).toThrow("layer must be { weights, bias }");
  expect(() => plainLayers.dense(weights as never, row)).toThrow("layer must be { weights, bias }");
  const flat = () => plainLayers.convolution({ kernel: weights }, image);
  expect(flat).toThrow(ShapeError);
  expect(flat).toThrow("kernel must be [outputs, inputs, height, width], got float32[3,2]");
});

test("layer and inputs in the wrong order", () => {
  const x = np.ones([1, 2]);
  expect(() => plainLayers.dense(x as never, { weights: np.ones([2, 2]) } as never)).toThrow(
    "The layer comes first: layers.dense(layer, x)",
  );
});

test("a layer of one's own is what it computes; one without a function, or with another block, is refused", () => {
  const own = { parameters: { gain: bias }, inputs: row, apply: (p: { gain: typeof bias }) => p.gain.add(1) };
  expect(plainLayers.own(own).toArray()).toEqual([1, 1]);
  expect(() => plainLayers.own({ ...own, apply: bias as never })).toThrow(
    "layers.own: apply must be a function",
  );
  expect(() => plainLayers.own({ ...own, block: "half" as never })).toThrow(
    'layers.own: block must be "full"',
  );
  expect(() => plainLayers.own({ ...own, blocks: "full" } as never)).toThrow('Did you mean "block"?');
  expect(() => plainLayers.scaleShift({ weights } as never, row)).toThrow(
    "layers.scaleShift: scale must be a tensor [features], got undefined. Its parameters are { scale, shift }, not { weights, bias }.",
  );
});

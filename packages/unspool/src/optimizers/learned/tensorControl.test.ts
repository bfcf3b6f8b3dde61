/** The options of `star` that make it carry over to other sizes: `isScaleFree`, `isRelative`, `hasTensorControl`. */
import { expect, test } from "vitest";
import { type Tensor, type Tree, np, random, tree } from "../../array/index.ts";
import { type StarOptions, star } from "./star.ts";
import type { ParameterMeta } from "./parameterFeatures.ts";

const f64 = { dtype: "float64" } as const;
const start = { w: np.array([[0.5, -1], [2, 0.25]], f64), b: np.array([0, 0], f64) }; // prettier-ignore
const gradients = [
  { w: np.array([[1, -2], [0.5, 3]], f64), b: np.array([-1, 4], f64) }, // prettier-ignore
  { w: np.array([[-1, 1], [2, 0.125]], f64), b: np.array([3, 0.5], f64) }, // prettier-ignore
];

/** With learned steps switched off, where `change` is not given another layer. */
function after(options: StarOptions, factor = 1, change = (meta: ParameterMeta): ParameterMeta => meta) {
  const learned = star({
    nominalStep: 0.1,
    stepMultiplier: 0,
    hasNominalControl: false,
    expMultiplier: 0,
    ...options,
  });
  const meta = change(tree.map((x) => x.astype("float64"), learned.init(random.key(0))) as ParameterMeta);
  const optimizer = learned.optimizer(meta);
  let theta = start;
  let state = optimizer.init(theta);
  for (const gradient of gradients) {
    const scaled = tree.map((g) => g.mul(factor), gradient);
    ({ theta, state } = optimizer.update(scaled, state, theta));
  }
  return theta;
}

const numbers = (theta: Tree): number[] => [...tree.flatten(theta)];

test("a scale-free rule takes the same steps, to the bit, for a loss that is 2^30 times larger or smaller", () => {
  const plain = numbers(after({ isScaleFree: true, stepMultiplier: 0.01 }));
  expect(numbers(after({ isScaleFree: true, stepMultiplier: 0.01 }, 2 ** 30))).toEqual(plain);
  expect(numbers(after({ isScaleFree: true, stepMultiplier: 0.01 }, 2 ** -30))).toEqual(plain);
});

test("a relative step is the root mean square of the parameters times the plain one, 0.03 where they are 0", () => {
  const options: StarOptions = { isRelative: true };
  const first = (of: StarOptions): typeof start => {
    const learned = star({ nominalStep: 0.1, stepMultiplier: 0, ...of });
    const meta = learned.init(random.key(0));
    const optimizer = learned.optimizer(meta);
    return optimizer.update(gradients[0]!, optimizer.init(start), start).theta as typeof start;
  };
  const moved = (theta: typeof start, name: "w" | "b"): Tensor => theta[name].sub(start[name]);
  const ratio = (name: "w" | "b"): number =>
    moved(first(options), name).data[0]! / moved(first({}), name).data[0]!;
  expect(ratio("w")).toBeCloseTo(Math.sqrt((0.25 + 1 + 4 + 0.0625) / 4 + 0.0009), 6);
  expect(ratio("b")).toBeCloseTo(0.03, 6);
});

test("the network at every tensor starts without a say, and its outputs are lengths and shares", () => {
  const options: StarOptions = { hasTensorControl: true };
  const plain = numbers(after({}));
  numbers(after(options)).forEach((x, i) => expect(x).toBeCloseTo(plain[i]!, 12));
  // With all of the share at one momentum the rule has no other: -50 is cut to -10, e^-10 is left of each of the two.
  const only = (share: readonly number[]) => (meta: ParameterMeta) => ({
    ...meta,
    control: [meta.control![0]!, { ...meta.control![1]!, bias: np.array([Math.log(2), 0, ...share], f64) }],
  });
  const fast = after(options, 1, only([10, -50, -50]));
  const oneMomentum = after({ momentumDecays: [0.9], factoredDecays: [0.9], nominalStep: 0.2 });
  numbers(fast).forEach((x, i) => expect(x).toBeCloseTo(numbers(oneMomentum)[i]!, 6));
});

test("with no learned step and no say in the nominal one, the network at every parameter changes nothing", () => {
  const options: StarOptions = { hasTensorControl: true, stepMultiplier: 0, hasNominalControl: false };
  const other = (meta: ParameterMeta): ParameterMeta => ({
    ...meta,
    layers: tree.map((x) => x.mul(Infinity), meta.layers),
  });
  expect(numbers(after(options, 1, other))).toEqual(numbers(after(options)));
});

import { expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { compiled } from "../../unroll/index.ts";
import { rnnMlpLopt } from "./rnnMlpLopt.ts";

const learned = rnnMlpLopt();
const meta = learned.init(random.key(1));
const start = { matrix: np.array([[0.5, -1, 2], [0.1, 0, -0.3]]), vector: np.array([0.2, -0.4]), scalar: np.array(1.5) }; // prettier-ignore
type Theta = typeof start;

const optimizer = learned.optimizer(meta);
const update = compiled("update", (gradient: Theta, state: never, theta: Theta, loss: Tensor) =>
  optimizer.update(gradient, state, theta, { loss }),
);

test("has the 35,799 parameters and 3,328 multiplications of the authors' optimizer", () => {
  expect(tree.size(meta)).toBe(35799);
  expect(learned.multiplications).toBe(3328);
});

test("moves by at most a few steps' multiples, sees the loss, and clips gradients at ten times their usual size", () => {
  const step = (scale: number, loss: number) => {
    const gradient = tree.map((x) => x.mul(scale), start);
    return update(gradient, optimizer.init(start) as never, start, np.array(loss));
  };
  const { theta, state } = step(0.01, 1);
  const moved = [...tree.flatten(theta)].map((x, i) => Math.abs(x - tree.flatten(start)[i]!));
  expect(Math.max(...moved)).toBeLessThan(0.02);
  expect(Math.max(...moved)).toBeGreaterThan(1e-5);
  // s = 0.01 and its weight 0.01: the first limit is 10. m of decay 0.5 is half of the gradient, cut at 10.
  const large = step(100, 1).state as unknown as { momenta: Theta[]; clip: { scale: Tensor } };
  expect(large.momenta[0]!.matrix.data.map((x) => Math.sign(x) * Math.min(Math.abs(x), 5))).toEqual(
    large.momenta[0]!.matrix.data,
  );
  expect(large.momenta[0]!.scalar.item()).toBe(5);
  const sizes = [(5 * 10 ** 2) / 6, (10 ** 2 * 2) / 2, 10 ** 2];
  const mean = sizes.reduce((sum, x) => sum + x, 0) / 3;
  expect(large.clip.scale.item()).toBeCloseTo(0.0099 + 0.01 * Math.sqrt(mean), 5);
  // The loss of the second step is news: 1 after 1 is none, 3 after 1 is high.
  const second = (loss: number) =>
    [...tree.flatten(update(start, state as never, theta, np.array(loss)).theta)].join();
  expect(second(3)).not.toBe(second(1));
  expect(tree.isFinite(update(tree.map(np.zerosLike, start), state as never, theta, np.array(1)))).toBe(true);
});

test("refuses to move blindly", () => {
  const act = () => optimizer.update(start as never, optimizer.init(start), start);
  expect(act).toThrow(OptionError);
  expect(act).toThrow("the loss at theta");
});

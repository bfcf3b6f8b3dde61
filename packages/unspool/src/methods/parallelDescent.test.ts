/** Gradients of parts of a batch against that of the whole, on one thread and two. */
import { expect, test } from "vitest";
import { type Tensor, np, random, valueAndGrad } from "../array/index.ts";
import { adam, gaussianLikelihood, networkObjective, sgd } from "../optimizers/index.ts";
import { compiledExecutor, referenceExecutor } from "../unroll/index.ts";
import { parallelDescent } from "./parallelDescent.ts";

type Theta = { hidden: Tensor; output: Tensor };
type Batch = { x: Tensor; y: Tensor };

const loss = (at: Theta, { x, y }: Batch): Tensor => {
  const miss = np.matmul(np.tanh(np.matmul(x, at.hidden)) as Tensor, at.output).sub(y);
  return miss.mul(miss).sum(1).mean();
};
const theta: Theta = {
  hidden: random.normal(random.key(1), [3, 5]).astype("float64"),
  output: random.normal(random.key(2), [5, 2]).astype("float64"),
};
const all: Batch = {
  x: random.normal(random.key(3), [32, 3]).astype("float64"),
  y: random.normal(random.key(4), [32, 2]).astype("float64"),
};
const method = (parts: number, executor = compiledExecutor()) =>
  parallelDescent<Theta, Batch>({
    optimizer: sgd({ learningRate: 1 }),
    objective: (part) => ({ loss: (at) => loss(at, part) }),
    data: () => all,
    parts,
    executor,
  });
const key = random.key(0);

test("one step is that of the gradient of the whole batch, for any number of parts and executor", () => {
  const [value, gradient] = valueAndGrad((at: Theta) => loss(at, all))(theta);
  const one = [compiledExecutor(), referenceExecutor()].flatMap((executor) =>
    [1, 4, 16].map((parts) => method(parts, executor)),
  );
  for (const made of one) {
    const next = made.step(theta, made.init(theta, key), key);
    expect(next.loss).toBeCloseTo(value.item(), 12);
    expect(next.metrics).toMatchObject({ innerSteps: 1 });
    for (const name of ["hidden", "output"] as const) {
      const step = theta[name].sub(next.theta[name]);
      step.data.forEach((x, i) => expect(x).toBeCloseTo(gradient[name].data[i]!, 11));
    }
  }
});

test("threads share the parts, with the same bits", () => {
  const [alone, shared] = [1, 2].map((threads) => {
    const made = method(16, compiledExecutor({ threads }));
    let point = { theta, state: made.init(theta, key) };
    for (let step = 0; step < 3; step++) point = made.step(point.theta, point.state, random.key(step));
    return [...point.theta.hidden.data, ...point.theta.output.data];
  });
  expect(shared).toEqual(alone);
});

test("a new batch at every step, drawn from the key", () => {
  const drawn = parallelDescent<Theta, Batch>({
    optimizer: adam(),
    objective: (part) => ({ loss: (at) => loss(at, part) }),
    data: (own) => {
      const rows = random.randint(own, [8], 0, 32);
      return { x: np.take(all.x, rows, 0), y: np.take(all.y, rows, 0) };
    },
    parts: 4,
  });
  const state = drawn.init(theta, key);
  const losses = [0, 1, 0].map((seed) => drawn.step(theta, state, random.key(seed)).loss);
  expect(losses[2]).toBe(losses[0]);
  expect(losses[1]).not.toBe(losses[0]);
});

test("a batch that does not fall into parts is a typed error", () => {
  const made = method(5);
  expect(() => made.step(theta, made.init(theta, key), key)).toThrow(
    /parallelDescent: the batch at "x" is float64\[32,3\]; its leading axis must be a multiple of 5 parts\./,
  );
  expect(() => method(0)).toThrow("parts must be an integer of at least 1, got 0.");
});

test("networks of `networkObjective` are objectives of parts", () => {
  const made = parallelDescent<Theta, { inputs: Tensor; targets: Tensor }>({
    optimizer: sgd(),
    objective: ({ inputs, targets }) =>
      networkObjective<Theta>({
        network: (at, x) => np.matmul(x, at.hidden),
        likelihood: gaussianLikelihood,
        inputs,
        targets,
      }),
    data: () => ({ inputs: all.x, targets: np.zeros([32, 5], { dtype: "float64" }) }),
    parts: 4,
  });
  expect(made.step(theta, made.init(theta, key), key).loss).toBeGreaterThan(0);
});

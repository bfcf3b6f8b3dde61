/** Tasks, rules and sequences on small systems: closed forms, exact facts of the geometry, and what must be refused. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../../array/index.ts";
import { adam, sgd } from "../../optimizers/index.ts";
import { type Method, descent } from "../../methods/index.ts";
import { compiled } from "../../unroll/index.ts";
import * as hermitian from "../hermitian/index.ts";
import { qbm } from "../models/qbm.ts";
import { qhbm } from "../models/qhbm.ts";
import { pauliSum } from "../systems/pauliSum.ts";
import { tfim, tfimTerms } from "../systems/tfim.ts";
import { thermalState } from "../systems/thermalState.ts";
import { trotterStep } from "../systems/trotterStep.ts";
import { qmhl } from "../tasks/qmhl.ts";
import { vqt } from "../tasks/vqt.ts";
import { metricReport } from "./metricReport.ts";
import { qngd } from "./qngd.ts";
import { qpmd } from "./qpmd.ts";
import { quantumDescent } from "./quantumDescent.ts";
import { stateSequence } from "./stateSequence.ts";

const exact = { dtype: "float64" } as const;
const vector = (x: readonly number[]): Tensor => np.array([...x], exact);
const close = (got: Tensor | ArrayLike<number>, wanted: readonly number[], digits = 9): void => {
  const data = "data" in got ? got.data : got;
  expect(data.length).toBe(wanted.length);
  wanted.forEach((value, i) => expect(data[i], `element ${i}`).toBeCloseTo(value, digits));
};
const key = random.key(0);

describe("QBM of ZZ and XI + IX with the target (-2, -1) (6.5, claim 6)", () => {
  const model = qbm({ terms: [pauliSum([[1, "ZZ"]]), pauliSum([[1, "XI"], [1, "IX"]])] }); // prettier-ignore
  const hamiltonian = pauliSum([[-2, "ZZ"], [-1, "XI"], [-1, "IX"]]); // prettier-ignore
  const task = vqt({ model, hamiltonian });
  const undamped = { damping: "plain", floor: 0, ridge: 0 } as const;
  const start = { coefficients: vector([0, 0]) };

  test("without damping and with η = 1 the first step is the last", { tags: ["long"] }, () => {
    const method = quantumDescent(task, qngd({ ...undamped, optimizer: sgd({ learningRate: 1 }) }));
    const { theta } = method.step(start, method.init(start, key), key);
    close(theta.coefficients, [-2, -1], 10);
  });
  test("with η = .5 the way is halved in every step", () => {
    const method = quantumDescent(task, qngd({ ...undamped, optimizer: sgd({ learningRate: 0.5 }) }));
    let [theta, state] = [start, method.init(start, key)];
    const divergences = [
      1.812473682835, 0.140355798805, 0.017785659405, 0.00331127279, 0.000725230559, 0.000170372142,
    ];
    divergences.forEach((wanted, t) => {
      const made = method.step(theta, state, key);
      expect(made.metrics["relativeEntropy"], `step ${t}`).toBeCloseTo(wanted, 11);
      ({ theta, state } = made);
      close(theta.coefficients, [-2 + 2 ** -t, -1 + 2 ** -(t + 1)], 12);
    });
  });
  test("of QMHL the same step is Newton's: errors are squared near the end, and the first is not the last", () => {
    const { state: sigma } = thermalState(hamiltonian, 1);
    const fit = qmhl({ model, sigma });
    const method = quantumDescent(fit, qngd({ ...undamped, optimizer: sgd({ learningRate: 1 }) }));
    let [theta, state] = [{ coefficients: vector([-1.8, -0.9]) }, method.init(start, key)];
    const errors = Array.from({ length: 4 }, () => {
      ({ theta, state } = method.step(theta, state, key));
      return Math.hypot(...theta.coefficients.sub(vector([-2, -1])).data);
    });
    expect(errors[0]).toBeGreaterThan(0.01);
    errors.slice(1).forEach((error, k) => expect(error).toBeLessThan(errors[k]! ** 2));
  });
  test("QMHL has the same fixed point, and its gradient is tr[σH] - tr[ρH]", () => {
    const { state: sigma } = thermalState(hamiltonian, 1);
    const fit = qmhl({ model, sigma });
    const at = { coefficients: vector([0.3, -0.8]) };
    const { gradient, metrics } = fit.estimate(at, fit.init(at, key), key);
    // ⟨H⟩ of the two in 6.5.
    close(gradient.coefficients, [0.78259286 + 0.2048010693, 0.9731014523 - 1.304281019], 8);
    expect(metrics).toMatchObject({ innerSteps: 1 });
    const best = { coefficients: vector([-2, -1]) };
    close(fit.estimate(best, fit.init(best, key), key).gradient.coefficients, [0, 0], 13);
    expect(fit.measures(best).relativeEntropy).toBeCloseTo(0, 13);
    expect(fit.measures(best).fidelity).toBeCloseTo(1, 12);
  });
});

describe("the two-qubit QHBM (6.3)", () => {
  const model = qhbm({ qubits: 2, layers: 1 });
  const theta = { energy: vector([0.3, -0.2, 0.5]), circuit: vector([0.1, 0.2, -0.3, 0.4, 0.25]) };
  const hamiltonian = tfim({ qubits: 2 });
  const task = vqt({ model, hamiltonian, beta: 1 });
  const plain = { damping: "plain", floor: 0.1, ridge: 0, optimizer: sgd({ learningRate: 1 }) } as const;
  const solution = [0.532821368, -0.889829548, 1.389285673, 0.036082187, 0.634094063, 0.569861501, -0.107440057, -0.160888124]; // prettier-ignore

  test.each(["full", "blocks"] as const)("(g + .1 I)⁻¹ ∇L, solved %s", (solve) => {
    const method = quantumDescent(task, qngd({ ...plain, solve }));
    const { theta: next, loss, metrics } = method.step(theta, method.init(theta, key), key);
    close(model.flatten(theta).sub(model.flatten(next)), solution);
    expect(loss).toBeCloseTo(-0.2997748627807175, 14);
    expect(metrics["relativeEntropy"]).toBeCloseTo(2.898993181174, 11);
    expect(metrics["fidelity"]).toBeCloseTo(0.38894409359663, 12);
    expect(metrics["metricShift"]).toBe(0.1);
  });
  test("the eigenvalue rule adds r below r, and nothing above", { tags: ["long"] }, () => {
    // λ_min is 0.093199185.
    const shift = (floor: number): number => {
      const method = quantumDescent(task, qngd({ floor, ridge: 0 }));
      return method.step(theta, method.init(theta, key), key).metrics["metricShift"]!;
    };
    expect(shift(0.0931)).toBe(0);
    expect(shift(0.0932)).toBe(0.0932);
    expect(shift(1)).toBe(1);
    expect(shift(0)).toBe(0);
  });
  test("ridge least squares: (gᵀg + l I)⁻¹ gᵀ ∇L, against the normal equations in plain numbers", () => {
    const method = quantumDescent(task, qngd({ optimizer: sgd({ learningRate: 1 }) }));
    const { theta: next } = method.step(theta, method.init(theta, key), key);
    const step = model.flatten(theta).sub(model.flatten(next));
    const g = model.metric(theta).add(np.eye(8).astype("float64"));
    const { gradient } = task.estimate(theta, task.init(theta, key), key);
    // What is solved, put in again.
    const left = (np.matmul(g, np.matmul(g, step)) as Tensor).add(step.mul(0.01));
    close(left, [...(np.matmul(g, model.flatten(gradient)) as Tensor).data], 12);
  });
  test("eigenvalues, condition and the length of the gradient in the metric", () => {
    const { gradient } = task.estimate(theta, task.init(theta, key), key);
    const report = metricReport(model, theta, gradient);
    expect(report.condition).toBeCloseTo(3.781551854 / 0.093199185, 6);
    const free = quantumDescent(task, qngd({ damping: "plain", floor: 0, ridge: 0 }));
    const { metrics } = free.step(theta, free.init(theta, key), key);
    expect(report.naturalGradientNorm).toBeCloseTo(metrics["naturalGradientNorm"]!, 11);
  });
  test("shift rules give the derivatives", () => {
    const shifted = vqt({ model, hamiltonian, gradient: "parameterShift" });
    const [a, b] = [task, shifted].map((one) => one.estimate(theta, one.init(theta, key), key).gradient);
    close(b!.circuit, [...a!.circuit.data], 13);
    close(b!.energy, [...a!.energy.data], 14);
  });
  test("sampled gradients have the exact ones as their mean, for VQT and QMHL", () => {
    const { state: sigma } = thermalState(hamiltonian, 1);
    const options = { model, mode: "sampled", shots: 400, measureEvery: 0 } as const;
    const pairs = [
      [vqt({ ...options, hamiltonian }), task],
      [qmhl({ ...options, sigma }), qmhl({ model, sigma })],
    ] as const;
    for (const [sampled, whole] of pairs) {
      const wanted = whole.estimate(theta, { estimates: 0 }, key);
      const draws = Array.from({ length: 60 }, (_, i) => {
        const { loss, gradient } = sampled.estimate(theta, { estimates: 0 }, random.foldIn(key, i));
        return [loss, ...model.flatten(gradient).data];
      });
      [wanted.loss, ...model.flatten(wanted.gradient).data].forEach((value, k) => {
        const own = draws.map((draw) => draw[k]!);
        const mean = own.reduce((sum, x) => sum + x, 0) / own.length;
        const deviation = Math.sqrt(own.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (own.length - 1));
        expect(deviation).toBeGreaterThan(1e-4);
        expect(
          Math.abs(mean - value) / (deviation / Math.sqrt(own.length)),
          `${sampled.name}, ${k}`,
        ).toBeLessThan(4);
      });
    }
  });
  test("common uniforms: the noise of shift terms is below that of separate draws", () => {
    // With draws of its own each of the two terms of a difference has the variance of βH under the measurement, over shots.
    const shots = 400;
    const sampled = vqt({ model, hamiltonian, mode: "sampled", shots, measureEvery: 0 });
    const draws = Array.from({ length: 60 }, (_, i) => {
      const { gradient } = sampled.estimate(theta, { estimates: 0 }, random.foldIn(key, i));
      return [...gradient.circuit.data];
    });
    const separate = [0, 1, 2, 3, 4].map((k) => {
      const variance = [0.5, -0.5].reduce((sum, half) => {
        const data = Float64Array.from(theta.circuit.data);
        data[k]! += half;
        const rho = model.state({ ...theta, circuit: np.array(data, exact) });
        const square = hermitian.multiply(hamiltonian, hamiltonian);
        const mean = hermitian.traceProduct(rho, hamiltonian).item();
        return sum + hermitian.traceProduct(rho, square).item() - mean ** 2;
      }, 0);
      return (Math.PI / 2) ** 2 * (variance / shots);
    });
    const found = separate.map((_, k) => {
      const own = draws.map((draw) => draw[k]!);
      const mean = own.reduce((sum, x) => sum + x, 0) / own.length;
      return own.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (own.length - 1);
    });
    const total = (of: readonly number[]): number => of.reduce((sum, x) => sum + x, 0);
    expect(total(found)).toBeLessThan(0.8 * total(separate));
  });
  test(
    "a sampled metric has the exact one as its mean, and natural steps of it go down",
    { tags: ["long"] },
    () => {
      const sampled = vqt({ model, hamiltonian, mode: "sampled", shots: 500 });
      const frequencies = compiled("frequencies", (k: typeof key) => sampled.loss.frequencies(theta, k)!);
      const metric = compiled("metric", (f: Tensor) => model.metric(theta, f));
      const all = Array.from({ length: 50 }, (_, i) => metric(frequencies(random.foldIn(key, i))));
      const mean = all.reduce((sum, g) => sum.add(g)).div(all.length);
      const off = mean.sub(model.metric(theta));
      expect(Math.max(...off.data.map(Math.abs))).toBeLessThan(0.05);
      const method = quantumDescent(sampled, qngd());
      let [at, state] = [theta, method.init(theta, key)];
      const seen: number[] = [];
      for (let i = 0; i < 15; i++) {
        const made = method.step(at, state, random.foldIn(key, i));
        ({ theta: at, state } = made);
        seen.push(made.metrics["relativeEntropy"]!);
      }
      expect(seen.at(-1)!).toBeLessThan(0.3 * seen[0]!);
    },
  );
});

describe("mirror descent", () => {
  const model = qbm({ terms: [pauliSum([[1, "ZZ"]]), pauliSum([[1, "XI"], [1, "IX"]])] }); // prettier-ignore
  const hamiltonian = pauliSum([[-2, "ZZ"], [-1, "XI"], [-1, "IX"]]); // prettier-ignore
  const task = vqt({ model, hamiltonian });
  const start = { coefficients: vector([0.3, -0.8]) };
  const inner = { innerSteps: 400, innerOptimizer: adam({ learningRate: 5e-3 }) };
  const endOf = (options: Parameters<typeof qpmd>[0]): Tensor => {
    const method = quantumDescent(task, qpmd({ ...inner, ...options }));
    return method.step(start, method.init(start, key), key).theta.coefficients;
  };
  test(
    "oldNew is moment matching: ⟨H⟩ of the new state is that of the old plus η ∇L",
    { tags: ["long"] },
    () => {
      const end = endOf({ euclidean: 0, order: "oldNew" });
      const means = (coefficients: Tensor): number[] =>
        [0, 1].map((j) => {
          const term = [pauliSum([[1, "ZZ"]]), pauliSum([[1, "XI"], [1, "IX"]])][j]!; // prettier-ignore
          return hermitian.traceProduct(model.state({ coefficients }), term).item();
        });
      const { gradient } = task.estimate(start, task.init(start, key), key);
      const [before, after] = [means(start.coefficients), means(end)];
      before.forEach((value, j) =>
        expect(after[j]).toBeCloseTo(value + 0.1 * gradient.coefficients.data[j]!, 5),
      );
    },
  );
  test("newOld is at its fixed point, ∇L + g(x)(x - x_t) / η = 0, which is a natural step to first order", () => {
    const end = endOf({ euclidean: 0 });
    const { gradient } = task.estimate(start, task.init(start, key), key);
    const moved = end.sub(start.coefficients);
    const pull = (np.matmul(model.metric({ coefficients: end }), moved) as Tensor).div(0.1);
    close(pull, [...gradient.coefficients.neg().data], 5);
    // The step in dual coordinates, θ - η (θ - β h).
    expect(Math.hypot(...moved.sub(vector([-0.23, -0.02])).data)).toBeLessThan(0.03);
  });
  test("euclidean: 1 is a gradient step of length η", () => {
    const { gradient } = task.estimate(start, task.init(start, key), key);
    close(endOf({ euclidean: 1 }), [...start.coefficients.sub(gradient.coefficients.mul(0.1)).data], 5);
  });
  test("the state of the inner optimizer is kept, and the divergence is told", () => {
    const method = quantumDescent(task, qpmd({ innerSteps: 7 }));
    const first = method.step(start, method.init(start, key), key);
    expect((first.state.rule as { step: Tensor }).step.item()).toBe(7);
    const second = method.step(first.theta, first.state, key);
    expect((second.state.rule as { step: Tensor }).step.item()).toBe(14);
    const [rho, old] = [model.state(first.theta), model.state(start)];
    expect(first.metrics["divergence"]).toBeCloseTo(hermitian.relativeEntropy(rho, old).item(), 12);
  });
});

describe("sequences", () => {
  const model = qhbm({ qubits: 2, layers: 2 });
  const hamiltonian = tfim({ qubits: 2 });
  const tasks = [0.5, 1, 1.5].map((beta) => vqt({ model, hamiltonian, beta }));
  const theta = model.init(key);
  const run = (isWarmStart: boolean) => {
    const method = stateSequence({ model, targets: tasks, rule: qngd({ optimizer: adam({ learningRate: 0.1 }) }), initSteps: 4, steps: 2, isWarmStart }); // prettier-ignore
    let [at, state] = [theta, method.init(theta, key)];
    return Array.from({ length: method.steps }, (_, i) => {
      const before = at;
      const made = method.step(at, state, random.foldIn(key, i));
      ({ theta: at, state } = made);
      return { ...made, before };
    });
  };
  test(
    "warm starts go on from the solution and the optimizer's state, others begin anew",
    { tags: ["long"] },
    () => {
      const counts = (of: ReturnType<typeof run>) =>
        of.map(({ state }) => (state.rule as { step: Tensor }).step.item());
      const [warm, random_] = [run(true), run(false)];
      expect(warm.map(({ metrics }) => metrics["target"])).toEqual([0, 0, 0, 0, 1, 1, 2, 2]);
      expect(counts(warm)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(counts(random_)).toEqual([1, 2, 3, 4, 1, 2, 1, 2]);
      // The metrics of the first step on the second target are of the first one's solution.
      const started = tasks[1]!.measures(warm[3]!.theta).relativeEntropy;
      expect(warm[4]!.metrics["relativeEntropy"]).toBeCloseTo(started, 12);
      expect(random_[4]!.metrics["relativeEntropy"]).not.toBeCloseTo(started, 2);
    },
  );
  test("a target is made of the state before it: thermal, then evolved", { tags: ["long"] }, () => {
    const { coupling, field } = tfimTerms({ qubits: 2 });
    const trotter = trotterStep([field, coupling], 0.5);
    const evolved = (previous: hermitian.ComplexPair) => qmhl({ model, sigma: trotter.evolve(previous) });
    const method = stateSequence({ model, targets: [tasks[1]!, evolved, evolved], rule: qngd(), initSteps: 3, steps: 3 }); // prettier-ignore
    let [at, state] = [theta, method.init(theta, key)];
    let last = at;
    for (let i = 0; i < method.steps; i++) {
      if (i === 3) last = at;
      const made = method.step(at, state, random.foldIn(key, i));
      if (i === 3) {
        const sigma = trotter.evolve(model.state(last));
        const divergence = hermitian.relativeEntropy(sigma, model.state(last)).item();
        expect(made.metrics["relativeEntropy"]).toBeCloseTo(divergence, 10);
      }
      ({ theta: at, state } = made);
    }
    expect(state.steps).toBe(9);
  });
});

test("another temperature, sequence or damping is another recipe, so that no run is gone on with by mistake", () => {
  const model = qhbm({ qubits: 2, layers: 1 });
  const theta = model.init(key);
  const at = (beta: number) => vqt({ model, hamiltonian: tfim({ qubits: 2 }), beta });
  const recipes = [
    quantumDescent(at(1), qngd()),
    quantumDescent(at(1.5), qngd()),
    quantumDescent(at(1), qngd({ floor: 0.5 })),
    stateSequence({ model, targets: [at(1), at(1.5)], rule: qngd() }),
    stateSequence({ model, targets: [at(1), at(2)], rule: qngd() }),
  ].map((method) => {
    const { recipe, init } = method as Method<typeof theta>;
    return JSON.stringify(recipe(theta, init(theta, key)));
  });
  expect(new Set(recipes).size).toBe(5);
});

test(
  "natural steps reach the thermal state of two qubits, vanilla ones through `descent` too",
  { tags: ["long"] },
  () => {
    const model = qhbm({ qubits: 2, layers: 2 });
    const task = vqt({ model, hamiltonian: tfim({ qubits: 2 }), beta: 1 });
    const theta = model.init(random.key(3));
    const natural = quantumDescent(task, qngd({ damping: "plain" }));
    let [at, state] = [theta, natural.init(theta, key)];
    for (let i = 0; i < 60; i++) ({ theta: at, state } = natural.step(at, state, key));
    expect(task.measures(at).relativeEntropy).toBeLessThan(1e-3);
    expect(task.measures(at).fidelity).toBeGreaterThan(0.999);
    const [vanilla, same] = [
      descent(task, sgd({ learningRate: 0.05 })),
      quantumDescent(task, sgd({ learningRate: 0.05 })),
    ];
    const one = vanilla.step(theta, vanilla.init(theta, key), key);
    const two = same.step(theta, same.init(theta, key), key);
    close(model.flatten(one.theta), [...model.flatten(two.theta).data], 14);
    expect(one.metrics["fidelity"]).toBe(two.metrics["fidelity"]);
    expect(tree.norm(one.theta).dtype).toBe("float64");
  },
);

/** Models against NumPy and PyTorch in float64 (sections 6.1 to 6.5 of the reference), closed forms and differences. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, np, random, tree } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import * as hermitian from "../hermitian/index.ts";
import { pauliSum } from "../systems/pauliSum.ts";
import { tfim, tfimTerms } from "../systems/tfim.ts";
import { thermalState } from "../systems/thermalState.ts";
import { qbm } from "./qbm.ts";
import { qhbm } from "./qhbm.ts";
import type { QhbmTheta, QuantumModel } from "./quantumModel.ts";

const exact = { dtype: "float64" } as const;
const vector = (x: readonly number[]): Tensor => np.array([...x], exact);
const close = (got: Tensor | ArrayLike<number>, wanted: readonly number[], digits = 9): void => {
  const data = "data" in got ? got.data : got;
  expect(data.length).toBe(wanted.length);
  wanted.forEach((value, i) => expect(data[i], `element ${i}`).toBeCloseTo(value, digits));
};
const eigenvaluesOf = (g: Tensor): number[] => [...hermitian.eigh({ re: g }).values.data];
const entry = (g: Tensor, i: number, j: number): number => g.data[i * g.shape[1]! + j]!;

describe("transverse-field Ising rings (6.1)", () => {
  test.each([
    [2, 1, 3.1987680439547055, -2.538287172291781, 0.6604808716629246],
    [4, 0.5, 3.7043152676510473, -3.452058941119919, 1.978285797091087],
    [4, 1, 5.834004172397683, -4.756149862948272, 1.077854309449411],
    [4, 1.083, 6.23218691263069, -4.835034791891803, 0.9958442330118653],
    [4, 1.667, 9.13866575606643, -5.056500480746693, 0.70947945466169],
    [4, 2.25, 12.103418326820478, -5.105355424115247, 0.6163686225611681],
  ])("n = %i, β = %f", (qubits, beta, logZ, energy, entropy) => {
    const state = thermalState(tfim({ qubits }), beta);
    expect(state.logZ).toBeCloseTo(logZ, 13);
    expect(state.energy).toBeCloseTo(energy, 13);
    expect(state.entropy).toBeCloseTo(entropy, 13);
    expect(hermitian.entropy(state.state).item()).toBeCloseTo(entropy, 11);
  });
  test("levels", () => {
    const levels = (qubits: number) => hermitian.eigh(tfim({ qubits })).values.data;
    expect(levels(2)[0]).toBeCloseTo(-2.8284271247461903, 14);
    close([...levels(4)].slice(0, 2), [-5.226251859505506, -4.82842712474619], 14);
    expect(levels(6)[0]).toBeCloseTo(-7.727406610312549, 13);
    const { re } = tfim({ qubits: 4 });
    expect(re.mul(re).sum().item()).toBe(128);
  });
  test("a torus has a bond in each direction from every site", () => {
    // 2 · sites bonds, of 2 by 2 each twice: tr H² = D (4 · 2² + 4), of 2 by 4: 4 twice across, 8 along: D (4 · 2² + 8 + 8).
    const square = (torus: [number, number]): number => {
      const { re } = tfim({ torus });
      return re.mul(re).sum().item() / re.shape[0]!;
    };
    expect(square([2, 2])).toBe(4 * 4 + 4);
    expect(square([2, 4])).toBe(4 * 4 + 8 + 8);
  });
  test("products of Pauli matrices: XY = iZ, and the commutator of X and Y", () => {
    const [x, y, z] = ["XI", "YI", "ZI"].map((letters) => pauliSum([[1, letters]]));
    const xy = hermitian.multiply(x!, y!);
    close(xy.re, [...np.zeros([16], exact).data]);
    close(xy.im, [...z!.re.data]);
    expect(z!.im).toBeUndefined();
    expect(pauliSum([[1, "YY"]]).im).toBeUndefined();
  });
});

describe("one qubit (6.2)", () => {
  test("QHBM E = θ s, U = X^a: g = diag(sech² θ, π² θ tanh θ)", () => {
    // Without Z: its direction is there too, and commutes with nothing here; X and θ are looked at.
    const model = qhbm({ qubits: 1, layers: 1 });
    const g = model.metric({ energy: vector([0.7]), circuit: vector([0.3, 0]) });
    expect(entry(g, 0, 0)).toBeCloseTo(0.6347395899824586, 15);
    expect(entry(g, 1, 1)).toBeCloseTo(4.1754096110385035, 14);
    expect([entry(g, 0, 1), entry(g, 0, 2), entry(g, 1, 0)]).toEqual([0, 0, 0]);
  });
  test("QBM K = aZ + bX: log Z = log(2 cosh r), g in closed form", () => {
    const model = qbm({ terms: [pauliSum([[1, "Z"]]), pauliSum([[1, "X"]])] });
    const [a, b] = [0.6, -1.1];
    const theta = { coefficients: vector([a, b]) };
    const r = Math.hypot(a, b);
    expect(model.logZ(theta).item()).toBeCloseTo(Math.log(2 * Math.cosh(r)), 14);
    const [along, across] = [1 / Math.cosh(r) ** 2, Math.tanh(r) / r];
    const unit = [a / r, b / r];
    const wanted = [0, 1].flatMap((i) =>
      [0, 1].map((j) => along * unit[i]! * unit[j]! + across * (Number(i === j) - unit[i]! * unit[j]!)),
    );
    close(model.metric(theta), wanted, 14);
  });
});

describe("the two-qubit QHBM (6.3)", () => {
  const model = qhbm({ qubits: 2, layers: 1 });
  const theta: QhbmTheta = { energy: vector([0.3, -0.2, 0.5]), circuit: vector([0.1, 0.2, -0.3, 0.4, 0.25]) };
  const h = tfim({ qubits: 2 });
  const { state: sigma } = thermalState(h, 1);
  test("probabilities, log Z and energies of the bitstrings", () => {
    close(model.probabilities(theta), [0.111153671, 0.202535193, 0.550547736, 0.1357634]);
    expect(model.logZ(theta).item()).toBeCloseTo(1.596841613231026, 14);
    close(hermitian.expectations(model.unitary(theta), h), [-0.55690771, 0.070059595, 2.047168014, -1.5603199], 8); // prettier-ignore
  });
  test.each([
    ["eagerly", (f: (x: QhbmTheta) => Tensor) => grad(f)],
    ["compiled", (f: (x: QhbmTheta) => Tensor) => compiled("gradient", grad(f))],
  ])("losses and gradients, %s", (_, gradientOf) => {
    const [free, cross] = [
      (x: QhbmTheta): Tensor => model.freeEnergy(x, h),
      (x: QhbmTheta): Tensor => model.crossEntropy(x, sigma),
    ];
    expect(free(theta).item()).toBeCloseTo(-0.2997748627807175, 14);
    expect(cross(theta).item()).toBeCloseTo(1.867197253914, 11);
    const g = gradientOf(free)(theta);
    close(g.energy, [1.042560802, -1.381492037, 1.430004313]);
    close(g.circuit, [0.133544459, 0.268866044, 1.844185763, -0.526354052, -0.458608675]);
    const q = gradientOf(cross)(theta);
    close(q.energy, [0.491060423, -0.68594643, 0.830796802]);
    close(q.circuit, [-0.365231583, 0.039783503, 0.850764326, -0.271102979, -0.240774117]);
  });
  test("divergences, fidelity and trace distance from the thermal state", () => {
    const rho = model.state(theta);
    expect(hermitian.relativeEntropy(rho, sigma).item()).toBeCloseTo(2.898993181174, 11);
    expect(hermitian.relativeEntropy(sigma, rho).item()).toBeCloseTo(1.206716382251, 11);
    // The printed 0.388944602455 has an error of 5e-7: NumPy, by √σ ρ √σ, √ρ σ √ρ and the singular values of √ρ √σ.
    expect(hermitian.fidelity(rho, sigma).item()).toBeCloseTo(0.38894409359663, 13);
    expect(hermitian.traceDistance(rho, sigma).item()).toBeCloseTo(0.688653750617, 11);
    const modular = model.modular(theta);
    close(hermitian.eigh(modular).values, [...np.sort(np.matmul(model.spectral!.energies.features!, theta.energy)).data], 12); // prettier-ignore
  });
  test("the information matrix", () => {
    const g = model.metric(theta);
    const energies = [0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => entry(g, i, j)));
    const [a, b, c] = [-0.385658767, 0.134794141, -0.208926809];
    close(energies, [0.861152643, a, b, a, 0.895410621, c, b, c, 0.743796124]);
    close([3, 4, 5, 6, 7].map((k) => entry(g, k, k)), [3.601118714, 0.343876238, 3.136199956, 2.05266952, 1.834230427]); // prettier-ignore
    for (let j = 3; j < 8; j++)
      for (let k = 3; k < j; k++) {
        const wanted = j === 7 && k === 4 ? 0.07827329 : j === 7 && k === 6 ? 1.834014274 : 0;
        expect(entry(g, j, k), `${j}, ${k}`).toBeCloseTo(wanted, 9);
      }
    close(eigenvaluesOf(g), [0.093199185, 0.356025145, 0.480442623, 0.65865733, 1.361259435, 3.136199956, 3.601118714, 3.781551854]); // prettier-ignore
  });
  test("D between neighbours, and its quadratic form", () => {
    const delta = vector([1, -1, 1, -1, 1, -1, 1, -1].map((x) => 0.05 * x));
    const moved = model.unflatten(model.flatten(theta).add(delta), theta);
    const divergence = hermitian.relativeEntropy(model.state(moved), model.state(theta)).item();
    expect(divergence).toBeCloseTo(0.014687703423, 11);
    const form = (np.matmul(np.matmul(delta, model.metric(theta)), delta) as Tensor).item() / 2;
    expect(form).toBeCloseTo(0.013878298186, 11);
  });
});

describe("the four-qubit QHBM (6.4)", () => {
  const model = qhbm({ qubits: 4, layers: 1 });
  const h = tfim({ qubits: 4 });
  const theta: QhbmTheta = {
    energy: vector(Array.from({ length: 10 }, (_, k) => 0.1 * Math.cos(k))),
    circuit: vector(Array.from({ length: 11 }, (_, k) => 0.2 * Math.sin(1 + k))),
  };
  const gradient = compiled(
    "gradient",
    grad((x: QhbmTheta) => model.freeEnergy(x, h)),
  );
  test("loss, gradient, information matrix, divergence and fidelity", () => {
    const loss = model.freeEnergy(theta, h).item();
    expect(loss).toBeCloseTo(-2.736048106820691, 14);
    const g = gradient(theta);
    expect(tree.norm(g).item()).toBeCloseTo(1.6253428383555706, 14);
    close([...g.energy.data].slice(0, 3), [0.446577702, -0.032663242, 0.288940814]);
    close([...g.circuit.data].slice(0, 4), [0.174699756, 0.127917397, -0.04436999, 0.017841932]);
    const metric = model.metric(theta);
    expect((np.trace(metric) as Tensor).item()).toBeCloseTo(11.132653198910878, 13);
    const eigenvalues = eigenvaluesOf(metric);
    close([eigenvalues[0]!, eigenvalues.at(-1)!], [0.001016396, 1.451936011]);
    const { state, logZ } = thermalState(h, 1);
    expect(loss + logZ).toBeCloseTo(3.097956065577, 11);
    // Printed as 0.295529221899; NumPy has this one, by the same three ways.
    expect(hermitian.fidelity(model.state(theta), state).item()).toBeCloseTo(0.295529089522101, 13);
  });
  test("at parameters of 0 the loss is -4 log 2 and the gradient has length 2", () => {
    const zero = tree.zerosLike(theta);
    expect(model.freeEnergy(zero, h).item()).toBeCloseTo(-4 * Math.log(2), 14);
    expect(tree.norm(gradient(zero)).item()).toBeCloseTo(2, 14);
  });
});

describe("QBM of ZZ and XI + IX (6.5)", () => {
  const terms = [pauliSum([[1, "ZZ"]]), pauliSum([[1, "XI"], [1, "IX"]])]; // prettier-ignore
  const model = qbm({ terms });
  const at = (...x: number[]) => ({ coefficients: vector(x) });
  test.each([
    [
      [-2, -1],
      3.1987680439547055,
      [0.78259286, 0.9731014523],
      [0.16273052872558, -0.31190647508088, 0.92544656290613],
    ],
    [
      [0.3, -0.8],
      1.9987869805954224,
      [-0.2048010693, 1.304281019],
      [0.65942876322079, 0.15513273776211, 1.12371333243772],
    ],
    [[0, 0], Math.log(4), [0, 0], [1, 0, 2]],
  ])("θ = %j: log Z, ⟨H⟩ and g", (theta, logZ, means, [a, b, c]) => {
    expect(model.logZ(at(...theta)).item()).toBeCloseTo(logZ, 14);
    const slopes = grad((x: { coefficients: Tensor }) => model.logZ(x))(at(...theta));
    close(slopes.coefficients.neg(), means, 8);
    close(model.metric(at(...theta)), [a!, b!, b!, c!], 13);
  });
  test("the gradient at (.3, -.8) for the target (-2, -1) is g (θ - βh)", () => {
    const target = { re: terms[0]!.re.mul(-2).sub(terms[1]!.re) };
    const g = compiled(
      "gradient",
      grad((x: { coefficients: Tensor }) => model.freeEnergy(x, target)),
    )(at(0.3, -0.8));
    close(g.coefficients, [1.547712703, 0.5815479633]);
    const metric = model.metric(at(0.3, -0.8));
    close(np.matmul(metric, vector([2.3, 0.2])) as Tensor, [...g.coefficients.data], 13);
  });
  test("complex terms say the same as real ones, and are differentiated as well", () => {
    // X turned into Y by a phase on each qubit: the spectrum is the same.
    const turned = qbm({ terms: [terms[0]!, pauliSum([[1, "YI"], [1, "IY"]])] }); // prettier-ignore
    expect(turned.logZ(at(0.3, -0.8)).item()).toBeCloseTo(1.9987869805954224, 13);
    close(
      turned.metric(at(0.3, -0.8)),
      [0.65942876322079, 0.15513273776211, 0.15513273776211, 1.12371333243772],
      13,
    );
    close(turned.probabilities(at(0.3, -0.8)), [...model.probabilities(at(0.3, -0.8)).data], 13);
    const { state } = thermalState(pauliSum([[0.7, "XY"], [-0.4, "ZI"]]), 1); // prettier-ignore
    checkMetricAndGradients(turned, at(0.3, -0.8), state);
    const [u, p] = [turned.unitary(at(0.3, -0.8)), turned.probabilities(at(0.3, -0.8))];
    close(hermitian.fromEigenbasis(u, p).im, [...turned.state(at(0.3, -0.8)).im.data], 13);
  });
});

/** Gradients are central differences; the metric is the Hessian of D(ρ_x'‖ρ_x), that is of tr[ρ_x' K_x] - S(ρ_x'). */
function checkMetricAndGradients<Theta>(
  model: QuantumModel<Theta>,
  theta: Theta,
  target: hermitian.HermitianMatrix,
): void {
  const x = model.flatten(theta);
  const count = x.shape[0]!;
  const at = (k: number, step: number): Theta => {
    const data = Float64Array.from(x.data);
    data[k]! += step;
    return model.unflatten(np.array(data, exact), theta);
  };
  for (const loss of [model.freeEnergy, model.crossEntropy]) {
    const slope = compiled("slope", (at_: Theta) => loss(at_, target));
    const gradientAt = compiled("gradient", (at_: Theta) => model.flatten(grad((y: Theta) => loss(y, target))(at_) as Theta)); // prettier-ignore
    const gradient = gradientAt(theta);
    for (let k = 0; k < count; k++) {
      const difference = (slope(at(k, 1e-5)).item() - slope(at(k, -1e-5)).item()) / 2e-5;
      expect(gradient.data[k], `parameter ${k}`).toBeCloseTo(difference, 7);
    }
  }
  const own = model.modular(theta);
  const slopes = compiled("slopes", (at_: Theta) => model.flatten(grad((y: Theta) => model.freeEnergy(y, own))(at_) as Theta)); // prettier-ignore
  const metric = compiled("metric", (at_: Theta) => model.metric(at_))(theta);
  for (let k = 0; k < count; k++) {
    const [above, below] = [slopes(at(k, 1e-5)).data, slopes(at(k, -1e-5)).data];
    for (let j = 0; j < count; j++)
      expect(entry(metric, j, k), `${j}, ${k}`).toBeCloseTo((above[j]! - below[j]!) / 2e-5, 7);
  }
}

describe("gradients and metrics against differences", () => {
  const { coupling, field } = tfimTerms({ qubits: 3 });
  const target = thermalState(pauliSum([[0.7, "XYI"], [-0.4, "ZIX"], [0.3, "IYI"]]), 1).state; // prettier-ignore
  test("qhea, two layers on three qubits", { tags: ["long"] }, () => {
    const model = qhbm({ qubits: 3, layers: 2 });
    checkMetricAndGradients(model, scaled(model.init(random.key(1))), target);
  });
  test("qaia: parameters of energies turn gates, the metric is full", { tags: ["long"] }, () => {
    const model = qhbm({
      qubits: 3,
      layers: 2,
      circuit: "qaia",
      terms: [coupling, field, pauliSum([[1, "XYI"]])],
    });
    const theta = scaled(model.init(random.key(2)));
    expect(theta.circuit.shape).toEqual([8]);
    checkMetricAndGradients(model, theta, target);
    const between = model.metric(theta).slice([0, 6], [6, 14]);
    expect(Math.max(...between.data.map(Math.abs))).toBeGreaterThan(0.1);
    expect(model.blocks(theta)).toEqual([14]);
  });
  test("energies of one's own, a network of the spins", { tags: ["long"] }, () => {
    const energy = {
      init: (key: Parameters<typeof random.normal>[0]) => ({
        first: random.normal(random.foldIn(key, 1), [3, 4], exact),
        second: random.normal(random.foldIn(key, 2), [4], exact),
      }),
      energies: ({ first, second }: { first: Tensor; second: Tensor }, spins: Tensor): Tensor =>
        np.matmul(np.tanh(np.matmul(spins, first)), second) as Tensor,
    };
    const model = qhbm({ qubits: 3, layers: 1, energy });
    checkMetricAndGradients(model, model.init(random.key(3)), target);
  });
  test("no layers: bitstrings only", () => {
    const model = qhbm({ qubits: 2, layers: 0 });
    checkMetricAndGradients(model, model.init(random.key(4)), thermalState(tfim({ qubits: 2 }), 1).state);
  });
  /** Away from 0, where much would vanish. */
  const scaled = (theta: QhbmTheta): QhbmTheta => tree.scale(theta, 4);
});

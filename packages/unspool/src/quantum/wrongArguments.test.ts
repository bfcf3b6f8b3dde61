/** What cannot work is refused where it is given, with what to do. */
import { describe, expect, test } from "vitest";
import { np, random } from "../array/index.ts";
import { NonFiniteError, OptionError, ShapeError } from "../errors.ts";
import { adam } from "../optimizers/index.ts";
import { qngd } from "./descent/qngd.ts";
import { qpmd } from "./descent/qpmd.ts";
import { quantumDescent } from "./descent/quantumDescent.ts";
import { stateSequence } from "./descent/stateSequence.ts";
import * as hermitian from "./hermitian/index.ts";
import { qbm } from "./models/qbm.ts";
import { qhbm } from "./models/qhbm.ts";
import { pauliSum } from "./systems/pauliSum.ts";
import { tfim, tfimTerms } from "./systems/tfim.ts";
import { thermalState } from "./systems/thermalState.ts";
import { trotterStep } from "./systems/trotterStep.ts";
import { qmhl } from "./tasks/qmhl.ts";
import { vqt } from "./tasks/vqt.ts";

const exact = { dtype: "float64" } as const;
const model = qhbm({ qubits: 2, layers: 1 });
const hamiltonian = tfim({ qubits: 2 });
const { coupling, field } = tfimTerms({ qubits: 2 });
const tied = qhbm({ qubits: 2, layers: 1, circuit: "qaia", terms: [coupling, field] });
const task = vqt({ model, hamiltonian });
const diagonal = (...p: number[]) => ({ re: np.diag(np.array(p, exact)) as ReturnType<typeof np.eye> });
/** Calls an untyped function, as JavaScript does. */
const call = (fn: unknown, ...args: unknown[]): unknown => (fn as (...args: unknown[]) => unknown)(...args);

describe("sizes", () => {
  // Both parts of the generators of 7 · 26 gates (10 · 35) and four matrices more: numbers of 8 bytes, times 4ⁿ.
  test.each([
    [
      "qhbm",
      () => qhbm({ qubits: 9 }),
      /qhbm: qubits must be at most 8: .* would take at least 744 MiB, got 9\./,
    ],
    ["qhbm", () => qhbm({ qubits: 12, layers: 10 }), /at least 88\.5 GiB, got 12\. Describe a smaller part/],
    ["tfim", () => tfim({ qubits: 9 }), /tfim: qubits must be at most 8: .* at least 4 MiB, got 9/],
    ["tfim", () => tfim({ torus: [3, 4] }), /at most 8: .*got 12/],
    ["pauliSum", () => pauliSum([[1, "ZZZZZZZZZ"]]), /pauliSum: qubits must be at most 8/],
    ["qbm", () => qbm({ terms: [{ re: np.zeros([512, 512]) }] }), /qbm: qubits must be at most 8: .* got 9/],
  ])("%s of more than 8 qubits says what they would take", (_, make, text) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(text);
  });
  test("tori and rings up to 8 qubits are made", () => {
    expect(tfim({ torus: [2, 4] }).re.shape).toEqual([256, 256]);
    expect(tfim({ qubits: 8 }).re.shape).toEqual([256, 256]);
  });
});

describe("Hamiltonians and states", () => {
  const skew = { re: np.array([[0, 1], [2, 0]], exact) }; // prettier-ignore
  test("a Hamiltonian that is not Hermitian, to 1e-8", () => {
    const one = qhbm({ qubits: 1, layers: 0 });
    const of = (matrix: hermitian.HermitianMatrix) => () => vqt({ model: one, hamiltonian: matrix });
    expect(of(skew)).toThrow(OptionError);
    expect(of(skew)).toThrow(
      /vqt: hamiltonian must be Hermitian: .*to 1e-8, got 1\. .*Take the mean of the two/,
    );
    const im = np.array([[0, 1], [1, 0]], exact); // prettier-ignore
    expect(of({ re: np.eye(2), im })).toThrow(/Hermitian/);
    const nearly = np.array([[0, 1], [1 + 0.9e-8, 0]], exact); // prettier-ignore
    expect(of({ re: nearly })).not.toThrow();
    expect(of({ re: np.array([[NaN, 0], [0, 1]], exact) })).toThrow(/a matrix of finite numbers/); // prettier-ignore
  });
  test("one of another size", () => {
    const wrong = () => vqt({ model, hamiltonian: tfim({ qubits: 3 }) });
    expect(wrong).toThrow(ShapeError);
    expect(wrong).toThrow(
      /hamiltonian\.re must be \[4, 4\], a row for each of the states of 2 qubits, got float64\[8,8\]/,
    );
    expect(() => call(vqt, { model, hamiltonian: np.eye(4) })).toThrow(/a Hermitian matrix \{ re, im \}/);
  });
  test.each([
    [
      "a trace that is not 1",
      diagonal(0.5, 0.5, 0.5, 0),
      /qmhl: the trace of sigma must be 1, got 1\.5\. Divide/,
    ],
    [
      "an eigenvalue below 0",
      diagonal(0.9, 0.3, -0.2, 0),
      /smallest eigenvalue of sigma must be at least 0.*got -0\.2/,
    ],
    ["another size", diagonal(0.5, 0.5), /sigma\.re must be \[4, 4\]/],
  ])("a state with %s", (_, sigma, text) => {
    expect(() => qmhl({ model, sigma })).toThrow(text);
  });
  test("a state without full rank is one", () => {
    expect(() => qmhl({ model, sigma: diagonal(1, 0, 0, 0) })).not.toThrow();
  });
  test("letters that are no Pauli matrix, products of unequal length, terms that are not Hermitian", () => {
    expect(() => pauliSum([[1, "XQ"]])).toThrow(/a product must be 2 letters out of I, X, Y and Z, got "XQ"/);
    expect(() => pauliSum([[1, "XX"], [1, "X"]])).toThrow(/2 letters/); // prettier-ignore
    expect(() => pauliSum([])).toThrow(/pauliSum: terms must be a list of at least one .*got \[\]\. Write/);
    expect(() => call(pauliSum, [1, "XX"])).toThrow(/a list of at least one \[coefficient, product\]/);
    expect(() =>
      call(
        thermalState,
        {
          re: [
            [1, 0],
            [0, -1],
          ],
        },
        1,
      ),
    ).toThrow(/thermalState: hamiltonian must be a Hermitian matrix .* of tensors, .*np\.array/);
    expect(() => qbm({ terms: [skew] })).toThrow(/qbm: terms\[0\] must be Hermitian/);
    expect(() => qbm({ terms: [] })).toThrow(/a list of Hermitian matrices/);
    expect(() => trotterStep([field], NaN)).toThrow(/time must be a finite number/);
    expect(() => hermitian.unembed(np.zeros([3, 3], exact))).toThrow(ShapeError);
  });
});

describe("options", () => {
  test.each([0, -1, NaN, Infinity])("β = %f", (beta) => {
    expect(() => vqt({ model, hamiltonian, beta })).toThrow(/vqt: beta must be a finite number above 0, got/);
  });
  test.each([-0.1, 1.1, NaN])("euclidean = %f", (euclidean) => {
    expect(() => qpmd({ euclidean })).toThrow(/qpmd: euclidean must be from 0 .* to 1/);
  });
  test("qaia with the block-diagonal shortcut needs the full metric", () => {
    const shared = vqt({ model: tied, hamiltonian });
    const make = () => quantumDescent(shared, qngd({ solve: "blocks" }));
    expect(make).toThrow(OptionError);
    expect(make).toThrow(
      /qngd: solve must be "full" with the circuit "qaia", got "blocks"\. Its gates share/,
    );
    expect(() => quantumDescent(shared, qngd())).not.toThrow();
    const sequence = () => stateSequence({ model: tied, targets: [shared], rule: qngd({ solve: "blocks" }) });
    expect(sequence).toThrow(/qngd: solve/);
  });
  test("qaia without terms, or with energies of one's own; terms for qhea", () => {
    expect(() => qhbm({ qubits: 2, circuit: "qaia" })).toThrow(/terms must be Hamiltonians/);
    const energy = { init: () => np.zeros([1]), energies: () => np.zeros([4]) };
    expect(() => qhbm({ qubits: 2, circuit: "qaia", terms: [field], energy })).toThrow(
      /energy must be "kobe"/,
    );
    expect(() => qhbm({ qubits: 2, terms: [field] })).toThrow(/terms must be left out/);
    expect(() => call(qhbm, { qubits: 2, circuit: "qhae" })).toThrow(/Did you mean "qhea"\?/);
    expect(() => call(qhbm, { qubits: 2, layer: 2 })).toThrow(/layers/);
  });
  test("sampled estimates and shift rules of models that have none", () => {
    const plain = qbm({ terms: [coupling, field] });
    expect(() => vqt({ model: plain, hamiltonian, mode: "sampled" })).toThrow(
      /model must be a qhbm whose circuit is "qhea"/,
    );
    expect(() => vqt({ model: tied, hamiltonian, gradient: "parameterShift" })).toThrow(
      /got a "qaia" circuit|qaia/,
    );
    expect(() => vqt({ model, hamiltonian, shots: 10 })).toThrow(/Write mode: "sampled"/);
    expect(() => plain.metric({ coefficients: np.zeros([2], exact) }, np.zeros([4], exact))).toThrow(
      /frequencies/,
    );
  });
  test("things of another kind", () => {
    expect(() => call(quantumDescent, model, adam())).toThrow(/a task of vqt or qmhl/);
    expect(() => call(quantumDescent, task, 3)).toThrow(/Write qngd\(\), qpmd\(\) or adam\(\)/);
    expect(() => call(vqt, { model: 3, hamiltonian })).toThrow(/a model of qhbm or qbm/);
    expect(() => qngd({ floor: -1 })).toThrow(/floor/);
    expect(() => call(qngd, { regularisation: 1 })).toThrow(/qngd/);
    expect(() => call(stateSequence)).toThrow(/stateSequence: options must be a record, got undefined/);
    expect(() => call(stateSequence, { targets: [task], rule: qngd() })).toThrow(/a model of qhbm or qbm/);
    const other = vqt({ model: qhbm({ qubits: 2 }), hamiltonian });
    const method = stateSequence({ model, targets: [other], rule: qngd() });
    const theta = model.init(random.key(0));
    expect(() => method.step(theta, method.init(theta, random.key(0)), random.key(0))).toThrow(
      /a task of the model/,
    );
  });
  test("parameters of other lengths", () => {
    const wrong = { energy: np.zeros([3], exact), circuit: np.zeros([4], exact) };
    expect(() => model.state(wrong)).toThrow(
      /theta\.circuit must be \[5\], the parameters of 1 layers of "qhea"/,
    );
    expect(() => model.logZ({ ...wrong, energy: np.zeros([2], exact) })).toThrow(
      /theta\.energy must be \[3\]/,
    );
  });
});

test("numbers that are no longer finite are told with the step at which it began", () => {
  // The same term twice: the metric is singular, and nothing keeps it away from that.
  const twice = vqt({ model: qbm({ terms: [coupling, coupling] }), hamiltonian });
  const method = quantumDescent(twice, qngd({ damping: "plain", floor: 0, ridge: 0 }));
  const theta = { coefficients: np.zeros([2], exact) };
  const run = () => method.step(theta, { ...method.init(theta, random.key(0)), steps: 7 }, random.key(0));
  expect(run).toThrow(NonFiniteError);
  expect(run).toThrow(/quantumDescent, outer step 7: the theta at "coefficients", element 0 of .* is/);
});

/** Hermitian helpers against NumPy 1.24 in float64 (eigh, complex arithmetic), closed forms and finite differences. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, jit, np, random } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import * as hermitian from "./index.ts";

const exact = { dtype: "float64" } as const;
const matrix = (rows: number[][]): Tensor => np.array(rows, exact);
const flat = (x: Tensor): number[] => [...x.data];
const close = (got: Tensor, wanted: number[], digits = 10): void => {
  expect(got.size).toBe(wanted.length);
  wanted.forEach((value, i) => expect(got.data[i]).toBeCloseTo(value, digits));
};

const h = {
  re: matrix([
    [1, 0.5],
    [0.5, -0.4],
  ]),
  im: matrix([
    [0, -0.5],
    [0.5, 0],
  ]),
};
const zero = matrix([[0, 0], [0, 0]]); // prettier-ignore
const pauli = {
  x: { re: matrix([[0, 1], [1, 0]]) }, // prettier-ignore
  y: { re: zero, im: matrix([[0, -1], [1, 0]]) }, // prettier-ignore
  z: { re: matrix([[1, 0], [0, -1]]) }, // prettier-ignore
};
/** ρ = exp(-H) / Z. */
const gibbs = (a: hermitian.HermitianMatrix): hermitian.ComplexPair => {
  const { re, im } = hermitian.exp({ re: a.re.neg(), ...(a.im && { im: a.im.neg() }) });
  const z = np.trace(re) as Tensor;
  return { re: re.div(z), im: im.div(z) };
};

/** A random Hermitian matrix. */
function drawn(seed: number, d: number): hermitian.ComplexPair {
  const draw = (name: string): Tensor => random.normal(random.foldIn(random.key(seed), name), [d, d], exact);
  const [a, b] = [draw("re"), draw("im")];
  return { re: a.add(np.transpose(a) as Tensor), im: b.sub(np.transpose(b) as Tensor) };
}

describe("the matrix [[1, .5 - .5i], [.5 + .5i, -.4]] (6.6 of the reference, NumPy)", () => {
  test("eigenvalues come once, in the embedding twice", () => {
    const { values, vectors } = hermitian.eigh(h);
    close(values, [-0.6949874371, 1.2949874371]);
    const back = hermitian.fromEigenbasis(vectors, values);
    close(back.re, flat(h.re), 14);
    close(back.im, flat(h.im), 14);
    expect(hermitian.embed(h).shape).toEqual([4, 4]);
    expect(flat(hermitian.unembed(hermitian.embed(h)).im)).toEqual(flat(h.im));
  });
  test("log tr exp(-H), the thermal state and its entropy", () => {
    const { re } = hermitian.exp({ re: h.re.neg(), im: h.im.neg() });
    expect(Math.log((np.trace(re) as Tensor).item())).toBeCloseTo(0.8231157619740156, 14);
    const rho = gibbs(h);
    close(rho.re, [0.2328425208, -0.1908267709, -0.1908267709, 0.7671574792]);
    close(rho.im, [0, 0.1908267709, -0.1908267709, 0]);
    expect(hermitian.entropy(rho).item()).toBeCloseTo(0.36744174940448865, 14);
  });
  test("the BKM Gram matrix of the Pauli matrices", () => {
    const gram = hermitian.bkmGram(gibbs(h), [pauli.x, pauli.y, pauli.z]);
    const [a, b, c, d] = [6.3039139553, 1.0635590746, 1.4889827044, 7.3249306669];
    close(gram, [a, b, c, b, a, c, c, c, d]);
  });
  test("the derivative of exp(-H) along X", () => {
    const minus = { re: h.re.neg(), im: h.im.neg() };
    const { re, im } = hermitian.matrixDerivative(hermitian.exponential, minus, pauli.x);
    // The printed one is d(exp(-H))[X], H + tX: minus that along X of what is exponentiated.
    close(re, [-0.3393308466, 0.9373151635, 0.9373151635, -0.5299176142]);
    close(im, [0, -0.0680667027, 0.0680667027, 0]);
  });
});

describe("functions of matrices", () => {
  test("exp, log and sqrt undo each other, also where eigenvalues are equal", () => {
    const { vectors } = hermitian.eigh(drawn(1, 6));
    const a = hermitian.fromEigenbasis(vectors, np.array([0.5, 0.5, 0.5, 2, 2, 7], exact));
    const back = hermitian.exp(hermitian.log(a));
    close(back.re, flat(a.re), 12);
    const root = hermitian.sqrt(a);
    close(hermitian.multiply(root, root).im, flat(a.im), 12);
    close(hermitian.eigh(a).values, [0.5, 0.5, 0.5, 2, 2, 7], 12);
    const again = hermitian.eigh(a);
    close(hermitian.fromEigenbasis(again.vectors, again.values).im, flat(a.im), 12);
  });
  const { exponential, logarithm, squareRoot, entropyTerm, magnitude } = hermitian;
  test.each([exponential, logarithm, squareRoot, entropyTerm, magnitude])(
    "$name: reverse mode is the central difference, inside a program too",
    (f) => {
      const { vectors } = hermitian.eigh(drawn(2, 4));
      // Two equal eigenvalues, two that nearly are; all positive for the logarithm.
      const a = hermitian.fromEigenbasis(vectors, np.array([0.7, 0.7, 1.3, 1.3 + 1e-10], exact));
      const [b, weights] = [drawn(3, 4), drawn(4, 4)];
      const score = (x: hermitian.ComplexPair): Tensor =>
        hermitian.traceProduct(hermitian.matrixFunction(f, x), weights);
      const gradient = grad(score)(a);
      const slope = hermitian.traceProduct(gradient, b).item();
      const at = (t: number): number =>
        score({ re: a.re.add(b.re.mul(t)), im: a.im.add(b.im.mul(t)) }).item();
      expect(slope).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 6);
      const compiledGradient = compiled("score", grad(score))(a);
      close(compiledGradient.re, flat(gradient.re), 11);
      const forward = hermitian.traceProduct(hermitian.matrixDerivative(f, a, b), weights).item();
      expect(forward).toBeCloseTo(slope, 11);
    },
  );
  test("divided differences keep their digits at small distances", () => {
    // Of exp at 1 and 1 + d: e (1 + d/2 + d²/6); of log: (1 - d/2 + d²/3).
    for (const d of [1e-3, 1e-6, 1e-9, 0]) {
      const [a, b] = [np.array(1, exact), np.array(1 + d, exact)];
      const series = Math.E * (1 + d / 2 + d ** 2 / 6 + d ** 3 / 24);
      expect(hermitian.exponential.slope(a, b).item()).toBeCloseTo(series, 13);
      expect(hermitian.logarithm.slope(a, b).item()).toBeCloseTo(1 - d / 2 + d ** 2 / 3 - d ** 3 / 4, 12);
      expect(hermitian.logarithm.slope(b, a).item()).toBe(hermitian.logarithm.slope(a, b).item());
    }
  });
  test("a real matrix stays real, and says the same as its embedding", () => {
    const { re } = drawn(5, 5);
    const real = hermitian.exp({ re });
    const embedded = hermitian.exp({ re, im: np.zerosLike(re) });
    close(real.re, flat(embedded.re), 9);
    expect(flat(real.im).every((x) => x === 0)).toBe(true);
  });
});

describe("measures of states", () => {
  const diagonal = (...p: number[]) => ({ re: np.diag(np.array(p, exact)) as Tensor });
  test("of commuting states they are those of probabilities", () => {
    const [rho, sigma] = [diagonal(0.5, 0.3, 0.2, 0), diagonal(0.1, 0.2, 0.3, 0.4)];
    const root = Math.sqrt(0.05) + Math.sqrt(0.06) + Math.sqrt(0.06);
    expect(hermitian.fidelity(rho, sigma).item()).toBeCloseTo(root ** 2, 14);
    expect(hermitian.traceDistance(rho, sigma).item()).toBeCloseTo(0.5, 14);
    const divergence = 0.5 * Math.log(5) + 0.3 * Math.log(1.5) + 0.2 * Math.log(2 / 3);
    expect(hermitian.relativeEntropy(rho, sigma).item()).toBeCloseTo(divergence, 14);
    expect(hermitian.entropy(diagonal(1, 0, 0, 0)).item()).toBeCloseTo(0, 15);
    expect(hermitian.fidelity(diagonal(1, 0), diagonal(0, 1)).item()).toBe(0);
  });
  test("the relative entropy has a gradient, also at states with equal eigenvalues", () => {
    const sigma = gibbs(drawn(6, 4));
    const even = { re: np.eye(4).astype("float64").div(4), im: np.zeros([4, 4], exact) };
    const gradient = jit(grad((rho: hermitian.ComplexPair) => hermitian.relativeEntropy(rho, sigma)))(even);
    // log ρ + 1 - log σ.
    const wanted = hermitian.log(sigma);
    close(gradient.re, flat(np.eye(4).astype("float64").mul(Math.log(0.25) + 1).sub(wanted.re)), 11); // prettier-ignore
  });
});

describe("outside of their domain", () => {
  const diagonal = (...p: number[]) => ({ re: np.diag(np.array(p, exact)) as Tensor });
  const [zeroKet, oneKet, mixed] = [diagonal(1, 0), diagonal(0, 1), diagonal(0.5, 0.5)];
  const half = (sign: number) => ({ re: matrix([[0.5, 0.5 * sign], [0.5 * sign, 0.5]]) }); // prettier-ignore
  const nilpotent = { re: matrix([[0, 1], [0, 0]]) }; // prettier-ignore
  test("the relative entropy is infinite where ρ has weight on what σ has none on, in any basis", () => {
    const pairs = [
      [mixed, zeroKet],
      [zeroKet, oneKet],
      [half(1), half(-1)],
      [mixed, half(1)],
    ] as const;
    for (const [rho, sigma] of pairs) expect(hermitian.relativeEntropy(rho, sigma).item()).toBe(Infinity);
    // Supports that agree: -S(ρ) - tr[ρ log σ] over the support of σ alone.
    expect(hermitian.relativeEntropy(half(1), half(1)).item()).toBeCloseTo(0, 14);
    expect(hermitian.relativeEntropy(zeroKet, mixed).item()).toBeCloseTo(Math.LN2, 14);
    const [rho, sigma] = [diagonal(0.5, 0.5, 0), diagonal(0.25, 0.75, 0)];
    const divergence = 0.5 * Math.log(2) + 0.5 * Math.log(0.5 / 0.75);
    expect(hermitian.relativeEntropy(rho, sigma).item()).toBeCloseTo(divergence, 14);
    // The eigenvalues of a diagonal matrix are exact, and so is a small weight among them.
    const cold = hermitian.relativeEntropy(mixed, diagonal(1, 1e-200)).item();
    expect(cold).toBeCloseTo(-Math.LN2 + 0.5 * 200 * Math.LN10, 10);
  });
  test("log of 0, √ of -1, and functions of what is not Hermitian, are errors", () => {
    expect(() => hermitian.log(zeroKet)).toThrow(
      /hermitian\.log: the smallest eigenvalue of A must be above 0, got 0\. Of a state without full rank/,
    );
    expect(() => hermitian.log(half(1))).toThrow(/above 0, by more than rounding makes of it/);
    expect(() => hermitian.sqrt(diagonal(1, -1))).toThrow(/hermitian\.sqrt: the smallest .* at least 0/);
    expect(hermitian.sqrt(diagonal(1, -1e-12)).re.data[3]).toBe(0);
    for (const f of [hermitian.exp, hermitian.log, hermitian.sqrt, hermitian.eigh, hermitian.entropy])
      expect(() => f(nilpotent)).toThrow(/must be Hermitian: re symmetric.* got 1\..*Take the mean/);
    expect(() => hermitian.exp({ re: matrix([[NaN, 0], [0, 1]]) })).toThrow(/finite numbers/); // prettier-ignore
    expect(() => hermitian.exp({ re: np.zeros([2, 3], exact) })).toThrow(/one shape \[D, D\]/);
    expect(() => hermitian.matrixDerivative(hermitian.logarithm, zeroKet, mixed)).toThrow(/above 0/);
    expect(() => hermitian.bkmGram(zeroKet, [pauli.x])).toThrow(/hermitian\.bkmGram: the smallest/);
    const plain = { re: [[1, 0], [0, 1]] } as unknown as hermitian.HermitianMatrix; // prettier-ignore
    expect(() => hermitian.exp(plain)).toThrow(
      /Hermitian matrix \{ re, im \} of tensors.*Write \{ re: np\.array/,
    );
  });
  test("measures are of states", () => {
    const unnormalised = diagonal(1, 1);
    for (const measure of [hermitian.fidelity, hermitian.traceDistance, hermitian.relativeEntropy]) {
      expect(() => measure(unnormalised, mixed)).toThrow(/the trace of rho must be 1, got 2\. Divide/);
      expect(() => measure(mixed, unnormalised)).toThrow(/the trace of sigma must be 1/);
    }
    expect(() => hermitian.entropy(diagonal(2, -1))).toThrow(/smallest eigenvalue of rho must be at least 0/);
    // Seven digits are those of float32.
    const single = { re: np.array([[0.1, 0.2], [0.2, 0.9]]) }; // prettier-ignore
    expect(hermitian.fidelity(single, single).item()).toBeCloseTo(1, 6);
  });
  test("inside of a trace nothing is thrown, and eigenvalues count as the nearest allowed ones", () => {
    // log 1e-300.
    const least = -690.7755278982137;
    const realPart = (f: typeof hermitian.log) => jit((re: Tensor) => f({ re }).re);
    close(realPart(hermitian.log)(zeroKet.re), [0, 0, 0, least], 9);
    close(realPart(hermitian.sqrt)(diagonal(1, -1).re), [1, 0, 0, 0]);
    expect(jit(hermitian.relativeEntropy)(zeroKet, oneKet).item()).toBeCloseTo(-least, 9);
  });
});

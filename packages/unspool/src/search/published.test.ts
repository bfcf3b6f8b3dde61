/**
 * Searches against published implementations that were given the same normals, sqrt(2) sin(0.7 k² + 1.3 k), on the same functions.
 * Numbers were recorded with Python 3.11, NumPy 2.4, SciPy 1.17, pycma 4.4 (`randn` injected, rotated into its eigenvectors so that
 * B D z is the symmetric root times the draw; its start at C = I exactly) and evosax 0.2 on JAX 0.10 in float64.
 */
import { describe, expect, test } from "vitest";
import type { Tensor } from "../array/index.ts";
import { arsRules } from "./ars.ts";
import { cmaEsRules } from "./cmaEs.ts";
import { nelderMeadRules } from "./nelderMead.ts";
import { openaiEsRules } from "./openaiEs.ts";
import { pgpeRules } from "./pgpe.ts";
import { sepCmaEsRules } from "./sepCmaEs.ts";
import { snesRules } from "./snes.ts";
import { ellipsoid, generations, listStream, rosenbrock, sphere } from "./testing.ts";
import { numbersOf } from "./vectorSearch.ts";
import { xnesRules } from "./xnes.ts";

/** To 11 digits of the largest: what is left of 16 after some twenty generations. */
function expectClose(given: Tensor | ArrayLike<number>, expected: readonly number[]): void {
  const numbers = Array.from("data" in given ? numbersOf(given) : given);
  const scale = Math.max(...expected.map(Math.abs));
  expect(numbers).toHaveLength(expected.length);
  numbers.forEach((x, i) => expect(Math.abs(x - expected[i]!)).toBeLessThan(1e-11 * scale));
}

const diagonal = (c: Tensor): number[] => {
  const size = Math.sqrt(c.size);
  return Array.from({ length: size }, (_, i) => c.data[i * size + i]!);
};

const five = [-0.2, 0.1, 0, 0.3, -0.1];

describe("cmaEs is pycma's CMAEvolutionStrategy", () => {
  test("30 generations of the sphere in 5 dimensions", () => {
    const own = generations(cmaEsRules("cmaEs", { sigma: 0.5 }), [1, -0.5, 2, 0.3, -1], sphere, 30);
    expectClose(own.mean, [0.013849454328030447, -0.047279173246295145, 0.006797070584018856, -0.03048400701387785, -0.03616074163565095]); // prettier-ignore
    expectClose([own.sigma], [0.07045365524266867]);
    expectClose(diagonal(own.covariance), [0.32259562969155703, 0.31902656460726403, 0.41978769631936763, 0.3507931127801988, 0.4179244759679424]); // prettier-ignore
    expectClose([own.covariance.data[1]!], [0.05366949366616505]);
  });

  test("40 generations of Rosenbrock's function in 5 dimensions", () => {
    const own = generations(cmaEsRules("cmaEs", { sigma: 0.3 }), [0, 0, 0, 0, 0], rosenbrock, 40);
    expectClose(own.mean, [0.6842850519979573, 0.44361649367748657, 0.1903159262041722, 0.07696195054116901, -0.004518118150221097]); // prettier-ignore
    expectClose([own.sigma], [0.05844703323207288]);
    expectClose(diagonal(own.covariance), [1.417750683693117, 1.1301184630578083, 0.32175363148267544, 0.1962161270066309, 0.3026330406415961]); // prettier-ignore
    expectClose([own.covariance.data[1]!], [1.1642192544838799]);
  });

  test("without negative weights, 14 candidates, 25 generations in 8 dimensions", () => {
    const options = { sigma: 0.2, population: 14, isActive: false };
    const start = [-0.2, 0.1, 0, 0.3, -0.1, 0.2, 0.1, 0];
    const own = generations(cmaEsRules("cmaEs", options), start, rosenbrock, 25);
    expectClose(own.mean, [-0.16773353412937064, 0.06860259380629471, 0.0013443637703553597, 0.013085496548190134, 0.02477867553278095, 0.004234661314958461, 0.0008665334013570243, -0.009479761878492551]); // prettier-ignore
    expectClose([own.sigma], [0.04432527929845512]);
    expectClose([own.covariance.data[0]!, own.covariance.data[1]!], [0.9384456406539425, -0.22647792224358088]); // prettier-ignore
  });
});

describe("sepCmaEs is pycma's with its diagonal sampler, at the rates of Ros and Hansen", () => {
  test("30 generations of the ellipsoid, its negative weights cut by the variances before the update", () => {
    const own = generations(sepCmaEsRules({ sigma: 0.5 }), [1, -0.5, 2, 0.3, -1], ellipsoid, 30);
    expectClose(own.mean, [3.716801104985597, -2.908288109054707, 0.5111556082992812, -0.0033914345480111716, 0.00222087883279282]); // prettier-ignore
    expectClose([own.sigma], [0.256610099115534]);
    expectClose(own.variances, [2.1729486167573198, 3.24693870010339, 0.27776656509742037, 0.05600474090696902, 0.002791977043113151]); // prettier-ignore
  });

  test("25 generations of Rosenbrock's function without negative weights", () => {
    const start = [-0.2, 0.1, 0, 0.3, -0.1, 0.2, 0.1, 0];
    const own = generations(sepCmaEsRules({ sigma: 0.2, population: 14, isActive: false }), start, rosenbrock, 25); // prettier-ignore
    expectClose(own.mean, [0.22807180032461574, 0.06241887875183303, 0.014328416572903272, -0.001366197419116158, 0.013860690445961618, 0.01402198406074367, -0.004502390409069566, 0.005392725354351402]); // prettier-ignore
    expectClose([own.sigma], [0.07214359914558403]);
    expectClose(own.variances, [3.3575109758988457, 0.19955592897136853, 0.1346252102208085, 0.19342135433564178, 0.1135177891612865, 0.12350596364941054, 0.2734754623339426, 0.21234125693156958]); // prettier-ignore
  });
});

test("snes is evosax's SNES", () => {
  const own = generations(snesRules({ sigma: 0.3, population: 8 }), five, rosenbrock, 20);
  expectClose(own.mean, [0.15827755571940605, 0.29232917642469314, 0.1398402401195959, -0.2207343526269293, -0.018309216845546726]); // prettier-ignore
  expectClose(own.spread, [0.3500891595046772, 0.15135263331023546, 0.1139365564661293, 0.20216412284098687, 0.13556293809072453]); // prettier-ignore
});

test("xnes is algorithm 1 of Glasmachers et al. with SciPy's matrix exponential", () => {
  const own = generations(xnesRules({ sigma: 0.3, population: 8 }), five, rosenbrock, 20);
  expectClose(own.mean, [-0.02955641219032712, 0.09446030674367269, -0.11329626400147032, 0.011896072147154909, 0.026859726004974965]); // prettier-ignore
  expectClose([own.sigma], [0.19463139480320005]);
  const b = numbersOf(own.shape);
  const variances = five.map((_, i) => five.reduce((sum, _x, j) => sum + (own.sigma * b[i * 5 + j]!) ** 2, 0)); // prettier-ignore
  expectClose(variances, [0.08826252665219227, 0.02265959833347914, 0.04404214969914432, 0.04088109762923425, 0.04406988258954993]); // prettier-ignore
});

test("pgpe is evosax's PGPE with optax.adam(0.02)", () => {
  const own = generations(pgpeRules({ sigma: 0.3, population: 12 }), five, rosenbrock, 20);
  expectClose(own.mean, [-0.08368113336123206, 0.09596026453296433, 0.07397673337619666, 0.04727476281601069, 0.12625962949073685]); // prettier-ignore
  expectClose(own.spread, [0.3007305421901175, 0.26522945381134394, 0.27316214290425916, 0.2592022019245619, 0.2752295513820277]); // prettier-ignore
});

test("openaiEs is evosax's Open_ES with optax.adam(0.01) and no weight decay", () => {
  const rules = openaiEsRules({ sigma: 0.1, population: 12, weightDecay: 0 });
  const own = generations(rules, five, rosenbrock, 20);
  expectClose(own.mean, [-0.10973750431806054, 0.03107006375220125, 0.03962071875631444, 0.10261085002918613, 0.013162965997939181]); // prettier-ignore
});

describe("ars", () => {
  test("is evosax's ARS with optax.sgd(0.02) and half of the directions", () => {
    const rules = arsRules({ sigma: 0.05, population: 12, elites: 3 });
    const own = generations(rules, five, rosenbrock, 20);
    expectClose(own.theta, [0.17504226314788346, 0.06168731688032572, 0.01944771308921485, -0.013288981030285835, 0.007630597357759204]); // prettier-ignore
  });

  /** Card 14, O3: rewards of three pairs, whose negatives are told. */
  test.each([
    [3, [0.219678054952, -0.986624246804, 0.77465419378]],
    [2, [0.52544121933, -1.064530262539, 0.348019508907]],
    [1, [-0.6, 0.8, 2.2]],
  ] as const)("steps along the %i best of three directions as in the oracle", (elites, expected) => {
    const directions = [1, -2, 0.5, 0.2, 1, -1.5, -0.3, 0.4, 1.1];
    const rewards = [1, 0.2, -0.4, 0.6, 2, 1.9];
    const rules = arsRules({ sigma: 0.1, population: 6, stepSize: 1, elites });
    const stream = listStream(directions);
    const first = rules.init({ start: new Float64Array(3), box: undefined, stream });
    const { candidates, own } = rules.ask(first, stream);
    const next = rules.tell(
      own,
      candidates,
      Float64Array.from(rewards, (reward) => -reward),
    ).own;
    numbersOf(next.theta).forEach((x, j) => expect(x).toBeCloseTo(expected[j]!, 11));
  });
});

describe("nelderMead is SciPy's from the same simplex", () => {
  /** After 40 iterations from (-1.2, 1, 0.5) and edges of 0.3. */
  test.each([
    [
      false,
      70,
      [-0.49038121918147126, 0.24843375393653133, 0.08084472662620207],
      [2.8290022619449005, 2.879732927207735, 2.893131211168516, 2.9483390152367503],
    ],
    [
      true,
      73,
      [-0.6417277656222007, 0.4179095743565435, 0.16981637501078406],
      [3.040149140972718, 3.1153690299584924, 3.1156242067837714, 3.1340238877701054],
    ],
  ] as const)("adaptive: %s", (isAdaptive, evaluations, best, losses) => {
    // prettier-ignore
    const rules = nelderMeadRules({ sigma: 0.3, isAdaptive });
    let counted = 0;
    const counting = (x: Float64Array): number => (counted++, rosenbrock(x));
    let steps = 1;
    while (counted < evaluations) {
      counted = 0;
      generations(rules, [-1.2, 1, 0.5], counting, steps++);
    }
    const own = generations(rules, [-1.2, 1, 0.5], rosenbrock, steps - 1);
    expect(counted).toBe(evaluations);
    expectClose(own.losses, losses);
    expectClose(numbersOf(own.vertices).subarray(0, 3), best);
  });
});

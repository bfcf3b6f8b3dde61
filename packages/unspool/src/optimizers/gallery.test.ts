/**
 * Rules of public galleries on twelve given gradients of a matrix and a vector. Expected numbers: the published equations,
 * or the order of operations of the authors' code, in NumPy 1.24 (float64), written from the papers without this library.
 */
import { describe, expect, test } from "vitest";
import { type Tensor, np } from "../array/index.ts";
import { createOptimizer } from "./registry.ts";
import { expectClose, f64, numbers, trajectory } from "./testing.ts";

interface Theta {
  w: Tensor;
  b: Tensor;
}

const start: Theta = {
  w: np.array([1, -2, 3, 0.5, 0.25, -1], { dtype: "float64", shape: [2, 3] }),
  b: f64([0.5, -1.5, 2]),
};
const steps = 12;

/** w: sin(0.9 t + 0.7 i) / 2 + 0.1 at element i; b: 0.3 cos(0.4 t + j) - 0.05 j. t from 0. */
function gradient(_theta: unknown, t: number): Theta {
  const at = (n: number, fn: (i: number) => number) => Array.from({ length: n }, (_, i) => fn(i));
  return {
    w: f64(at(6, (i) => Math.sin(0.9 * t + 0.7 * i) * 0.5 + 0.1)).reshape([2, 3]),
    b: f64(at(3, (j) => Math.cos(0.4 * t + j) * 0.3 - 0.05 * j)),
  };
}

const rate = { learningRate: 0.1 };
const free = {
  learningRate: { schedule: "warmup", of: 0.1, steps: 4 },
  weightDecay: 0.01,
};

/** Decompositions take long: of rules that make them fewer steps. */
type Row = [name: string, options: Record<string, unknown>, w: number[], b: number[], steps?: number];

// prettier-ignore
const rows: Row[] = [
  ["ademamix", { ...rate, weightDecay: 0.01 },
    [0.308534640085, -2.622008854215, 2.431479691821, 0.124779714515, 0.110764268112, -0.770271668416],
    [0.140393676798, -0.955970701791, 2.961690367675]],
  ["ademamix", { ...rate, weightDecay: 0.01, beta3: 0.99, warmupSteps: 8 },
    [-0.058876394975, -3.049470385515, 2.048148939855, -0.130262651083, 0.052173387175, -0.664659951157],
    [-0.216602224334, -0.714941556681, 3.539297377729]],
  ["adamod", { ...rate, beta3: 0.8 },
    [0.446479832671, -2.374254746721, 2.711054343048, 0.300367076476, 0.162917573724, -0.906024837776],
    [0.422560221997, -0.864921004283, 2.655235093296]],
  // The projection, which is made 1, 11, 12 and 11 times of 12.
  ["adamp", { ...rate, weightDecay: 0.05 },
    [0.294662718997, -2.544431125253, 2.352299499749, 0.117875190253, 0.104802531047, -0.747610735009],
    [0.135015014225, -0.892747777721, 2.840859902857]],
  ["adamp", { ...rate, weightDecay: 0.05, threshold: 0.9 },
    [0.386388777235, -2.681253601261, 2.53757180585, 0.163738576769, 0.114159633117, -0.801061260295],
    [0.135015014225, -0.892747777721, 2.840859902857]],
  ["adamp", { ...rate, weightDecay: 0.05, threshold: 1.3 },
    [0.555036834112, -2.569244152096, 2.749545929143, 0.232115775544, 0.111673914361, -0.866873754134],
    [0.135015014225, -0.892747777721, 2.840859902857]],
  ["adamp", { ...rate, weightDecay: 0.05, threshold: 0.9, isNesterov: true },
    [0.177564403151, -2.78807794579, 2.401581696334, 0.097901910388, 0.077734653318, -0.679501086898],
    [0.099981851939, -0.825379829292, 3.001580872918]],
  ["sgdp", { ...rate, weightDecay: 0.05, threshold: 0.9, dampening: 0.2 },
    [0.177694820621, -2.62711318897, 2.122325624397, 0.086795587659, 0.066402050644, -0.979359378046],
    [0.277538110727, -0.239535146923, 1.857724465954]],
  ["sgdp", { ...rate, weightDecay: 0.05, threshold: 0.9, isNesterov: true },
    [-0.110595656279, -2.803832082418, 1.881507764356, -0.003320174278, 0.011728638805, -1.01040240976],
    [0.35220052011, -0.048384069447, 2.052796341231]],
  ["fromage", rate,
    [0.093577336175, -2.430803666904, 2.597912360393, 0.428233518147, 0.157888226754, -1.258387562059],
    [1.319003180231, -0.324016446359, 2.653992810462]],
  ["nadamw", { ...rate, weightDecay: 0.05 },
    [0.124434767405, -2.751397346756, 2.34774464934, 0.066836905011, 0.077759379732, -0.663301930576],
    [0.10126910259, -0.890583414691, 3.130877482645]],
  ["nadamw", { ...rate, coupledDecay: 0.02, eps: 1e-3, isNesterov: false },
    [0.334880799817, -2.534015759336, 2.380252812023, 0.128613310013, 0.110805658502, -0.775257993105],
    [0.161446307555, -0.865163951841, 2.868613649749]],
  ["qhm", { ...rate, momentum: 0.99 },
    [0.928257735438, -2.062135627637, 2.957286925101, 0.477390663614, 0.23872048555, -1.014052201382],
    [0.515780518314, -1.443929534128, 2.06377878053]],
  ["qhadam", { ...rate, nu2: 0.9 },
    [0.327719046648, -2.608996821471, 2.520798288589, 0.18640609369, 0.144153901189, -0.809080006582],
    [0.229794125385, -0.971618696729, 2.906385300089]],
  ["madgrad", rate,
    [0.705479566317, -2.269228918036, 2.792702286628, 0.365847582861, 0.172161886776, -1.066435752087],
    [0.590886932944, -1.065162679308, 2.441041265577]],
  ["optimisticSgd", { ...rate, optimism: 0.7 },
    [0.809679079339, -2.117717657242, 2.953812184715, 0.490627002854, 0.225412212956, -1.084676431552],
    [0.587479989476, -1.340158025836, 2.140409708251]],
  ["optimisticAdam", rate,
    [0.373344717823, -2.576672738054, 2.55256182166, 0.225758968491, 0.208050377917, -0.897421740666],
    [0.291966495682, -0.81913270285, 2.915045388579]],
  ["scheduleFreeSgd", free,
    [0.89547393156, -2.057770953068, 2.94015314019, 0.475178889466, 0.225432295985, -1.037446768841],
    [0.521675837062, -1.366316967822, 2.125858711504]],
  ["scheduleFreeSgd", { ...free, timePower: 1, ratePower: 0.5 },
    [0.88534700012, -2.066033643389, 2.927765287082, 0.465655633439, 0.217217472271, -1.043697379179],
    [0.537859865204, -1.348227647193, 2.129621781299]],
  ["scheduleFreeAdamw", free,
    [0.736467403503, -2.135731576081, 2.904621739602, 0.456928292553, 0.20710114896, -1.081982677628],
    [0.656519736767, -0.833783993804, 2.411076864594]],
  ["prodigy", { weightDecay: 0.01 },
    [0.999927210976, -2.000050696945, 2.999971103299, 0.499979925315, 0.249977101372, -1.000030344243],
    [0.500014810403, -1.499861407006, 2.000140298862]],
  ["prodigy", { weightDecay: 0.01, initialDistance: 0.05 },
    [-2.609864102004, -4.515440912309, 1.56315114704, -0.500693087456, -0.892532011971, -2.514462561539],
    [1.263454846082, 5.387643657406, 8.956072200922]],
  ["prodigy", { learningRate: { schedule: "warmup", of: 1, steps: 4 }, weightDecay: 0.01, initialDistance: 1e-3, distanceScale: 2, isBiasCorrected: true, isSafeguarded: true },
    [0.994571629328, -2.00495591325, 2.996045636975, 0.497553849414, 0.249364294895, -0.999188082477],
    [0.497911326678, -1.493663121715, 2.008354708719]],
  // d rises to 0.1104 and 0.2537.
  ["dAdaptAdam", { weightDecay: 0.01 },
    [0.827797999228, -1.99385162177, 3.125927843454, 0.673217754386, 0.339255206104, -1.085979223093],
    [0.758434384611, -1.514871741621, 1.816968222694]],
  ["dAdaptAdam", { weightDecay: 0.01, isBiasCorrected: true, initialDistance: 0.01 },
    [0.622835984701, -2.289261090126, 2.791664876984, 0.371918526007, 0.151145205126, -1.116789992811],
    [0.933520306661, -0.735929606028, 2.418014187617]],
  // It switches at the second step.
  ["swats", { ...rate, tolerance: 0.05 },
    [0.635478145, -2.293486923349, 2.77650287766, 0.310677288524, 0.093435012054, -0.929193364724],
    [0.394119196205, -1.388983636906, 2.464427771301]],
  ["muon", { adamLearningRate: 0.01, weightDecay: 0.01 },
    [0.885984885681, -2.094624761858, 2.899079718028, 0.367247091142, 0.247503716871, -0.981661545633],
    [0.463054027027, -1.447386978819, 2.097004786855]],
  ["muon", { adamLearningRate: 0.01, weightDecay: 0.01, scale: "rms", isNesterov: false },
    [0.964693464127, -2.023937436409, 2.962091026258, 0.462922419528, 0.245733346261, -0.98933277965],
    [0.463054027027, -1.447386978819, 2.097004786855]],
  ["adabound", { ...rate, beta2: 0.9, isBiasCorrected: true },
    [0.70915694924, -2.338466684477, 2.703179406912, 0.314508415888, 0.193160569966, -0.971371249161],
    [0.392765134437, -1.324690019324, 2.365013638042]],
  // The learning rate is 0.1 t: torch has it outside of the velocity.
  ["lars", { learningRate: { schedule: "linearSchedule", from: 0.1, to: 1.2, steps: 11 }, weightDecay: 0.01, trust: 0.02, variant: "torch" },
    [0.337659097523, -2.420979063919, 2.580977561882, 0.331542594042, 0.14403296919, -1.135715585168],
    [0.763439531092, -0.611068086263, 2.72276927131]],
  ["shampoo", { ...rate, momentum: 0.3, eps: 1, variant: "torch" },
    [0.940662598368, -2.061238696502, 2.953367806321, 0.473767118842, 0.261831477897, -0.97343452199],
    [0.439895274452, -1.466056895793, 2.11208539638], 5],
  ["soap", { ...rate, every: 2, beta2: 0.9, shampooBeta: 0.8 },
    [0.572507901846, -2.24777951573, 2.956125692857, 0.293106097232, 0.694494021776, -1.011246556121],
    [0.0715500969, -1.281447950633, 2.486739239719], 6],
];

test.each(rows)("%s %j", (name, options, w, b, count = steps) => {
  const { theta } = trajectory(createOptimizer(name, options), start, gradient, count).at(-1)!;
  expectClose(theta.w, w, 1e-11);
  expectClose(theta.b, b, 1e-11);
});

// prettier-ignore
const averages: Row[] = [
  ["scheduleFreeSgd", free,
    [0.902679909167, -2.055354195719, 2.941878582336, 0.474784763959, 0.22630290052, -1.034020594516],
    [0.513356501517, -1.371733098618, 2.128113491062]],
  ["scheduleFreeAdamw", free,
    [0.754400075089, -2.128612256712, 2.906371172376, 0.454905028599, 0.209420014079, -1.071240175236],
    [0.617905173532, -0.855147853284, 2.419317020205]],
];

describe("schedule-free rules", () => {
  test.each(averages)("%s evaluates the mean of its iterates", (name, options, w, b) => {
    const optimizer = createOptimizer(name, options);
    const { theta, state } = trajectory(optimizer, start, gradient, steps).at(-1)!;
    const evaluated = optimizer.evaluationTheta!(state, theta);
    expectClose(evaluated.w, w, 1e-11);
    expectClose(evaluated.b, b, 1e-11);
  });

  test("with beta1 = 0 theta is that of SGD, and the mean is that of all iterates", () => {
    const sgd = trajectory(createOptimizer("sgd", rate), start, gradient, steps).map(({ theta }) => theta);
    const optimizer = createOptimizer("scheduleFreeSgd", { ...rate, beta1: 0 });
    const { theta, state } = trajectory(optimizer, start, gradient, steps).at(-1)!;
    expectClose(theta.w, numbers(sgd.at(-1)!.w), 1e-14);
    const mean = sgd.slice(1).reduce((sum, { w }) => sum.add(w), np.zerosLike(start.w));
    expectClose(optimizer.evaluationTheta!(state, theta).w, numbers(mean.div(steps)), 1e-14);
  });

  test("moved by a wrapper, iterates and mean begin there anew", () => {
    const optimizer = createOptimizer("scheduleFreeSgd", rate);
    const { theta, state } = trajectory(optimizer, start, gradient, 3).at(-1)!;
    const moved = { w: theta.w.add(1), b: theta.b.mul(2) };
    const next = optimizer.moveTo!(state, moved);
    expectClose(optimizer.evaluationTheta!(next, moved).w, numbers(moved.w), 0);
  });
});

test("quasi-hyperbolic rules with nu = 1 are momentum's mean and Adam", () => {
  const end = (name: string, options: object) =>
    trajectory(createOptimizer(name, { ...options }), start, gradient, steps).at(-1)!.theta;
  // PyTorch's momentum with dampening: the velocity is 1 / (1 - momentum) times the mean.
  expectClose(
    end("qhm", { ...rate, momentum: 0.9, nu: 1 }).w,
    numbers(end("momentum", { learningRate: 0.01, momentum: 0.9 }).w),
    1e-13,
  );
  expectClose(end("qhadam", { ...rate, beta1: 0.9, nu1: 1, nu2: 1 }).w, numbers(end("adam", rate).w), 1e-13);
});

test("optimistic rules find the saddle of x y, which gradient descent and Adam leave", () => {
  // From (1, 1) gradient descent grows by √(1 + 0.1²) a step.
  const distance = (name: string, options: object, count: number) => {
    const game = ({ x, y }: { x: Tensor; y: Tensor }) => ({ x: y, y: x.neg() });
    const begin = { x: f64(1), y: f64(1) };
    const { theta } = trajectory(createOptimizer(name, { ...options }), begin, game, count).at(-1)!;
    return Math.hypot(theta.x.item(), theta.y.item());
  };
  expect(distance("sgd", rate, 100)).toBeCloseTo(Math.SQRT2 * 1.01 ** 50, 9);
  expect(distance("optimisticSgd", rate, 400)).toBeLessThan(0.25);
});

test("swats ends as gradient descent with Adam's step: a constant gradient is known at the second step", () => {
  // γ = rate² n / (rate Σ |g|) at every step: Λ = 0.1 · 2 / 3, and m from 0 is (1 - 0.9^k) g.
  const g = f64([1, -2]);
  const points = trajectory(createOptimizer("swats", { ...rate, eps: 1e-300 }), f64([0, 0]), () => g, 5);
  const rates = points.map(({ state }) => (state as { switchedRate: Tensor }).switchedRate.item());
  expect(rates.map((x) => x > 0)).toEqual([false, false, true, true, true, true]);
  expectClose([rates.at(-1)!], [0.2 / 3], 1e-13);
  const moved = (0.2 / 3) * (0.1 + 0.19 + 0.271);
  expectClose(points.at(-1)!.theta, [-0.2 - moved, 0.2 + 2 * moved], 1e-12);
});

test("prodigy finds the distance to the solution from far too small a guess, and not more", () => {
  // Σ |x - 3|: the solution is 3 away in each coordinate, and d is at most that. The equations in NumPy: 1.120968722693.
  const slope = (x: Tensor): Tensor => np.sign(x.sub(3)) as Tensor;
  const { theta, state } = trajectory(createOptimizer("prodigy"), f64([0, 0]), slope, 60).at(-1)!;
  expectClose((state as { distance: Tensor }).distance, [1.120968722693], 1e-11);
  expectClose(theta, [2.55758336, 2.55758336], 1e-8);
});

/** Flow annealed importance sampling bootstrap with both buffers, and without, through the conformance suite of methods. */
import { describe, test } from "vitest";
import { type FabOptions, adam, ais, fab, gmm9, hmc, metropolis, random, realNvp } from "unspool";
import { methodConformance } from "unspool/conformance";

const small: FabOptions = {
  flow: realNvp({ dim: 2, layers: 1, hidden: [4] }),
  logDensity: gmm9().logDensity,
  sampler: ais({ levels: 1, transition: metropolis({ stepSize: 2 }) }),
  batch: 8,
  optimizer: adam({ learningRate: 1e-2 }),
};
const buffer = { least: 16, most: 40, updates: 2 };
const methods: Record<string, FabOptions> = {
  "fab with a buffer that is adjusted after updates": { ...small, buffer: { ...buffer, adjustsAfter: true } },
  "fab with a buffer by age, hmc, adaptive clipping": {
    ...small,
    sampler: ais({ levels: 1, transition: hmc({ leapfrogSteps: 1 }) }),
    buffer: { ...buffer, draw: "age", temperature: 1, truncatedShare: 0.2 },
    gradientClip: "adaptive",
  },
  "fab without a buffer, linear maps": {
    ...small,
    flow: realNvp({ dim: 2, layers: 1, hidden: [4], linear: "lu" }),
    buffer: null,
  },
  rkl: { ...small, loss: "rkl" },
};

describe.each(Object.entries(methods))("%s", (name, options) => {
  const checks = methodConformance({
    name,
    create: () => fab(options),
    theta: () => options.flow.init(random.key(1)),
    steps: 4,
  });
  test.each(checks.map((check) => [check.name, check.run] as const))("%s", (_, run) => run());
});

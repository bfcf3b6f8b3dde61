/** Methods that fit quantum states, through the conformance suite. */
import { describe, test } from "vitest";
import {
  type Method,
  adam,
  descent,
  qhbm,
  qmhl,
  qngd,
  qpmd,
  quantumDescent,
  random,
  stateSequence,
  tfim,
  vqt,
} from "unspool";
import { methodConformance } from "unspool/conformance";

describe("methods that fit quantum states", () => {
  const model = qhbm({ qubits: 2, layers: 1 });
  const hamiltonian = tfim({ qubits: 2 });
  const exact = vqt({ model, hamiltonian, measureEvery: 2 });
  const sampled = vqt({ model, hamiltonian, mode: "sampled", shots: 20 });
  const mirror = qpmd({ innerSteps: 3 });
  const create = {
    "quantumDescent of qngd": () => quantumDescent(exact, qngd({ optimizer: adam() })),
    "quantumDescent of qngd, sampled": () => quantumDescent(sampled, qngd()),
    "quantumDescent of qpmd": () => quantumDescent(exact, mirror),
    "quantumDescent of adam": () => quantumDescent(exact, adam()),
    "quantumDescent, eight steps at once": () =>
      quantumDescent(vqt({ model, hamiltonian, measureEvery: 9 }), qngd()),
    "descent of vqt": () => descent(exact, adam()),
    "stateSequence, warm": () =>
      stateSequence({
        ...{ model, rule: mirror, initSteps: 2, steps: 1 },
        targets: [exact, (previous) => qmhl({ model, sigma: previous }), exact],
      }),
    "stateSequence, cold": () =>
      stateSequence({ model, targets: [exact, sampled], rule: adam(), initSteps: 2, isWarmStart: false }),
  };
  const checks = Object.entries(create).flatMap(([name, make]) =>
    methodConformance({
      name,
      create: make as () => Method,
      theta: () => model.init(random.key(0)),
      steps: name.includes("eight") ? 12 : 4,
    }).map((check) => [`${name}: ${check.name}`, check.run] as const),
  );
  test.each(checks)("%s", (_, run) => run());
});

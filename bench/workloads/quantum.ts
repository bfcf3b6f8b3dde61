/** W13: natural gradient steps of a thermal state of four qubits: three layers, 43 parameters, damped by the eigenvalue rule. */
import { type Setup, qhbm, qngd, quantumDescent, random, tfim, vqt } from "unspool";
import type { Workload } from "./table.ts";

export function quantum({ restartEvery }: Workload): Setup {
  const model = qhbm({ qubits: 4, layers: 3 });
  const task = vqt({ model, hamiltonian: tfim({ qubits: 4 }), beta: 1, measureEvery: 0 });
  return {
    theta: model.init(random.key(1)),
    method: quantumDescent(task, qngd()),
    steps: restartEvery,
  } as Setup;
}

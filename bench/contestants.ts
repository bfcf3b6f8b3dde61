/** Who takes part: child processes that speak the protocol. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Workload } from "./workloads/table.ts";

export interface Contestant {
  side: "unspool" | "jax-js" | "tfjs" | "torch";
  threads: number;
  start(workload: Workload): ChildProcess;
}

export interface Torch {
  python: string;
  version: string;
  /** `OPENBLAS_CORETYPE` that was fastest; empty for the library's own choice. */
  kernels: string;
  /** One thread on a product of 512 x 512 matrices. */
  gflops: number;
}

const folder = dirname(fileURLToPath(import.meta.url));
const jiti = join(dirname(createRequire(import.meta.url).resolve("jiti/package.json")), "lib/jiti-cli.mjs");

/** Everybody there is, Unspool first. */
export function contestants(torch: Torch | undefined): Contestant[] {
  const threads = availableParallelism() > 1 ? [1, 2] : [1];
  return [
    ...threads.map((count) => inNode("unspool", count)),
    inNode("jax-js", 1),
    inNode("tfjs", 1),
    ...(torch === undefined ? [] : threads.map((count) => inPython(torch, count))),
  ];
}

function inNode(side: Contestant["side"], threads: number): Contestant {
  return {
    side,
    threads,
    start: (workload) => startNode(["contestant.ts", side, workload.name, String(threads)]),
  };
}

/** Starts a TypeScript file of this folder. */
export function startNode([file, ...args]: [string, ...string[]]): ChildProcess {
  return spawn(process.execPath, [jiti, join(folder, file), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}

function inPython(torch: Torch, threads: number): Contestant {
  return {
    side: "torch",
    threads,
    start(workload) {
      const script = join(folder, "rivals/torch/contestant.py");
      return spawn(torch.python, [script, JSON.stringify(workload), String(threads)], {
        stdio: ["pipe", "pipe", "inherit"],
        env: torchEnvironment(torch.kernels, threads),
      });
    },
  };
}

/** `set_num_threads` does not reach OpenBLAS, and OpenMP threads that spin collapse on a busy machine. */
function torchEnvironment(kernels: string, threads: number): NodeJS.ProcessEnv {
  return {
    ...process.env,
    OMP_NUM_THREADS: String(threads),
    OPENBLAS_NUM_THREADS: String(threads),
    MKL_NUM_THREADS: String(threads),
    OMP_WAIT_POLICY: "passive",
    PYTHONDONTWRITEBYTECODE: "1",
    ...(kernels !== "" && { OPENBLAS_CORETYPE: kernels }),
  };
}

const probe = `
import torch, time
a, best = torch.randn(512, 512), 9.0
for _ in range(30):
    start = time.process_time()
    a @ a
    best = min(best, time.process_time() - start)
print(torch.__version__, 2 * 512**3 / best / 1e9)
`;

/**
 * The Python with torch, if any; `PYTHON` names one. OpenBLAS takes slow kernels on processors that it does not know,
 * so others are tried: a rival is measured at its best.
 */
export function findTorch(): Torch | undefined {
  const named = process.env["PYTHON"];
  for (const python of [...(named === undefined ? [] : [named]), "python3", "/usr/bin/python3"]) {
    const own = probeTorch(python, "");
    if (own === undefined) continue;
    const others = ["Haswell", "SkylakeX"].map((kernels) => probeTorch(python, kernels));
    // A change of kernels must be worth it: 15 % are noise.
    return others.reduce<Torch>(
      (best, torch) => (torch !== undefined && torch.gflops > 1.15 * best.gflops ? torch : best),
      own,
    );
  }
  return undefined;
}

function probeTorch(python: string, kernels: string): Torch | undefined {
  const { status, stdout } = spawnSync(python, ["-c", probe], {
    encoding: "utf8",
    env: torchEnvironment(kernels, 1),
    timeout: 60_000,
  });
  if (status !== 0) return undefined;
  const [version, gflops] = stdout.trim().split(" ");
  return { python, version: version!, kernels, gflops: Number(gflops) };
}

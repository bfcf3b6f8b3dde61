/**
 * What a worker runs, as text: one source for Node and pages that no bundler has to find. A worker blocks inside
 * `serve`; when messages have been posted that it has not seen it returns to its event loop, which hands them over one
 * by one, and serves again after the last.
 */
import { barrierWord } from "./barrier.ts";
import { errorLimit, spinMs, spinPasses, threadWord, threadWords, word } from "./control.ts";

export const workerSource: string = `"use strict";
const port = typeof require === "function" ? require("node:worker_threads").parentPort : self;
const programs = new Map();
let control, thread, own;
let received = 0, jobs = 0;

port.onmessage = ({ data }) => {
  received++;
  if (data.control !== undefined) start(data.control);
  else if (data.module === undefined) forget(data.id);
  else programs.set(data.id, instantiate(data));
  serve();
};

function start(shared) {
  control = shared;
  thread = Atomics.add(control, ${word.started}, 1) + 1;
  own = ${word.thread} + ${threadWords} * thread;
  Atomics.notify(control, ${word.started});
}

// An error is kept until a job needs the program.
function instantiate({ module, memory, barrier }) {
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  try {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    return { functions: names.map((name) => exports[name]), memory, barrier };
  } catch (error) {
    return { error, memory };
  }
}

// A worker that sleeps collects no garbage, and the program's memory would stay: see collectGarbage in host.ts.
function forget(id) {
  programs.delete(id);
  const held = [];
  try {
    while (held.length < 4) held.push(new ArrayBuffer(2 ** 29));
  } catch {}
}

function serve() {
  for (;;) {
    const wake = Atomics.load(control, own + ${threadWord.wake});
    if (received < Atomics.load(control, ${word.posted})) return;
    if (jobs !== Atomics.load(control, own + ${threadWord.jobs})) {
      jobs = (jobs + 1) | 0;
      work();
    } else rest(wake);
  }
}

// Until the word is no longer what it was: spins first, then sleeps.
function rest(wake) {
  const end = performance.now() + ${spinMs};
  do {
    for (let i = 0; i < ${spinPasses}; i++) if (Atomics.load(control, own + ${threadWord.wake}) !== wake) return;
  } while (performance.now() < end);
  Atomics.store(control, own + ${threadWord.sleeps}, 1);
  Atomics.wait(control, own + ${threadWord.wake}, wake);
  Atomics.store(control, own + ${threadWord.sleeps}, 0);
}

function work() {
  const program = programs.get(control[${word.program}]);
  const first = ${word.arguments};
  try {
    if (program.error !== undefined) throw program.error;
    const values = control.subarray(first, first + control[${word.argumentCount}]);
    program.functions[control[${word.function}]](thread, control[${word.threads}], ...values);
  } catch (error) {
    fail(error, program);
  }
  if (Atomics.sub(control, ${word.pending}, 1) === 1 && Atomics.load(control, ${word.callerSleeps}) === 1) {
    Atomics.notify(control, ${word.pending});
  }
}

function fail(error, program) {
  if (Atomics.compareExchange(control, ${word.failed}, 0, thread + 1) === 0) {
    const text = String(error).slice(0, ${errorLimit});
    control[${word.errorLength}] = text.length;
    for (let i = 0; i < text.length; i++) control[${word.errorText} + i] = text.charCodeAt(i);
  }
  // The others would wait at the barrier for ever.
  if (program === undefined || program.barrier === undefined) return;
  const words = new Int32Array(program.memory.buffer, program.barrier);
  Atomics.store(words, ${barrierWord.broken}, 1);
  Atomics.add(words, ${barrierWord.generation}, 1);
  Atomics.notify(words, ${barrierWord.generation});
}
`;
